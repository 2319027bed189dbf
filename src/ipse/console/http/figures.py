"""How it goes now: requests, outcomes and latencies of the last while, of everybody and of each partner."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from ipse.console.http.desk import Desk, route
from ipse.console.model import What
from ipse.kernel.clock import SECOND
from ipse.kernel.errors import PlatformError
from ipse.staff.model import Member
from ipse.web.routes import Route

_SPANS = {"hour": 3600, "day": 86_400}


def routes(desk: Desk) -> list[Route]:
    """Their addresses."""
    on, what = _Endpoints(desk), What.READ_FIGURES
    return [
        route("/figures", desk.reading(on.live, what)),
        route("/figures/{partner}", desk.reading(on.partner, what)),
    ]


@dataclass(frozen=True, slots=True)
class _Endpoints:
    desk: Desk

    async def live(self, request: Request, member: Member, problem: PlatformError | None) -> Response:
        """Everybody together, then each partner."""
        span = request.query_params.get("span", "hour")
        span = span if span in _SPANS else "hour"
        console = self.desk.console
        names = {each.partner_id: each.name for each in await console.desk.partners.partners()}
        return await self.desk.show(
            request, member, "figures", section="/figures", problem=problem, spans=tuple(_SPANS), span=span,
            live=await console.statistics.live(_SPANS[span]), names=names, here="/console/figures",
        )  # fmt: skip

    async def partner(self, request: Request, member: Member, problem: PlatformError | None) -> Response:
        """One partner, over the last week."""
        console, partner_id = self.desk.console, request.path_params["partner"]
        now = console.desk.partners.clock.now()
        found = await console.statistics.of_partner(partner_id, now - 7 * 86_400 * SECOND, now)
        partner = await console.desk.partners.partner(partner_id)
        return await self.desk.show(
            request, member, "figures_of", section="/figures", problem=problem, found=found,
            name=partner.name if partner is not None else partner_id, partner_id=partner_id,
        )  # fmt: skip
