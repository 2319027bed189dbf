"""The files behind the status page: written beside their place and renamed, so that nobody reads half of one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog

from ipse.incidents.rules.publishing import outcomes_document
from ipse.incidents.service.board import Board
from ipse.kernel.clock import SECOND
from ipse.process.published import publish
from ipse.storage.errors import DatabaseUnavailableError

log = structlog.get_logger("ipse.incidents")
WRITE_SECONDS: Final = 5.0
_FIVE_MINUTES, _HOUR = 300 * SECOND, 3600 * SECOND
_SLOWLY: Final = 60 * SECOND
"""How often the last hour is counted; the last five minutes are counted each time."""
INCIDENTS: Final = "incidents.json"
OUTCOMES: Final = "outcomes.json"

Counts = Mapping[str, int]
Counting = Callable[[int, int], Awaitable[Mapping[str, Counts]]]
"""Counts by component, of what ended from one moment up to another."""


@dataclass
class StatusFiles:
    """Writes what `board` says, and what `counting` counts, into a folder."""

    board: Board
    folder: Path
    counting: Counting
    _hour: Mapping[str, Counts] = field(default_factory=dict)
    _counted_at: int = 0

    async def write_incidents(self) -> None:
        """Write `incidents.json` as the board has it."""
        if self.board.document:
            await self._write(INCIDENTS, self.board.document)

    async def write_outcomes(self) -> None:
        """Count and write `outcomes.json`."""
        now = self.board.incidents.clock.now()
        five = await self.counting(now - _FIVE_MINUTES, now)
        if not self._hour or now - self._counted_at >= _SLOWLY:
            self._hour, self._counted_at = await self.counting(now - _HOUR, now), now
        counts = {component: (five[component], self._hour.get(component, five[component])) for component in five}
        await self._write(OUTCOMES, outcomes_document(counts, now=now))

    async def keep_up(self) -> None:
        """Write both again and again until the process stops. Without a database neither is: their age tells."""
        while True:
            try:
                await self.board.refresh()
                await self.write_incidents()
                await self.write_outcomes()
            except DatabaseUnavailableError:
                pass  # the board has said so
            except Exception as error:  # noqa: BLE001 - a full disk must not end the writing for ever
                log.warning("status_files.not_written", folder=str(self.folder), error=type(error).__name__)
            await asyncio.sleep(WRITE_SECONDS)

    async def _write(self, name: str, document: Mapping[str, Any]) -> None:
        content = msgspec.json.encode(document)
        await asyncio.to_thread(publish, self.folder / name, content)
