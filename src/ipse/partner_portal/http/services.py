"""Services: the list, one service's form, stopping and removing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from ipse.attributes.model import ATTRIBUTES
from ipse.partner_portal.errors import FormRefused, NotReady
from ipse.partner_portal.http.desk import Desk, Refused, Visit, by_secret
from ipse.partner_portal.rules import forms, trials
from ipse.partners.model import Service, ServiceType
from ipse.web.forms import read_own_form

_MOST_FIELDS: Final = 160
_SECTION: Final = "/partners/services"
GROUPS: Final = (
    ("person", ("name", "given_name", "family_name", "birthdate", "birthdate_as_string", "age_gte_16", "age_gte_18",
                "age_gte_21", "age_gte_30", "gender", "official_gender", "locale", "picture", "physical_person_photo",
                "claim_citizenship", "claim_citizenship_as_iso", "place_of_birth")),
    ("contact", ("email", "email_verified", "phone_number", "phone_number_verified", "address")),
)  # fmt: skip
"""Attributes as they stand together; every other one is shown under `document` or `circumstance`."""


@dataclass(frozen=True, slots=True)
class ServicePages:
    """`/partners/services`."""

    desk: Desk

    async def all(self, request: Request) -> Response:
        """Every service of the organisation."""
        visit = await self.desk.visit(request)
        return self.desk.render(request, "services", visit, section=_SECTION, done=request.query_params.get("done", ""))

    async def new(self, request: Request) -> Response:
        """The form of a service that does not exist yet."""
        visit = await self.desk.manager(request)
        if visit.standing.partner is None:
            return self.desk.to(request, "/keys", done="first")
        return self._form(request, visit, None, {})

    async def create(self, request: Request) -> Response:
        """Register a service."""
        visit = await self.desk.manager(request)
        return await self._save(request, visit, None)

    async def one(self, request: Request) -> Response:
        """A service as it stands, to be changed."""
        visit = await self.desk.visit(request)
        service = self.desk.portal.editing.found(visit.standing, request.path_params["code"])
        return self._form(request, visit, service, _fields(service), done=request.query_params.get("done", ""))

    async def change(self, request: Request) -> Response:
        """Save it, stop it, start it or remove it."""
        visit = await self.desk.manager(request)
        service = self.desk.portal.editing.found(visit.standing, request.path_params["code"])
        return await self._save(request, visit, service)

    async def _save(self, request: Request, visit: Visit, old: Service | None) -> Response:
        fields = await read_own_form(request, most_fields=_MOST_FIELDS)
        editing, actor = self.desk.portal.editing, visit.member.actor
        do = fields.get("do", "save")
        try:
            if old is not None and do in {"stop", "start"}:
                await editing.set_state(old, "stopped" if do == "stop" else "active", actor=actor)
                return self.desk.to(request, f"/services/{old.code}", done=do)
            if old is not None and do == "remove":
                return await self._remove(request, visit, old, fields)
            service = editing.read(visit.standing, fields, old)
            if visit.standing.waits:
                await self.desk.portal.applications.ask_service(service, visit.member)
                return self.desk.to(request, f"/services/{old.code}" if old else "/production", done="asked")
            await editing.save(visit.standing, service, actor=actor, old=old)
        except NotReady:
            return self.desk.to(request, "/keys", done="first")
        except Refused as error:
            return self._form(request, visit, old, fields, problem=self.desk.problem(request, error))
        return self.desk.to(request, f"/services/{service.code}", done="created" if old is None else "saved")

    async def _remove(self, request: Request, visit: Visit, service: Service, fields: Mapping[str, str]) -> Response:
        if fields.get("sure") != service.code:
            raise FormRefused("sure", "sure", code=service.code)
        await self.desk.portal.editing.remove(service, actor=visit.member.actor)
        return self.desk.to(request, "/services", done="removed")

    def _form(
        self,
        request: Request,
        visit: Visit,
        service: Service | None,
        typed: Mapping[str, str],
        *,
        problem: Mapping[str, str] | None = None,
        done: str = "",
    ) -> Response:
        standing = visit.standing
        return self.desk.render(
            request,
            "service",
            visit,
            section=_SECTION,
            status=422 if problem else 200,
            problem=problem,
            typed=typed,
            service=service,
            types=[kind.value for kind in ServiceType],
            groups=groups(),
            asked=sorted(name for name in ATTRIBUTES if typed.get(forms.ASKING + name) in forms.DEMANDS),
            fallbacks=self.desk.portal.editing.fallbacks,
            by_secret=by_secret(standing),
            broker=standing.partner is not None and standing.partner.broker,
            simple=service is None or service.type not in trials.NEEDS_MORE,
            tries=bool(self.desk.portal.trying.phones),
            done=done,
        )


def groups() -> list[tuple[str, list[Any]]]:
    """All attributes, those that belong together in one group."""
    named = {name for _, members in GROUPS for name in members}
    rest = [one for one in ATTRIBUTES.values() if one.name not in named]
    found = [(group, [ATTRIBUTES[name] for name in members if name in ATTRIBUTES]) for group, members in GROUPS]
    found.append(("document", [one for one in rest if not one.circumstance]))
    found.append(("circumstance", [one for one in rest if one.circumstance]))
    return found


def _fields(service: Service) -> dict[str, str]:
    """A service as its form would hold it."""
    fields = {f"name_{language}": text for language, text in service.name.items()}
    fields |= {f"purpose_{language}": text for language, text in service.purpose.items()}
    fields |= {forms.ASKING + name: demand for name, demand in service.contract.items()}
    fields |= {forms.FALLBACK + method: "yes" for method in service.fallbacks}
    switches = ("pkce_required", "message_signing", "essential", "pause_during_calls", "signs")
    fields |= {name: "yes" for name in switches if getattr(service, name)}
    return {
        **fields,
        "type": service.type,
        "redirect_uris": "\n".join(service.redirect_uris),
        "request_uris": "\n".join(service.request_uris),
        "callback_urls": "\n".join(service.callback_urls),
        "profile": service.profile,
        "backchannel_mode": service.backchannel_mode,
        "notification_endpoint": service.notification_endpoint,
        "final_partner": service.final_partner,
        "batch": str(service.batch),
    }
