"""Asking for production and for protected attributes, and following what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from ipse.partner_portal.errors import NotReady
from ipse.partner_portal.http.desk import Desk, Refused, Visit
from ipse.partner_portal.model import PRODUCTION
from ipse.partner_portal.service.applications import kinds
from ipse.staff.model import Organisation, ReviewState
from ipse.web.forms import MOST_BYTES, read_own_form

_SECTION: Final = "/partners/production"


@dataclass(frozen=True, slots=True)
class ProductionPages:
    """`/partners/production`."""

    desk: Desk

    async def page(self, request: Request) -> Response:
        """Where the organisation stands."""
        return await self._page(request, await self.desk.visit(request))

    async def ask(self, request: Request) -> Response:
        """Ask for production or for an attribute, withdraw, or bring services along."""
        visit = await self.desk.manager(request)
        fields = await read_own_form(request)
        applications, standing = self.desk.portal.applications, visit.standing
        do, _, which = fields.get("do", "").partition(":")
        try:
            if do == "production":
                await applications.ask_production(standing, fields, visit.member)
            elif do == "grant":
                await applications.ask_grant(standing, fields, visit.member)
            elif do == "withdraw":
                await self.desk.reviews.withdraw(which, visit.member)
            elif do == "take":
                old, new = fields.get("old", ""), fields.get("new", "")
                await applications.take(standing, fields.get("file", ""), old=old, new=new, actor=visit.member.actor)
        except NotReady as error:
            return self.desk.to(request, "/keys" if error.what == "keys" else "/services", done="first")
        except Refused as error:
            return await self._page(request, visit, self.desk.problem(request, error), fields)
        return self.desk.to(request, "/production", done=do)

    async def file(self, request: Request) -> Response:
        """The registration to take along."""
        visit = await self.desk.visit(request)
        try:
            signed = await self.desk.portal.applications.file(visit.standing)
        except NotReady:
            return self.desk.to(request, "/production")
        name = f"{visit.standing.organisation_id}.ipse-registration"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return Response(signed + "\n", media_type="application/jose", headers=headers)

    async def _page(
        self,
        request: Request,
        visit: Visit,
        problem: Mapping[str, str] | None = None,
        typed: Mapping[str, str] | None = None,
    ) -> Response:
        applications, place = self.desk.portal.applications, visit.standing.organisation_id
        every = await self.desk.reviews.of_organisation(Organisation.PARTNER, place)
        reviews = [review for review in every if review.kind in kinds()]
        asked = any(review.kind == PRODUCTION and review.state is ReviewState.WAITING for review in reviews)
        return self.desk.render(
            request,
            "production",
            visit,
            section=_SECTION,
            status=422 if problem else 200,
            problem=problem,
            typed=dict(typed or {}),
            reviews=reviews,
            asked=asked,
            cleared_at=await applications.cleared_at(visit.standing),
            protected=await applications.protected(visit.standing),
            done=request.query_params.get("done", ""),
            most=MOST_BYTES,
        )
