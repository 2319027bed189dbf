"""How mobile operators answer: counted in this process, added to the database now and then."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ipse.kernel.clock import SECOND, Clock
from ipse.sim.model import Answers, Holdings
from ipse.sim.store import answers as store
from ipse.storage.database import Database
from ipse.storage.statement import Transaction, run

_HOUR: Final = 3600 * SECOND
_KEPT_DAYS: Final = 90


@dataclass
class AnswerLog:
    """Counts answers by operator, hour and word. A crash loses less than a minute of counts, never an answer."""

    database: Database
    clock: Clock
    _heard: dict[tuple[str, int, str], list[int]] = field(default_factory=dict)

    def heard(self, operator_id: str, word: str, microseconds: int) -> None:
        """Count one answer, or its absence, with the time that it took."""
        hour = self.clock.now() // _HOUR * _HOUR
        counts = self._heard.setdefault((operator_id, hour, word), [0, 0, 0])
        counts[0] += 1
        counts[1] += max(microseconds, 0)
        counts[2] = max(counts[2], microseconds)

    async def flush(self) -> None:
        """Add what was counted; a job."""
        heard, self._heard = self._heard, {}

        def adding() -> Transaction[None]:
            for key, counts in heard.items():
                yield from run(store.ADD, *key, *counts)

        if heard:
            await self.database.transact(adding)
        await self.database.rows(store.FORGET, self.clock.now() - _KEPT_DAYS * 24 * _HOUR)

    async def since(self, operator_id: str, since: int) -> list[Answers]:
        """What an operator answered since then (microseconds), by hour and word, newest first."""
        await self.flush()
        rows = await self.database.rows(store.SINCE, operator_id, since // _HOUR * _HOUR)
        return [
            Answers(row["hour"], row["word"], row["times"], row["microseconds"] / row["times"] / SECOND,
                    row["slowest"] / SECOND)
            for row in rows
        ]  # fmt: skip

    async def holdings(self, operator_id: str) -> Holdings:
        """How many numbers an operator answers for, and its subscriptions by state."""
        numbers = await self.database.row(store.WATCHED, operator_id)
        states = await self.database.rows(store.SUBSCRIBED, operator_id)
        return Holdings(numbers["numbers"] if numbers else 0, {row["state"]: row["times"] for row in states})
