"""The request log: why requests were refused, for the partner's developer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import structlog

from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids
from ipse.partners.model import Refusal
from ipse.partners.store import refusals as store
from ipse.storage.database import Database
from ipse.storage.statement import Transaction, one, run
from ipse.web.problems import new_reference

KEPT = 1000
"""Lines of one partner."""
KEPT_SECONDS = 30 * 86_400
_FLUSH_SECONDS = 0.25
_MOST_WAITING = 500
_MOST_OF_ONE = 50
_LONGEST = 300

log = structlog.get_logger("ipse.partners")


@dataclass(frozen=True, slots=True)
class _Line:
    partner_id: str
    service_code: str
    endpoint: str
    check: str
    error: str
    description: str
    source: str
    kid: str


@dataclass
class RequestLog:
    """Collects refusals for a quarter of a second, then writes them in one transaction.

    A refusal costs its caller a dictionary entry and never an exception. The same refusal again within that time is one
    line with a count, and a flood is cut off: anybody can send requests in a partner's name.
    """

    database: Database
    clock: Clock
    ids: Ids
    _waiting: dict[_Line, tuple[int, int, str]] = field(default_factory=dict)
    _task: asyncio.Task[None] | None = None

    def refused(  # noqa: PLR0913 - one word for each column
        self,
        partner_id: str,
        service_code: str,
        endpoint: str,
        check: str,
        code: str,
        description: str,
        *,
        source: str = "",
        kid: str = "",
    ) -> str:
        """Note a refusal: `check` is the name of the check that failed, `code` the error code that was answered.

        Gives the reference by which the line is found, for the answer to name; the same again at once has the same.

        Where no check has a name, the code stands in its place.

        Not awaited. Nothing about a person may be in `description`. Unknown partners are left out.
        """
        texts = (partner_id, service_code, endpoint, check or code, code, description, source, kid)
        line = _Line(*(_clean(text) for text in texts))
        times, _, reference = self._waiting.get(line, (0, 0, ""))
        reference = reference or new_reference(self.ids)
        if not line.partner_id or self._is_flooded(line):
            return reference
        self._waiting[line] = (times + 1, self.clock.now(), reference)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._flush_soon())
        return reference

    async def lines(self, partner_id: str, *, after: int = 0, most: int = 100) -> list[Refusal]:
        """The newest refusals of a partner after a time (microseconds UTC), newest first."""
        await self.flush()
        return [store.read_refusal(row) for row in await self.database.rows(store.NEWEST, partner_id, after, most)]

    async def referred(self, partner_id: str, reference: str) -> list[Refusal]:
        """The refusals of a partner that an answer or an error page called so."""
        await self.flush()
        rows = await self.database.rows(store.BY_REFERENCE, partner_id, reference)
        return [store.read_refusal(row) for row in rows]

    async def found(self, reference: str) -> list[Refusal]:
        """The refusals of any partner that an answer or an error page called so: for the scheme's own help desk."""
        await self.flush()
        return [store.read_refusal(row) for row in await self.database.rows(store.FOUND, reference)]

    async def times(self, since: int, until: int) -> dict[tuple[str, str], int]:
        """How many refusals there were in a span of time (microseconds UTC), by partner and service code."""
        rows = await self.database.rows(store.TALLIES, since, until)
        return {(row["partner_id"], row["service_code"]): row["times"] for row in rows}

    async def counts(self, since: int, until: int, *, without: str) -> dict[str, int]:
        """How many refusals there were from one moment up to another, by error code, those of one partner left out."""
        rows = await self.database.rows(store.COUNTED, since, until, without)
        return {row["error"]: int(row["count"]) for row in rows}

    async def flush(self) -> None:
        """Write what waits. A database that cannot be reached costs lines, never a request."""
        waiting, self._waiting = self._waiting, {}
        if not waiting:
            return
        try:
            await self.database.transact(lambda: self._writing(waiting))
        except Exception:
            log.exception("request_log_lost", lines=len(waiting))

    async def forget(self) -> int:
        """Forget lines older than 30 days; how many there were."""
        before = self.clock.now() - KEPT_SECONDS * SECOND
        return len(await self.database.rows(store.FORGET, before))

    async def close(self) -> None:
        """Write what waits, at the end."""
        await self.flush()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    def _is_flooded(self, line: _Line) -> bool:
        if line in self._waiting:
            return False
        of_one = sum(1 for other in self._waiting if other.partner_id == line.partner_id)
        return len(self._waiting) >= _MOST_WAITING or of_one >= _MOST_OF_ONE

    async def _flush_soon(self) -> None:
        while self._waiting:
            await asyncio.sleep(_FLUSH_SECONDS)
            await self.flush()

    def _writing(self, waiting: dict[_Line, tuple[int, int, str]]) -> Transaction[None]:
        for line, (times, at, reference) in waiting.items():
            yield from one(
                store.NOTE, self.ids.identifier(), line.partner_id, at, line.service_code, line.endpoint, line.check,
                line.error, line.description, line.source, line.kid, times, reference,
            )  # fmt: skip
        for partner_id in sorted({line.partner_id for line in waiting}):
            yield from run(store.TRIM, partner_id, KEPT)


def _clean(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)[:_LONGEST]
