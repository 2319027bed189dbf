"""The first visit, and the first page afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from ipse.partner_portal.http.desk import Desk, Refused, by_secret
from ipse.partner_portal.rules import names
from ipse.partner_portal.service.organisations import Standing
from ipse.staff.model import Invitee, Organisation, Role
from ipse.web.forms import read_own_form
from ipse.web.pages import language_of


@dataclass(frozen=True, slots=True)
class Home:
    """`/partners`."""

    desk: Desk

    async def page(self, request: Request) -> Response:
        """What this is, for strangers; how far they have come, for members."""
        member = await self.desk.sessions.current(request)
        if member is None or member.organisation is not Organisation.PARTNER:
            return self._welcome(request)
        visit = await self.desk.visit(request)
        await self.desk.portal.organisations.arrived(visit.standing.organisation_id)
        standing = visit.standing
        return self.desk.render(
            request,
            "overview",
            visit,
            section="/partners",
            steps=await self._steps(standing),
            refusals=(await self.desk.portal.desk.log.lines(standing.organisation_id, most=5))
            if standing.partner
            else [],
            legacy_at=await self.desk.portal.credentials.legacy_at(standing),
            by_secret=by_secret(standing),
        )

    async def register(self, request: Request) -> Response:
        """Register an organisation: its first member gets an invitation by mail."""
        fields = await read_own_form(request)
        try:
            name = names.read_name(fields.get("name", ""))
            email = names.read_email(fields.get("email", ""))
            organisation = await self.desk.portal.organisations.register(fields.get("organisation", ""))
            invitee = Invitee(name, email, (Role.MANAGER,), language_of(request))
            await self.desk.staff.invite(
                Organisation.PARTNER,
                organisation.organisation_id,
                invitee,
                actor="visitor",
                where=organisation.name,
            )
        except Refused as error:
            return self._welcome(request, self.desk.problem(request, error), fields)
        return self._sent(request, email, organisation.name)

    async def sent(self, request: Request) -> Response:
        """The same page in another language: its address tells nobody who has registered."""
        return self._sent(request)

    def _sent(self, request: Request, email: str = "", name: str = "") -> Response:
        return self.desk.render(
            request, "sent", here="/partners/register", email=email, name=name, inbox=self.desk.inbox
        )

    def _welcome(
        self, request: Request, problem: Mapping[str, str] | None = None, typed: Mapping[str, str] | None = None
    ) -> Response:
        return self.desk.render(
            request, "welcome", status=422 if problem else 200, problem=problem, typed=dict(typed or {})
        )

    async def _steps(self, standing: Standing) -> list[tuple[str, bool, str]]:
        """What stands between here and production: name, whether it is done, where it is done."""
        code = standing.services[0].code if standing.services else ""
        credentials = self.desk.portal.credentials
        tried, own = await credentials.has_been_used(standing), await credentials.used_by_own_program(standing)
        admitted = await self._admitted(standing)
        steps = [("keys", standing.partner is not None, "/partners/keys")]
        steps.append(("service", bool(code), "/partners/services/new" if not code else f"/partners/services/{code}"))
        if self.desk.portal.trying.phones:
            steps.append(("try", tried, f"/partners/services/{code}/try" if code else ""))
        steps.append(("code", own, f"/partners/services/{code}/code" if code else ""))
        steps.append(("production", admitted, "/partners/production"))
        return steps

    async def _admitted(self, standing: Standing) -> bool:
        if self.desk.portal.credentials.waits:
            return standing.active
        return await self.desk.portal.applications.cleared_at(standing) is not None
