"""What is said now: kept in memory, looked at every two seconds, so that no request pays for it with a statement."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from ipse.incidents.model import Announcement
from ipse.incidents.rules.announcing import announcement
from ipse.incidents.rules.publishing import incidents_document
from ipse.incidents.service.incidents import Component, Incidents
from ipse.storage.errors import DatabaseUnavailableError

log = structlog.get_logger("ipse.incidents")
LOOK_SECONDS: Final = 2.0
"""A change is in force in every process after this long at most (five seconds are allowed)."""


@dataclass
class Board:
    """One process's view of incidents. `about` are the members that say whose document it is."""

    incidents: Incidents
    about: Mapping[str, Any]
    listeners: list[Callable[[Announcement | None], None]] = field(default_factory=list)
    announcement: Announcement | None = None
    document: dict[str, Any] = field(default_factory=dict)
    """`incidents.json` as it is now; empty before the first look."""

    async def refresh(self) -> bool:
        """Look again. Says whether anything has changed. Without a database what was said stays."""
        incidents, now = self.incidents, self.incidents.clock.now()
        try:
            found, windows = await incidents.incidents(), await incidents.maintenance()
            components = await incidents.listing()
        except DatabaseUnavailableError as error:
            log.warning("incidents.not_read", error=type(error).__name__)
            return False
        names = {each.id: each.own_name for each in components}
        about = {**self.about, "components": [self._entry(each, names) for each in components]}
        before, said = self.document, self.announcement
        self.document = incidents_document(about, found, windows, now=now)
        self.announcement = announcement(found, windows, now=now)
        if self.announcement != said:
            for listener in self.listeners:
                listener(self.announcement)
        return {**before, "written_at": 0} != {**self.document, "written_at": 0}

    async def keep_up(self, changed: Callable[[], Awaitable[object]]) -> None:
        """Look again and again until the process stops; `changed` is called when something has, and at the start."""
        while True:
            try:
                if await self.refresh():
                    await changed()
            except Exception as error:  # noqa: BLE001 - what is said now must not end with one bad look
                log.warning("incidents.stuck", error=type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    def _entry(self, component: Component, names: Mapping[str, str]) -> dict[str, Any]:
        return {
            "id": component.id,
            "kind": component.kind,
            "name": self.incidents.wording.component(component.id, names),
            "offered": component.offered,
        }
