"""A gate between two processes: lets bytes through, or stops at one message until its sender is dead or gives up."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Where(Enum):
    """Where a message is stopped."""

    BEFORE = "before"
    """It does not arrive."""
    AFTER = "after"
    """It arrives; its answer does not."""


@dataclass
class Gate:
    """Listens at one place for whoever is at another; each is a port of this machine, or the path of a socket."""

    here: int | str
    there: int | str
    reached: threading.Event = field(default_factory=threading.Event)
    _stop: tuple[bytes, Where] | None = None

    @contextmanager
    def stopping(self, start: bytes, where: Where) -> Iterator[threading.Event]:
        """Stop messages that begin so; the event tells that one was met. Open again afterwards."""
        self.reached.clear()
        self._stop = (start, where)
        try:
            yield self.reached
        finally:
            self._stop = None

    @contextmanager
    def open(self, call: Callable[[Awaitable[object]], object]) -> Iterator[Gate]:
        """Stand, in the event loop that `call` works in."""
        servers: list[asyncio.Server] = []

        async def listen() -> None:
            if isinstance(self.here, int):
                servers.append(await asyncio.start_server(self._between, "127.0.0.1", self.here))
            else:
                servers.append(await asyncio.start_unix_server(self._between, self.here))

        async def close() -> None:
            servers[0].close()

        call(listen())
        try:
            yield self
        finally:
            call(close())

    async def _between(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stopped = asyncio.Event()
        with contextlib.suppress(OSError):
            upstream = await self._connected()
            answers = asyncio.create_task(self._answers(upstream[0], writer, stopped))
            with contextlib.suppress(OSError):
                while octets := await reader.read(65536):
                    if self._stop is not None and octets.startswith(self._stop[0]):
                        stopped.set()
                        if self._stop[1] is Where.BEFORE:
                            self.reached.set()
                            await reader.read()
                            break
                    upstream[1].write(octets)
                    await upstream[1].drain()
            upstream[1].close()
            answers.cancel()
        writer.close()

    async def _answers(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, stopped: asyncio.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while octets := await reader.read(65536):
                if stopped.is_set():
                    self.reached.set()
                    continue
                writer.write(octets)
                await writer.drain()
        writer.close()

    async def _connected(self) -> Streams:
        if isinstance(self.there, int):
            return await asyncio.open_connection("127.0.0.1", self.there)
        return await asyncio.open_unix_connection(self.there)
