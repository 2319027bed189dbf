"""Handing out news: every event reaches each of its handlers, however often it takes.

An event is written with what happened (`publishing`). One process at a time takes it, by one conditional statement; a
process that dies with it gives it back after a minute. A handler that fails is called again later, those of the same
event that succeeded are not. A handler may still be called twice when a process dies between its work and our note of
it: handlers do the same thing twice without harm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import structlog

from ipse.kernel.clock import SECOND, Clock
from ipse.storage.database import Database
from ipse.storage.publishing import OUTBOX_KEY
from ipse.storage.statement import Row
from ipse.storage.wakeups import Bell
from ipse.telemetry import metrics

log = structlog.get_logger("ipse.storage")
_LOOK_SECONDS: Final = 3.0
"""How soon an event is found whose wake-up was lost."""
_LEASE_SECONDS: Final = 60
_HANDLER_SECONDS: Final = 45
"""A handler that takes longer has failed; shorter than the lease, so that it is not working twice at once."""
_MOST_AT_ONCE: Final = 16
_PAUSES: Final = (1, 5, 30, 120, 600, 3600)
"""Seconds until the next try; the last one for ever after. Nothing is dropped."""

DUE = """
select event_id from storage_outbox where due_at <= $1 order by due_at limit 20
"""
WAITING = """
select count(*) as waiting, count(case when due_at <= $1 then 1 end) as due, min(created_at) as oldest
from storage_outbox
"""
TAKE = """
update storage_outbox set due_at = $3, tries = tries + 1 where event_id = $1 and due_at <= $2
returning event_id, name, payload, handled, tries, created_at
"""
PUT_BACK = """
update storage_outbox set handled = $3, due_at = $4 where event_id = $1 and due_at = $2 returning event_id
"""
DONE = "delete from storage_outbox where event_id = $1 and due_at = $2 returning event_id"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, at a time in microseconds."""

    event_id: str
    name: str
    payload: Mapping[str, Any]
    at: int


Handler = Callable[[Event], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits in the outbox."""

    due: int
    later: int
    oldest_at: int | None
    """Microseconds UTC."""


@dataclass(frozen=True)
class Outbox:
    """Hands out events to `handlers`: by the event's name, each with a name of its own that must not change."""

    database: Database
    clock: Clock
    handlers: Mapping[str, Mapping[str, Handler]]

    async def keep_up(self) -> None:
        """Hand out what comes until the process stops: several at a time, so that a slow handler holds up no other."""
        wakeups, working = self.database.wakeups, dict[str, asyncio.Task[None]]()
        try:
            async with wakeups.listening(OUTBOX_KEY) as bell:
                while not wakeups.closing:
                    try:
                        await self._begin(working, bell)
                    except Exception as error:  # noqa: BLE001 - the database may be away for a while
                        log.warning("outbox.stuck", error=type(error).__name__)
                    await bell.wait(_LOOK_SECONDS)
        finally:
            for task in working.values():
                task.cancel()
            await asyncio.gather(*working.values(), return_exceptions=True)

    async def _begin(self, working: dict[str, asyncio.Task[None]], bell: Bell) -> None:
        """Begin with what is due, as far as there is room; each that ends makes room and asks for more."""
        rows = await self.database.rows(DUE, self.clock.now()) if len(working) < _MOST_AT_ONCE else ()
        for row in rows:
            event_id = row["event_id"]
            if event_id in working or len(working) >= _MOST_AT_ONCE:
                continue
            task = working[event_id] = asyncio.create_task(self._work(event_id))

            def ended(_: asyncio.Task[None], event_id: str = event_id) -> None:
                working.pop(event_id, None)
                bell.ring()

            task.add_done_callback(ended)

    async def _work(self, event_id: str) -> None:
        try:
            await self._take(event_id)
        except Exception as error:  # noqa: BLE001 - its lease runs out, and it comes again
            log.warning("outbox.stuck", error=type(error).__name__)

    async def backlog(self) -> Backlog:
        """How much waits, and since when."""
        row = await self.database.row(WAITING, self.clock.now())
        if row is None:
            return Backlog(0, 0, None)
        return Backlog(row["due"], row["waiting"] - row["due"], row["oldest"])

    async def hand_out(self) -> int:
        """Hand out what is due now, one after the other. Returns how many events were taken."""
        rows = await self.database.rows(DUE, self.clock.now())
        return sum([await self._take(row["event_id"]) for row in rows])

    async def _take(self, event_id: str) -> bool:
        now = self.clock.now()
        lease = now + _LEASE_SECONDS * SECOND
        row = await self.database.row(TAKE, event_id, now, lease)
        if row is None:
            return False  # another process has it
        handled, failed = await self._handle(row)
        if failed:
            pause = _PAUSES[min(row["tries"], len(_PAUSES)) - 1]
            due = self.clock.now() + pause * SECOND
            await self.database.rows(PUT_BACK, event_id, lease, msgspec.json.encode(handled).decode(), due)
        else:
            await self.database.rows(DONE, event_id, lease)
        return True

    async def _handle(self, row: Row) -> tuple[list[str], bool]:
        """Call the handlers that have not had this event; who has had it now, and whether one failed."""
        event = Event(row["event_id"], row["name"], msgspec.json.decode(row["payload"]), row["created_at"])
        handled: list[str] = msgspec.json.decode(row["handled"], type=list[str])
        failed = False
        for name, handler in self.handlers.get(event.name, {}).items():
            if name in handled:
                continue
            try:
                async with asyncio.timeout(_HANDLER_SECONDS):
                    await handler(event)
                handled.append(name)
                metrics.HANDLERS.add(name, "done")
            except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
                failed = True
                metrics.HANDLERS.add(name, "failed")
                log.warning(
                    "outbox.failed", event_name=event.name, handler=name, tries=row["tries"], error=type(error).__name__
                )
        return handled, failed
