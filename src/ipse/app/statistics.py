"""Figures: what features count, handed to the one that keeps and tells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ipse.actions.service import tallies as requests
from ipse.app.given import Given
from ipse.kernel.settings import Environment
from ipse.kernel.settings.watching import StatisticsSettings
from ipse.partners.service import PartnerDesk
from ipse.people.service import People
from ipse.statistics.model import Known, Outcome, Sources, Tally, Thresholds
from ipse.statistics.service import Folding, Statistics
from ipse.statistics.service.public import PublicFigures

if TYPE_CHECKING:
    from ipse.storage.database import Database

_MARGIN_SECONDS = 60


@dataclass(frozen=True)
class _Counting:
    """What features say of themselves, as `statistics` wants it."""

    given: Given
    people: People
    desk: PartnerDesk

    @property
    def _database(self) -> Database:
        return self.given.database

    async def requests(self, since: int, until: int) -> Sequence[Tally]:
        found = await requests.tallies(self._database, since, until, now=self.given.clock.now())
        return [
            Tally(
                each.partner_id,
                each.service_code,
                each.kind,
                each.outcome,
                each.method,
                each.times,
                each.microseconds,
                each.within,
            )
            for each in found
        ]

    async def earliest(self) -> int | None:
        return await requests.earliest(self._database)

    async def refusals(self, since: int, until: int) -> Sequence[Tally]:
        times = await self.desk.log.times(since, until)
        return [Tally(partner, service, "", Outcome.REFUSED, "", count) for (partner, service), count in times.items()]

    async def active_people(self, since: int, without: frozenset[str]) -> int:
        (left_out,) = without or {""}
        found, some = 0, await self.people.some_accounts("")
        while some is not None:
            found += await requests.active_people(self._database, some, since, without=left_out)
            some = await self.people.some_accounts(some[1])
        return found

    async def services(self) -> Sequence[Known]:
        partners = {partner.partner_id: partner for partner in await self.desk.partners.partners()}
        found = []
        for service in await self.desk.partners.all_services():
            # A broker's service is its final partner's: that is whom people see.
            partner = partners.get(service.final_partner) or partners[service.partner_id]
            active = service.state == partner.state == "active"
            found.append(
                Known(
                    service.code,
                    partner.partner_id,
                    partner.name,
                    service.name,
                    service.type,
                    partner.sector,
                    active,
                )
            )
        return found


def open_statistics(given: Given, people: People, desk: PartnerDesk) -> Statistics:
    """Figures of one installation."""
    counting, lifetimes = _Counting(given, people, desk), given.settings.lifetimes
    sources = Sources(
        requests=counting.requests,
        earliest=counting.earliest,
        refusals=counting.refusals,
        enrolled=people.enrolled,
        new_people=people.new_people,
        active_people=counting.active_people,
        services=counting.services,
        without=frozenset({given.settings.status.synthetic_partner}),
    )
    # A request can be extended until then, and its code still come to nothing.
    settled = lifetimes.action_most + lifetimes.code + _MARGIN_SECONDS
    folding = Folding(given.database, given.clock, sources, settled)
    return Statistics(given.database, given.clock, folding, thresholds_of(given.settings.statistics))


def open_public_figures(given: Given, statistics: Statistics) -> PublicFigures:
    """What everybody may see of them."""
    told = given.settings.statistics
    return PublicFigures(
        given.database,
        given.clock,
        statistics.folding.sources,
        adults=told.adult_population,
        smallest=told.smallest,
        whole_days=given.settings.environment is Environment.PRODUCTION,
    )


def thresholds_of(settings: StatisticsSettings) -> Thresholds:
    """When a service is marked."""
    return Thresholds(
        errors=settings.error_percent / 100,
        abandoned=settings.abandoned_percent / 100,
        slow_seconds=settings.slow_seconds,
        least=settings.least_requests,
    )
