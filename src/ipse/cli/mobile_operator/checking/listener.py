"""A sink of our own, for as long as a check lasts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

_LARGEST: Final = 65_536
_PATIENCE_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event as it arrived; `headers` with small names."""

    headers: Mapping[str, str]
    event: Mapping[str, Any]


@dataclass(slots=True)
class Listener:
    """Takes events at a port; `sink` is its address as the candidate reaches it."""

    sink: str
    patience: float = _PATIENCE_SECONDS
    """Seconds to wait for an event."""
    arrivals: list[Arrival] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, host: str, port: int) -> asyncio.Server:
        """Begin to listen."""
        return await asyncio.start_server(self._take, host, port, limit=_LARGEST)

    async def awaited(self, kind: str, subscription_id: str) -> Arrival | None:
        """The event of that type and subscription, waiting for it; None if it does not come."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.patience):
                while True:
                    for arrival in self.arrivals:
                        data = arrival.event.get("data") or {}
                        if arrival.event.get("type") == kind and data.get("subscriptionId") == subscription_id:
                            return arrival
                    self._news.clear()
                    await self._news.wait()
        return None

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[1:]
                pairs = (line.partition(":") for line in lines if ":" in line)
                headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
                body = await reader.readexactly(min(int(headers.get("content-length", "0")), _LARGEST))
            event = msgspec.json.decode(body, type=dict[str, Any])
        except (TimeoutError, OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            event, headers = None, {}
        if event is not None:
            self.arrivals.append(Arrival(headers, event))
            self._news.set()
        status = b"204 No Content" if event is not None else b"400 Bad Request"
        with contextlib.suppress(OSError):
            writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
        writer.close()
