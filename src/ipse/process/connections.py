"""Connections that one client can neither fill nor hold: uvicorn's HTTP/1.1 with bounds of its own.

uvicorn keeps whatever comes before a body in memory, and waits for it as long as the client likes.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_BYTES = 65_536
"""Of a request without its body: address, headers, and what frames the body. Bodies are bounded where they are read."""
SECONDS = 30.0
"""For a whole request to arrive, from the connection or from the end of the one before."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection. A request that is too large is refused, one that is too slow ends the connection."""

    seconds = SECONDS
    _arriving = True
    _bytes = 0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Begin to wait."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._rest()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, then judge how much it is and whether more must come."""
        self._bytes += len(data)
        super().data_received(data)
        if self._bytes > MOST_BYTES:
            self._refuse()
        elif self._answering() and not self._arriving:
            self._rest()
        else:
            self._wait()

    def on_message_begin(self) -> None:
        """A new request: count from here. What came with its first bytes is free, and at most one read."""
        self._arriving, self._bytes = True, 0
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        """Bodies count elsewhere."""
        self._bytes -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """It is here."""
        self._arriving = False
        super().on_message_complete()

    def _wait(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(self.seconds, self.transport.close)

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self) -> None:
        if self.transport.is_closing():
            return
        if self._answering():
            self.transport.close()
        else:
            self.send_400_response("The request is too large.")

    def _answering(self) -> bool:
        cycle = getattr(self, "cycle", None)  # None before the first request, which uvicorn's types do not say
        return cycle is not None and not cycle.response_complete
