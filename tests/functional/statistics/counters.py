"""Features that count what a test tells them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ipse.kernel.clock import FrozenClock
from ipse.statistics.model import Known, Outcome, Sources, Tally
from ipse.statistics.service import Folding, Statistics
from ipse.storage.database import Database


@dataclass
class Counters:
    """Requests at their times, and the numbers of people."""

    clock: FrozenClock
    rows: list[tuple[int, Tally]] = field(default_factory=list)
    refused: list[tuple[int, Tally]] = field(default_factory=list)
    people: int = 0
    new: dict[int, int] = field(default_factory=dict)
    active: int = 0
    known: list[Known] = field(default_factory=list)

    def add(self, tally: Tally, *, ago: float = 0) -> None:
        at = self.clock.now() - round(ago * 1_000_000)
        (self.refused if tally.outcome == Outcome.REFUSED else self.rows).append((at, tally))

    def statistics(self, database: Database) -> Statistics:
        async def requests(since: int, until: int) -> Sequence[Tally]:
            return [tally for at, tally in self.rows if since <= at < until]

        async def refusals(since: int, until: int) -> Sequence[Tally]:
            return [tally for at, tally in self.refused if since <= at < until]

        async def earliest() -> int | None:
            return min((at for at, _ in self.rows), default=None)

        async def enrolled() -> int:
            return self.people

        async def new_people(since: int, until: int) -> int:
            return sum(count for at, count in self.new.items() if since <= at < until)

        async def active_people(_since: int, _without: frozenset[str]) -> int:
            return self.active

        async def services() -> Sequence[Known]:
            return self.known

        sources = Sources(
            requests, earliest, refusals, enrolled, new_people, active_people, services, frozenset({"ipse-probe"})
        )
        return Statistics(database, self.clock, Folding(database, self.clock, sources, settled_seconds=840))


def approval(times: int = 1, *, partner: str = "shop", service: str = "LOGIN", method: str = "code") -> Tally:
    return Tally(
        partner, service, "authentication", Outcome.APPROVED, method, times, times * 8_000_000, (0, *(times,) * 5)
    )


def ending(outcome: Outcome, times: int = 1, *, partner: str = "shop", service: str = "LOGIN") -> Tally:
    kind = "" if outcome is Outcome.REFUSED else "authentication"
    return Tally(partner, service, kind, outcome, "", times)
