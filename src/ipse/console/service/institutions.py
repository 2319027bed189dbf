"""What banks and mobile operators see: their own enrolments, failures, events and latencies, and nobody's name."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from ipse.attributes.service import Attributes
from ipse.console.model import Enrolments, Failure
from ipse.enrolment.model import Registrar
from ipse.enrolment.service.registrars import Registrars, enrolled_through
from ipse.enrolment.service.reports import reported
from ipse.kernel.clock import SECOND, Clock, day
from ipse.people.service import People
from ipse.sim.model import Answers, Holdings, Operator
from ipse.sim.service import Sims
from ipse.storage.database import Database

_DAY: Final = 86_400 * SECOND
_MOST_FAILURES: Final = 50


@dataclass(frozen=True)
class Institutions:
    """Use cases of banks and mobile operators."""

    database: Database
    clock: Clock
    registrars: Registrars
    attributes: Attributes
    people: People
    sims: Sims

    async def registrar(self, registrar_id: str) -> Registrar | None:
        """A registrar."""
        return await self.registrars.get(registrar_id)

    async def enrolments(self, registrar_id: str, *, days: int = 2) -> Enrolments:
        """What came of the enrolments of the last days: counts, times, and references of those that failed."""
        found = await reported(self.database, self.clock, registrar_id, self.clock.now() - days * _DAY)
        took = sorted(each.took for each in found if each.took is not None)
        failed = [each for each in found if each.outcome in {"ended", "expired"}]
        return Enrolments(
            by_outcome=dict(Counter(each.outcome for each in found)),
            median_seconds=_at(took, 0.5),
            slow_seconds=_at(took, 0.95),
            failures=tuple(
                Failure(each.began_at, each.reference, each.why or each.outcome) for each in failed[:_MOST_FAILURES]
            ),
        )

    async def identities(self, registrar_id: str, *, days: int = 30) -> list[tuple[str, int]]:
        """How many identities came in through a registrar on each of the last days, newest first."""
        since = self.clock.now() - days * _DAY
        born = await self.attributes.born_from(registrar_id, since)
        counts = Counter(day(at).isoformat() for _, at, _ in born)
        return sorted(counts.items(), reverse=True)

    async def born_since(self, registrar_id: str, since: int) -> list[tuple[str, int, str, str]]:
        """The identities born from a registrar since then: id, when, level and state (T-12). For security alone."""
        found = await enrolled_through(registrar_id, since=since, attributes=self.attributes, people=self.people)
        return [(each.account_id, each.at, each.level, each.state) for each in found]

    async def operator(self, operator_id: str) -> Operator:
        """A mobile operator.

        Raises:
            UnknownOperatorError: there is none.
        """
        return await self.sims.operators.get(operator_id)

    async def answers(self, operator_id: str, *, hours: int = 48) -> list[Answers]:
        """How a mobile operator answered in the last hours, newest first."""
        return await self.sims.answers.since(operator_id, self.clock.now() - hours * 3600 * SECOND)

    async def holdings(self, operator_id: str) -> Holdings:
        """How many numbers it answers for, and its subscriptions."""
        return await self.sims.answers.holdings(operator_id)


def _at(taken: list[int], share: float) -> float | None:
    """The time that this share took no longer than, in seconds."""
    return taken[min(int(len(taken) * share), len(taken) - 1)] / SECOND if taken else None
