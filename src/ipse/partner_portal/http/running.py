"""What happens: requests that were refused and why, figures, alerts; for brokers those for whom they ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from ipse.kernel import references
from ipse.kernel.clock import SECOND
from ipse.partner_portal.http.desk import Desk
from ipse.statistics.model import Outcome
from ipse.statistics.service import Statistics

_SPANS: Final = {"day": 86_400, "week": 7 * 86_400, "month": 30 * 86_400, "year": 365 * 86_400}
_MOST: Final = 200


@dataclass(frozen=True, slots=True)
class RunningPages:
    """`/partners/requests`, `/partners/figures`, `/partners/final-partners`."""

    desk: Desk
    statistics: Statistics

    async def requests(self, request: Request) -> Response:
        """The newest refusals, or those of a reference or a service."""
        visit = await self.desk.visit(request)
        query = request.query_params
        typed = query.get("reference", "").strip()[:20]
        reference = references.read(typed)
        service, log = query.get("service", ""), self.desk.portal.desk.log
        partner_id = visit.standing.organisation_id
        if reference is not None:
            found = await log.referred(partner_id, reference)
        elif typed:
            found = []
        else:
            found = await log.lines(partner_id, most=_MOST)
        lines = [line for line in found if service in {"", line.service_code}]
        return self.desk.render(
            request,
            "requests",
            visit,
            section="/partners/requests",
            lines=lines,
            reference=reference or typed,
            chosen=service,
        )

    async def figures(self, request: Request) -> Response:
        """Requests by outcome over a span, each service, and what deserves a look."""
        visit = await self.desk.visit(request)
        span = request.query_params.get("span", "week")
        seconds = _SPANS.get(span, _SPANS["week"])
        now = self.desk.portal.desk.partners.clock.now()
        figures = await self.statistics.of_partner(visit.standing.organisation_id, now - seconds * SECOND, now)
        highest = max((sum(point.totals.outcomes.values()) for point in figures.series), default=0)
        return self.desk.render(
            request,
            "figures",
            visit,
            section="/partners/figures",
            figures=figures,
            span=span if span in _SPANS else "week",
            spans=tuple(_SPANS),
            highest=highest,
            names={service.code: service.name for service in visit.standing.services},
            outcomes=[outcome for outcome in Outcome if figures.totals.outcomes.get(outcome)],
        )

    async def final_partners(self, request: Request) -> Response:
        """For whom a broker asks."""
        visit = await self.desk.visit(request)
        services = visit.standing.services
        found = [
            (partner, [service for service in services if service.final_partner == partner.partner_id])
            for partner in await self.desk.portal.organisations.final_partners(visit.standing)
        ]
        return self.desk.render(request, "final_partners", visit, section="/partners/final-partners", found=found)
