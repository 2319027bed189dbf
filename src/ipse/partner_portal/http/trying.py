"""Trying a login in the page, simulated phones for one's own program, and the program itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ipse.kernel.errors import PlatformError
from ipse.partner_portal.errors import FormRefused, NotReady, PhoneFailed
from ipse.partner_portal.http.desk import Desk, Visit, by_secret
from ipse.partner_portal.model import Trial, TrialStep
from ipse.partner_portal.service.snippets import LANGUAGES, Snippet, of_service
from ipse.partners.model import Refusal, Service
from ipse.web.forms import read_own_form
from ipse.web.pages import language_of

_SECTION: Final = "/partners/services"


@dataclass(frozen=True, slots=True)
class TryPages:
    """`/partners/services/{code}/try`, `…/code` and `/partners/phone`."""

    desk: Desk

    async def page(self, request: Request) -> Response:
        """The button that tries a login."""
        visit, service = await self._service(request)
        return self.desk.render(
            request,
            "try",
            visit,
            section=_SECTION,
            service=service,
            phones=self._phones(),
            by_secret=by_secret(visit.standing),
            reason=self._reason(service),
        )

    async def run(self, request: Request) -> Response:
        """Try it; answers with JSON for the page's script."""
        visit, service = await self._service(request)
        fields = await read_own_form(request)
        credentials = self.desk.portal.credentials
        await credentials.before_trial(visit.standing)
        try:
            trial = await self.desk.portal.trying.run(
                visit.standing,
                service,
                person=fields.get("person", ""),
                assertion=fields.get("assertion", ""),
                refuse=fields.get("decision") == "refuse",
            )
        except NotReady as error:
            return _json({"problem": self._text(request, f"try.not_ready.{error.what}")}, 409)
        finally:
            credentials.after_trial(visit.standing)
        return _json(await self._told(request, visit, service, trial))

    async def phone(self, request: Request) -> Response:
        """A simulated phone for requests of one's own program."""
        visit = await self.desk.visit(request)
        return self.desk.render(
            request, "phone", visit, section="/partners/phone", phones=self._phones(), approved=None, refused=[]
        )

    async def approve(self, request: Request) -> Response:
        """Approve the request behind an address."""
        visit = await self.desk.visit(request)
        fields = await read_own_form(request)
        problem: dict[str, str] | None = None
        approved = None
        try:
            approved = await self.desk.portal.trying.approve(
                visit.standing, fields.get("address", ""), person=fields.get("person", "")
            )
        except (FormRefused, PhoneFailed) as error:
            problem = {**self.desk.problem(request, error), "field": "address"}
        refused = await self._refused(visit) if approved is not None and not approved.steps[-1].good else []
        return self.desk.render(
            request,
            "phone",
            visit,
            section="/partners/phone",
            status=422 if problem else 200,
            phones=self._phones(),
            typed=fields,
            problem=problem,
            approved=approved,
            refused=refused,
        )

    async def code(self, request: Request) -> Response:
        """The program that does what the page has just done."""
        visit, service = await self._service(request)
        wanted = request.query_params.get("program", "")
        found = self._snippets(visit, service)
        chosen = next((snippet for snippet in found if snippet.name == wanted), found[0] if found else None)
        return self.desk.render(
            request,
            "code",
            visit,
            section=_SECTION,
            service=service,
            snippets=found,
            chosen=chosen,
            by_secret=by_secret(visit.standing),
            languages_of_programs=LANGUAGES,
            tries=bool(self.desk.portal.trying.phones),
        )

    async def _service(self, request: Request) -> tuple[Visit, Service]:
        visit = await self.desk.visit(request)
        return visit, self.desk.portal.editing.found(visit.standing, request.path_params["code"])

    def _snippets(self, visit: Visit, service: Service) -> list[Snippet]:
        if visit.standing.partner is None:
            return []
        return of_service(visit.standing.partner, service, issuer=self.desk.portal.issuer)

    def _phones(self) -> list[tuple[str, str]]:
        return [(person, phone.name) for person, phone in self.desk.portal.trying.phones.items()]

    def _reason(self, service: Service) -> str:
        try:
            self.desk.portal.trying.check(service)
        except NotReady as error:
            return error.what
        except PlatformError as error:
            return error.code
        return ""

    async def _refused(self, visit: Visit) -> list[Refusal]:
        return await self.desk.portal.desk.log.lines(visit.standing.organisation_id, most=1)

    async def _told(self, request: Request, visit: Visit, service: Service, trial: Trial) -> dict[str, Any]:
        """A trial for the page's script."""
        refused = [] if trial.good else await self._refused(visit)
        log = [line for line in refused if line.service_code in {"", service.code}]
        return {
            "good": trial.good,
            "declined": trial.good and not trial.steps[-1].name.startswith(("token", "id_token", "userinfo")),
            "steps": [self._step(request, step, log) for step in trial.steps],
            "sealed": dict(trial.sealed),
            "published": await self.desk.portal.trying.published() if trial.sealed else {},
            "titles": {name: self._text(request, f"try.step.{name}") for name in ("id_token", "userinfo")},
            "return_url": trial.return_url,
        }

    def _step(self, request: Request, step: TrialStep, log: list[Refusal]) -> dict[str, Any]:
        line = log[0] if not step.good and log else None
        why = step.why or (f"{line.check}: {line.description}" if line else "")
        return {
            "name": step.name,
            "title": self._text(request, f"try.step.{step.name}"),
            "good": step.good,
            "sent": step.sent,
            "came": step.came,
            "why": why,
            "reference": line.reference if line else "",
        }

    def _text(self, request: Request, name: str) -> str:
        return self.desk.pages.text(language_of(request), f"partner_portal.{name}")


def _json(document: object, status: int = 200) -> Response:
    return Response(
        msgspec.json.encode(document),
        status_code=status,
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
