"""Folding what features count into counts of our own, each span of time exactly once.

A span is folded when nothing in it can change any more: a request lives ten minutes at most. The statement that moves
the mark and those that add the counts are one transaction, so a span that two processes fold at once counts once, and
one whose process dies is folded by the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ipse.kernel.clock import SECOND, Clock
from ipse.statistics import store
from ipse.statistics.model import Grain, Known, Sources, Tally
from ipse.statistics.rules import spans
from ipse.storage.database import Database
from ipse.storage.statement import Transaction, one

FOLDED: Final = "counts"
"""The turn up to which requests are folded."""
_MOST_AT_ONCE: Final = 200
"""Spans that one run folds: an installation with a past catches up over some runs."""
_SAMPLES, _SAMPLE_EVERY = "samples", spans.SLOT
_ACTIVE, _ACTIVE_EVERY = "active", spans.DAY // 4
_FORGOTTEN, _FORGET_EVERY = "forgotten", spans.HOUR
ACTIVE_DAYS: Final = 30
PEOPLE: Final = "people"
NEW_PEOPLE: Final = "people_new"
ACTIVE_PEOPLE: Final = "people_active"
PARTNERS_OF: Final = "partners_"
"""Followed by the type of a service: partners that have one."""


@dataclass(frozen=True)
class Folding:
    """The job's work. Safe in several processes, and however often it is called."""

    database: Database
    clock: Clock
    sources: Sources
    settled_seconds: int
    """A request that began this long ago has ended."""

    async def fold(self) -> int:
        """Fold what has settled; how many spans were folded."""
        folded = 0
        while folded < _MOST_AT_ONCE and await self._fold_next():
            folded += 1
        return folded

    async def sample(self) -> None:
        """Keep today's numbers of people and partners, each when its time has come."""
        now = self.clock.now()
        today = spans.floor(now, spans.DAY)
        if await self._turn(_SAMPLES, now, _SAMPLE_EVERY):
            await self._keep(PEOPLE, today, await self.sources.enrolled())
            for day in (today - spans.DAY, today):  # yesterday once more: its last minutes came after its last sample
                await self._keep(NEW_PEOPLE, day, await self.sources.new_people(day, day + spans.DAY))
            for kind, partners in self._partners_by_kind(await self.sources.services()).items():
                await self._keep(PARTNERS_OF + kind, today, partners)
        if await self._turn(_ACTIVE, now, _ACTIVE_EVERY):
            active = await self.sources.active_people(now - ACTIVE_DAYS * spans.DAY, self.sources.without)
            await self._keep(ACTIVE_PEOPLE, today, active)
        if await self._turn(_FORGOTTEN, now, _FORGET_EVERY):
            await self.database.rows(store.FORGET, Grain.HOUR, now - spans.HOURS_KEPT - spans.DAY)

    async def mark(self) -> int:
        """Up to when requests are folded; what came later is counted from their own rows."""
        row = await self.database.row(store.TURN, FOLDED)
        if row is not None:
            return int(row["until"])
        earliest = await self.sources.earliest()
        first = spans.floor(self.clock.now() if earliest is None else earliest, spans.HOUR)
        await self.database.rows(store.FIRST_TURN, FOLDED, first)
        row = await self.database.row(store.TURN, FOLDED)
        return first if row is None else int(row["until"])

    async def counted(self, since: int, until: int) -> Sequence[Tally]:
        """What features count of a span themselves, without our own probes."""
        requests, refusals = await self.sources.requests(since, until), await self.sources.refusals(since, until)
        return [tally for tally in (*requests, *refusals) if tally.partner_id not in self.sources.without]

    def _partners_by_kind(self, services: Sequence[Known]) -> dict[str, int]:
        found: dict[str, set[str]] = {}
        for known in services:
            if known.active and known.partner_id not in self.sources.without:
                found.setdefault(known.type, set()).add(known.partner_id)
        return {kind: len(partners) for kind, partners in found.items()}

    async def _fold_next(self) -> bool:
        mark = await self.mark()
        until = spans.next_fold(mark, self.clock.now() - self.settled_seconds * SECOND)
        if until is None:
            return False
        tallies = await self.counted(mark, until)
        return await self.database.transact(lambda: _folding(mark, until, tallies))

    async def _turn(self, name: str, now: int, every: int) -> bool:
        """Whether this process does it now: once in each interval, whoever asks."""
        due = spans.floor(now, every)
        row = await self.database.row(store.TURN, name)
        if row is None:
            return await self.database.row(store.FIRST_TURN, name, due) is not None
        return row["until"] < due and await self.database.row(store.TAKE_TURN, name, row["until"], due) is not None

    async def _keep(self, name: str, day: int, amount: int) -> None:
        await self.database.rows(store.SAMPLE, name, day, amount)


def _folding(mark: int, until: int, tallies: Sequence[Tally]) -> Transaction[bool]:
    taken = yield from one(store.TAKE_TURN, FOLDED, mark, until)
    if taken is None:
        return False
    for tally in tallies:
        for grain, length in spans.LENGTH.items():
            yield store.adding(grain, spans.floor(mark, length), tally)
    return True
