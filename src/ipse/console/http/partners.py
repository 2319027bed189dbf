"""Partners as the scheme sees them, and finding what was refused by its reference."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from ipse.actions.errors import UnknownAction
from ipse.console import rules
from ipse.console.errors import NothingFound
from ipse.console.http.desk import Desk, route
from ipse.console.model import What
from ipse.kernel.errors import PlatformError
from ipse.staff.model import Member
from ipse.web.routes import Route


def routes(desk: Desk) -> list[Route]:
    """Their addresses."""
    on, what = _Endpoints(desk), What.READ_PARTNERS
    return [
        route("/find", desk.reading(on.find, what)),
        route("/find", desk.changing(on.found, on.find, what), "POST"),
        route("/partners", desk.reading(on.every, what)),
        route("/partners/{partner}", desk.reading(on.one, what)),
    ]


@dataclass(frozen=True, slots=True)
class _Endpoints:
    desk: Desk

    async def find(self, request: Request, member: Member, problem: PlatformError | None) -> Response:
        """Where a reference is typed."""
        return await self.desk.show(request, member, "find", section="/find", problem=problem, lines=None, action=None)

    async def found(self, request: Request, member: Member, fields: dict[str, str]) -> Response:
        """What a reference of an error page, or the id of a request, leads to: no person, no value."""
        typed, console = fields.get("reference", "").strip()[:64], self.desk.console
        lines, action = await console.refusals.find(typed), None
        if not lines and rules.is_account(typed):
            try:
                action = (await console.help_desk.actions.find(typed)).action
            except UnknownAction:
                action = None
        if not lines and action is None:
            raise NothingFound
        return await self.desk.show(request, member, "find", section="/find", lines=lines, action=action, typed=typed)

    async def every(self, request: Request, member: Member, problem: PlatformError | None) -> Response:
        """Every partner."""
        partners = await self.desk.console.desk.partners.partners()
        return await self.desk.show(
            request, member, "partners", section="/partners", problem=problem, partners=partners
        )

    async def one(self, request: Request, member: Member, problem: PlatformError | None) -> Response:
        """One partner: its services, what they may ask and on which ground, and what was refused lately."""
        desk, partner_id = self.desk.console.desk, request.path_params["partner"]
        partner = await desk.partners.partner(partner_id)
        if partner is None:
            raise NothingFound
        services = await desk.partners.services(partner_id)
        return await self.desk.show(
            request, member, "partner", section="/partners", problem=problem, partner=partner, services=services,
            grants={each.code: await desk.grants.of_service(each.code) for each in services},
            missing={each.code: await desk.grants.missing(each) for each in services},
            now=desk.partners.clock.now(), lines=await desk.log.lines(partner_id, most=20),
            reviews=[each for each in await self.desk.console.reviews.waiting() if each.organisation_id == partner_id],
        )  # fmt: skip
