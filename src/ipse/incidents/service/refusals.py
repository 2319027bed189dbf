"""Refusals by their reference, for a help desk: what failed, where and when, and nothing about anybody."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from ipse.incidents import store
from ipse.incidents.model import Refusal
from ipse.kernel import references
from ipse.kernel.clock import SECOND, Clock
from ipse.storage.database import Database
from ipse.storage.statement import Transaction
from ipse.web.problems import Refused

log = structlog.get_logger("ipse.incidents")
KEPT_DAYS: Final = 30
_FLUSH_SECONDS: Final = 0.5
_MOST_WAITING: Final = 100
"""In half a second. A flood costs lines, never a request."""
_ORDINARY: Final = frozenset({404, 405, 429})
_MOST_ORDINARY: Final = 10
"""Of addresses that there are not and of too many requests, which anybody can send by the thousand."""
MOST_KEPT: Final = 200_000
"""A flood that goes on pushes out the oldest."""

Elsewhere = Callable[[str], Awaitable[list[Refusal]]]
"""Looks a reference up where another feature keeps refusals."""


@dataclass
class Refusals:
    """Collects refusals for half a second, then writes them in one transaction; and finds them again."""

    database: Database
    clock: Clock
    elsewhere: Elsewhere
    _waiting: list[tuple[int, Refused]] = field(default_factory=list)
    _task: asyncio.Task[None] | None = None

    def note(self, refused: Refused) -> None:
        """Keep a refusal. Not awaited, and never an exception."""
        if len(self._waiting) >= (_MOST_ORDINARY if refused.status in _ORDINARY else _MOST_WAITING):
            return
        self._waiting.append((self.clock.now(), refused))
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._flush_soon())

    async def find(self, typed: str) -> list[Refusal]:
        """What a reference stands for, as it was typed or heard; empty: nothing that is kept.

        Refusals of partners' requests are found where their developers read them, too.
        """
        reference = references.read(typed)
        if reference is None:
            return []
        await self.flush()
        own = [store.read_refusal(row) for row in await self.database.rows(store.REFUSALS, reference)]
        theirs = await self.elsewhere(reference)
        return sorted([*theirs, *own], key=lambda refusal: refusal.at, reverse=True)

    async def flush(self) -> None:
        """Write what waits. A database that cannot be reached costs lines, never a request."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return

        def transaction() -> Transaction[None]:
            for at, refused in waiting:
                yield store.noting(at, refused.reference, refused.status, refused.code, refused.route, refused.caller)

        try:
            await self.database.transact(transaction)
        except Exception as error:  # noqa: BLE001 - see above
            log.warning("refusals_lost", lines=len(waiting), error=type(error).__name__)

    async def forget(self) -> int:
        """Forget what is older than 30 days, and what is too much; how many there were."""
        before = self.clock.now() - KEPT_DAYS * 86_400 * SECOND
        return len(await self.database.rows(store.FORGET_REFUSALS, before, MOST_KEPT))

    async def close(self) -> None:
        """Write what waits, at the end."""
        await self.flush()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _flush_soon(self) -> None:
        while self._waiting:
            await asyncio.sleep(_FLUSH_SECONDS)
            await self.flush()
