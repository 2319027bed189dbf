"""Keys or a secret: brought, tried, rotated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ipse.kernel.clock import SECOND
from ipse.partner_portal.errors import FormRefused
from ipse.partner_portal.http.desk import Desk, Refused, Visit, by_secret, once
from ipse.partner_portal.model import KEYS
from ipse.partner_portal.rules import keys as rules
from ipse.partner_portal.service.credentials import Change, ready
from ipse.staff.model import Role
from ipse.web.forms import read_own_form
from ipse.web.languages import LANGUAGES

_DAY: Final = 86_400 * SECOND


@dataclass(frozen=True, slots=True)
class KeyPages:
    """`/partners/keys`."""

    desk: Desk

    async def page(self, request: Request) -> Response:
        """What there is, and every way to have more."""
        return await self._page(request, await self.desk.visit(request))

    async def change(self, request: Request) -> Response:
        """Bring keys, drop one, name an address, or make a secret."""
        visit = await self.desk.manager(request)
        fields = await read_own_form(request)
        try:
            if fields.get("do") == "test":
                found = await self.desk.portal.credentials.fetched(fields.get("jwks_uri", "").strip())
                return await self._page(request, visit, typed=fields, tested=_lines(found.get("keys", [])))
            change = await self._changed(visit, fields)
            if self._waits(visit):
                return await self._ask(request, visit, change, fields)
            await self.desk.portal.credentials.save(change, actor=visit.member.actor)
        except Refused as error:
            return await self._page(request, visit, problem=self.desk.problem(request, error), typed=fields)
        if change.secret is not None:
            return await self._page(request, await self.desk.visit(request), secret=change.secret)
        return self.desk.to(request, "/keys", done=fields["do"])

    async def _changed(self, visit: Visit, fields: Mapping[str, str]) -> Change:
        credentials, standing, email = self.desk.portal.credentials, visit.standing, visit.member.email
        match fields.get("do"):
            case "bring":
                brought = rules.read_keys(fields.get("keys", ""), use=fields.get("use", "sig"))
                instead = fields.get("instead") == "yes"
                change = await credentials.bring(standing, brought, email=email, instead=instead)
                if credentials.waits:
                    self._prove(visit, fields, brought)
                return change
            case "address":
                return await credentials.at_address(standing, fields.get("jwks_uri", "").strip(), email=email)
            case "secret":
                if credentials.waits:
                    raise FormRefused("do", "secret_in_production")
                return credentials.new_secret(standing, email=email)
            case "drop":
                return await credentials.without(standing, fields.get("kid", ""))
        raise FormRefused("do", "choose")

    def _prove(self, visit: Visit, fields: Mapping[str, str], brought: list[dict[str, Any]]) -> None:
        """Whoever registers a key in production signs with it (T-26); yesterday's challenge still counts."""
        now = self.desk.portal.desk.partners.clock.now()
        standing, credentials = visit.standing.organisation_id, self.desk.portal.credentials
        for day in (now // _DAY, now // _DAY - 1):
            challenge = credentials.challenge(standing, day)
            try:
                rules.check_possession(
                    fields.get("proof", ""), brought, client_id=standing, challenge=challenge, now=now
                )
            except FormRefused:
                if day != now // _DAY:
                    raise
            else:
                return

    def _waits(self, visit: Visit) -> bool:
        return visit.standing.waits

    async def _ask(self, request: Request, visit: Visit, change: Change, fields: Mapping[str, str]) -> Response:
        """In production a second person of the scheme decides; the contacts are told."""
        partner = change.partner
        parameters = {
            "jwks": msgspec.json.encode(partner.jwks).decode() if partner.jwks else "",
            "jwks_uri": partner.jwks_uri or "",
            "published": msgspec.json.encode(change.published).decode() if change.published else "",
            "keys": ", ".join(line["kid"] for line in _lines((partner.jwks or change.published or {}).get("keys", []))),
        }
        reason = fields.get("reason", "").strip() or "key rotation"
        await self.desk.reviews.ask(KEYS, partner.partner_id, parameters, reason=reason, member=visit.member)
        told = {"client_id": partner.partner_id, "keys": parameters["keys"]}
        before = ready(visit.standing)
        await self.desk.portal.contacts.tell(before, "keys", "/keys", dict.fromkeys(LANGUAGES, told))
        return self.desk.to(request, "/keys", done="asked")

    async def _page(
        self,
        request: Request,
        visit: Visit,
        *,
        problem: Mapping[str, str] | None = None,
        typed: Mapping[str, str] | None = None,
        secret: str = "",
        tested: list[dict[str, str]] | None = None,
    ) -> Response:
        credentials, standing = self.desk.portal.credentials, visit.standing
        now = self.desk.portal.desk.partners.clock.now()
        kept = {name: value for name, value in (typed or {}).items() if name != "keys" or not _private(problem)}
        return self.desk.render(
            request,
            "keys",
            visit,
            section="/partners/keys",
            status=422 if problem else 200,
            problem=problem,
            typed=kept,
            keys=await credentials.keys(standing),
            secret=secret,
            **once(secret),
            secret_use=await credentials.secret_use(standing),
            tested=tested,
            by_secret=by_secret(standing),
            waits=self._waits(visit),
            proves=credentials.waits,
            challenge=credentials.challenge(standing.organisation_id, now // _DAY),
            done=request.query_params.get("done", ""),
            may=visit.member.has(Role.MANAGER),
            waiting=[one for one in await self.desk.waiting(visit) if one.kind == KEYS],
        )


def _private(problem: Mapping[str, str] | None) -> bool:
    """Whether what was typed must not be shown again."""
    return problem is not None and problem.get("field") == "keys"


def _lines(keys: list[Mapping[str, Any]]) -> list[dict[str, str]]:
    return [
        {"kid": str(jwk.get("kid", "")), "use": str(jwk.get("use", "sig")), "strength": rules.strength(jwk)}
        for jwk in keys
    ]
