"""Telling waiters that something changed, within this process and across processes of one database.

A wake-up carries only a key and is allowed to be lost: every waiter re-checks its row every few seconds. A wait
subscribes, then checks, then sleeps. PostgreSQL carries keys by NOTIFY on a connection of its own, in batches after
commit; SQLite processes share a small file beside the database that is never fsynced.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Protocol

import structlog

log = structlog.get_logger()
_FLUSH_SECONDS = 0.005


class Bell:
    """Rings when its key is woken."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wake the waiter."""
        self._event.set()

    async def wait(self, timeout_seconds: float) -> bool:
        """Sleep until rung or `timeout_seconds` are over; say whether it rang."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True


class Bus(Protocol):
    """Carries keys to other processes."""

    async def publish(self, keys: Iterable[str]) -> None:
        """Tell the others."""

    async def close(self) -> None:
        """Let go of connections."""


class Wakeups:
    """Bells by key."""

    def __init__(self) -> None:
        self._bells: dict[str, set[Bell]] = {}
        self._pending: set[str] = set()
        self._flush: asyncio.Task[None] | None = None
        self._bus: Bus | None = None
        self.closing = False

    def carried_by(self, bus: Bus) -> None:
        """Use `bus` for the other processes."""
        self._bus = bus

    @property
    def listening_now(self) -> int:
        """How many waits are open."""
        return sum(len(bells) for bells in self._bells.values())

    def listening_to(self) -> Counter[str]:
        """How many waits are open, by what stands before the colon of their key."""
        found = Counter[str]()
        for key, bells in self._bells.items():
            found[key.partition(":")[0]] += len(bells)
        return found

    @asynccontextmanager
    async def listening(self, *keys: str) -> AsyncIterator[Bell]:
        """A bell for these keys, for as long as the context lasts."""
        bell = Bell()
        for key in keys:
            self._bells.setdefault(key, set()).add(bell)
        if self.closing:
            bell.ring()
        try:
            yield bell
        finally:
            for key in keys:
                bells = self._bells.get(key)
                if bells is not None:
                    bells.discard(bell)
                    if not bells:
                        del self._bells[key]

    def wake(self, *keys: str) -> None:
        """Ring the bells of these keys, here now and elsewhere soon. Call after commit."""
        self.ring(keys)
        if self._bus is None:
            return
        self._pending.update(keys)
        if self._flush is None or self._flush.done():
            self._flush = asyncio.get_running_loop().create_task(self._publish())

    def ring(self, keys: Iterable[str]) -> None:
        """Ring the bells of this process only."""
        for key in keys:
            for bell in self._bells.get(key, ()):
                bell.ring()

    def ring_all(self) -> None:
        """Everybody checks again: after a (re)connection, when keys may have been missed."""
        for bells in self._bells.values():
            for bell in bells:
                bell.ring()

    def close(self) -> None:
        """End all waits: the process stops."""
        self.closing = True
        self.ring_all()

    async def stop(self) -> None:
        """Close, and let go of the bus."""
        self.close()
        if self._flush is not None:
            self._flush.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._flush
        if self._bus is not None:
            await self._bus.close()

    async def _publish(self) -> None:
        while self._pending:
            await asyncio.sleep(_FLUSH_SECONDS)
            keys, self._pending = self._pending, set()
            try:
                if self._bus is not None:
                    await self._bus.publish(keys)
            except Exception as error:  # noqa: BLE001 - a lost wake-up costs a few seconds, never a request
                log.warning("wakeups.lost", count=len(keys), error=type(error).__name__)
