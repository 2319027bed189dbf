"""Figures up to now, for a partner of itself and for operators of all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from ipse.kernel.clock import SECOND, Clock
from ipse.statistics import store
from ipse.statistics.model import Grain, Live, PartnerFigures, Point, Tally, Thresholds
from ipse.statistics.rules import spans, sums
from ipse.statistics.service.folding import PEOPLE, Folding
from ipse.storage.database import Database
from ipse.storage.statement import Row

LIVE_SECONDS: Final = 900
"""What operators look at, unless they ask for another span."""
_FRESH_SECONDS: Final = 10
"""How old the newest figures may be: partners and operators who reload cost nothing."""
_MOST_TAIL: Final = 2 * spans.HOUR
"""Where folding has stood still for longer, figures end where it stopped: they never read months of requests."""


@dataclass
class Statistics:
    """Figures of the scheme's use. No person is in them."""

    database: Database
    clock: Clock
    folding: Folding
    thresholds: Thresholds = field(default_factory=Thresholds)
    _kept: dict[tuple[int, int], tuple[int, Sequence[Tally]]] = field(default_factory=dict)

    async def of_partner(self, partner_id: str, since: int, until: int) -> PartnerFigures:
        """What one partner used from `since` to `until` (microseconds UTC), whole hours or days of it.

        `totals` and `services` cover the hours or days that `series` lists. Spans of at most the last 8 days are told
        by the hour, longer or older ones by the day. A partner that nobody knows has no requests.
        """
        now = self.clock.now()
        grain = spans.grain_of(since, until, now)
        start = spans.floor(since, spans.LENGTH[grain])
        points: dict[int, list[Tally]] = {at: [] for at in spans.steps(since, until, grain)}
        rows, mark = await self._folded(store.OF_PARTNER, partner_id, grain, start, until)
        for row in rows:
            points.setdefault(row["at"], []).append(store.read_tally(row))
        for at, tallies in (await self._unfolded(mark, grain, start, until)).items():
            points.setdefault(at, []).extend(tally for tally in tallies if tally.partner_id == partner_id)
        newest = await self._counted(now - spans.HOUR, now + 1)
        recent = [tally for tally in newest if tally.partner_id == partner_id]
        every = [tally for tallies in points.values() for tally in tallies]
        series = tuple(Point(at, sums.totals_of(tallies)) for at, tallies in sorted(points.items()))
        return self._figures(partner_id, (start, until), every, recent, grain=grain, series=series)

    async def live(self, seconds: int = LIVE_SECONDS) -> Live:
        """All partners over the last `seconds` (whole hours beyond two, at most 8 days), and today's totals."""
        now = self.clock.now()
        span = min(seconds * SECOND, spans.HOURS_KEPT)
        since = now - span if span <= _MOST_TAIL else spans.floor(now - span, spans.HOUR)
        tallies = await self._counted(since, now + 1) if span <= _MOST_TAIL else await self._all(Grain.HOUR, since, now)
        recent = tallies if span <= spans.HOUR else await self._counted(now - spans.HOUR, now + 1)
        totals = sums.totals_of(tallies)
        by_partner, newest = _by_partner(tallies), _by_partner(recent)
        found = [self._figures(name, (since, now), each, newest.get(name, ())) for name, each in by_partner.items()]
        return Live(
            at=now,
            seconds=(now - since) // SECOND,
            totals=totals,
            median_seconds=sums.median(totals),
            slow_seconds=sums.slow(totals),
            today=sums.totals_of(await self._all(Grain.DAY, spans.floor(now, spans.DAY), now)),
            people=await self.people(),
            partners=tuple(sorted(found, key=lambda each: (-each.totals.requests, each.partner_id))),
            alerts=tuple(alert for figures in found for alert in figures.alerts),
        )

    async def people(self) -> int | None:
        """How many are enrolled, as last counted; None before the first time."""
        row = await self.database.row(store.NEWEST_SAMPLE, PEOPLE)
        return None if row is None else int(row["amount"])

    def _figures(
        self,
        partner_id: str,
        span: tuple[int, int],
        tallies: Sequence[Tally],
        recent: Sequence[Tally],
        *,
        grain: Grain = Grain.HOUR,
        series: tuple[Point, ...] = (),
    ) -> PartnerFigures:
        totals = sums.totals_of(tallies)
        services = sums.by_service(tallies, recent, self.thresholds)
        return PartnerFigures(
            partner_id=partner_id,
            since=span[0],
            until=span[1],
            totals=totals,
            median_seconds=sums.median(totals),
            slow_seconds=sums.slow(totals),
            services=services,
            grain=grain,
            series=series,
            alerts=tuple(alert for service in services for alert in service.alerts),
        )

    async def _all(self, grain: Grain, since: int, now: int) -> Sequence[Tally]:
        """Everybody's requests since the beginning of an hour or day."""
        rows, mark = await self._folded(store.OF_ALL, grain, since, now + 1)
        found = [store.read_tally(row) for row in rows]
        for tallies in (await self._unfolded(mark, grain, since, now + 1)).values():
            found.extend(tallies)
        return found

    async def _folded(self, text: str, *values: object) -> tuple[Sequence[Row], int]:
        """What is folded, and up to when it was at that moment: nothing is missed or counted twice."""
        mark = await self.folding.mark()
        while True:
            rows, before = await self.database.rows(text, *values), mark
            mark = await self.folding.mark()
            if mark == before:
                return rows, mark

    async def _unfolded(self, mark: int, grain: Grain, since: int, until: int) -> dict[int, Sequence[Tally]]:
        """What is not folded yet, by the hour or day it belongs to."""
        now, length = self.clock.now(), spans.LENGTH[grain]
        found: dict[int, Sequence[Tally]] = {}
        at = max(mark, since)
        end = min(until, now + 1, mark + _MOST_TAIL)
        while at < end:
            after = min(spans.floor(at, length) + length, end)
            found[spans.floor(at, length)] = await self._counted(at, after)
            at = after
        return found

    async def _counted(self, since: int, until: int) -> Sequence[Tally]:
        """As features count it, at most ten seconds old."""
        now = self.clock.now()
        step = _FRESH_SECONDS * SECOND
        key = since // step, until // step
        kept = self._kept.get(key)
        if kept is not None and 0 <= now - kept[0] < step:
            return kept[1]
        for old in [each for each, (at, _) in self._kept.items() if not 0 <= now - at < step]:
            del self._kept[old]
        counted = await self.folding.counted(since, until)
        self._kept[key] = now, counted
        return counted


def _by_partner(tallies: Iterable[Tally]) -> dict[str, list[Tally]]:
    found: dict[str, list[Tally]] = defaultdict(list)
    for tally in tallies:
        found[tally.partner_id].append(tally)
    return dict(found)
