"""Management keys, and how the API is used."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from ipse.partner_portal.http.desk import Desk, Refused, once
from ipse.partner_portal.model import API
from ipse.web.forms import read_own_form
from ipse.web.languages import LANGUAGES


@dataclass(frozen=True, slots=True)
class ManagementPages:
    """`/partners/api`."""

    desk: Desk

    async def page(self, request: Request) -> Response:
        """The keys there are, and a first call."""
        return await self._page(request)

    async def change(self, request: Request) -> Response:
        """Make one, or revoke one."""
        visit = await self.desk.manager(request)
        fields = await read_own_form(request)
        management, place = self.desk.portal.management, visit.standing.organisation_id
        do, _, which = fields.get("do", "").partition(":")
        if do == "revoke":
            await management.revoke(place, which, actor=visit.member.actor)
            return self.desk.to(request, "/api", done="revoked")
        try:
            value = await management.make(place, fields.get("name", ""), actor=visit.member.actor)
        except Refused as error:
            return await self._page(request, problem=self.desk.problem(request, error), typed=fields)
        if visit.standing.partner is not None:
            told = {"key": fields.get("name", "").strip()}
            words = dict.fromkeys(LANGUAGES, told)
            await self.desk.portal.contacts.tell(visit.standing.partner, "management_key", "/api", words)
        return await self._page(request, value=value)

    async def _page(
        self,
        request: Request,
        *,
        value: str = "",
        problem: dict[str, str] | None = None,
        typed: dict[str, str] | None = None,
    ) -> Response:
        visit = await self.desk.visit(request)
        return self.desk.render(
            request,
            "api",
            visit,
            section="/partners/api",
            status=422 if problem else 200,
            problem=problem,
            typed=typed or {},
            value=value,
            **once(value),
            keys=await self.desk.portal.management.of(visit.standing.organisation_id),
            base=self.desk.staff.origin + API,
            done=request.query_params.get("done", ""),
        )
