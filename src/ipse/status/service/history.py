"""What became of each component, kept durably and in memory: there are few changes, and every page asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from ipse.status import store
from ipse.status.model import DAY, Change, Severity
from ipse.storage.database import Database
from ipse.storage.errors import DatabaseUnavailableError

log = structlog.get_logger("ipse.status")
KEPT_DAYS = 400
"""Thirteen months."""


@dataclass
class History:
    """The changes of every component, oldest first."""

    database: Database
    _changes: dict[str, list[Change]] = field(default_factory=dict)

    async def load(self, now: int, *, silent_seconds: int) -> None:
        """Read what is kept. Where nobody looked for a while, nothing was known."""
        for row in await self.database.rows(store.CHANGES):
            change = store.read_change(row)
            self._changes.setdefault(change.component, []).append(change)
        seen = await self.database.row(store.SEEN)
        if seen is not None and now - seen["at"] > silent_seconds:
            await self.interrupted(seen["at"])

    async def interrupted(self, at: int) -> None:
        """Since that moment nobody has looked."""
        for component, changes in self._changes.items():
            if changes[-1].severity is not Severity.UNKNOWN:
                await self.add(Change(component, at, Severity.UNKNOWN, "the status page did not run"))

    async def add(self, change: Change) -> Change:
        """Keep a change; it comes after the last one, whatever it says of its beginning.

        A full disk loses it at the next start, and never what people see now.
        """
        known = self._changes.setdefault(change.component, [])
        if known and change.since <= known[-1].since:
            change = Change(change.component, known[-1].since + 1, change.severity, change.why)
        known.append(change)
        await self._keep(store.ADD, change.component, change.since, change.severity.value, change.why)
        return change

    async def looked(self, now: int) -> None:
        """Somebody looks."""
        await self._keep(store.SEE, now)

    async def _keep(self, text: str, *values: object) -> None:
        try:
            await self.database.rows(text, *values)
        except DatabaseUnavailableError as error:
            log.warning("history.not_kept", told=str(error))

    async def forget(self, now: int) -> None:
        """Lose what is older than pages show."""
        before = now - KEPT_DAYS * DAY
        await self.database.rows(store.FORGET, before)
        for component, changes in self._changes.items():
            kept = [change for change in changes if change.since >= before]
            older = [change for change in changes if change.since < before]
            self._changes[component] = older[-1:] + kept

    def of(self, component: str) -> Sequence[Change]:
        """The changes of one component, oldest first."""
        return self._changes.get(component, ())

    def last(self, component: str) -> Change | None:
        """How a component is now, as far as is kept."""
        changes = self._changes.get(component)
        return changes[-1] if changes else None

    def newest(self, count: int) -> list[Change]:
        """The newest changes of all components, newest first."""
        every = (change for changes in self._changes.values() for change in changes)
        return sorted(every, key=lambda change: (-change.since, change.component))[:count]
