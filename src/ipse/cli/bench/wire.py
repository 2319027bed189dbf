"""HTTP/1.1 on one keep-alive connection, as lean as a load driver needs it (RFC 9112; bodies by Content-Length)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import cast

_HEAD_END = b"\r\n\r\n"


class WireError(Exception):
    """The server closed the connection or answered in a form this client does not read."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer; header names are lower-case."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes


class _Peer(asyncio.Protocol):
    """Collects one answer at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self._buffer = b""
        self._waiting: asyncio.Future[Response] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        answer = self._take()
        if answer and self._waiting and not self._waiting.done():
            self._waiting.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting and not self._waiting.done():
            self._waiting.set_exception(WireError(f"the server closed the connection: {exc}"))
        self.transport = None

    def send(self, octets: bytes) -> asyncio.Future[Response]:
        if self.transport is None:
            raise WireError("not connected")
        self._waiting = asyncio.get_running_loop().create_future()
        self.transport.write(octets)
        return self._waiting

    def _take(self) -> Response | None:
        head, found, rest = self._buffer.partition(_HEAD_END)
        if not found:
            return None
        lines = head.split(b"\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(b":")
            headers[name.lower()] = value.strip()
        length = int(headers.get(b"content-length", b"0"))
        if len(rest) < length:
            return None
        self._buffer = rest[length:]
        return Response(status=int(lines[0][9:12]), headers=headers, body=rest[:length])


@dataclass(slots=True)
class Connection:
    """One keep-alive connection; connects again after the server closed it."""

    host: str
    port: int
    _peer: _Peer | None = None

    async def ask(self, method: str, target: str, *, headers: str = "", body: bytes = b"") -> Response:
        """Send a request and wait for its answer. `headers` are complete lines, each ending in CR LF.

        Raises:
            WireError: the server closed the connection meanwhile.
        """
        if self._peer is None or self._peer.transport is None:
            loop = asyncio.get_running_loop()
            _, self._peer = await loop.create_connection(_Peer, self.host, self.port)
        length = f"Content-Length: {len(body)}\r\n" if body or method == "POST" else ""
        head = f"{method} {target} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n{length}{headers}\r\n"
        return await self._peer.send(head.encode() + body)

    def close(self) -> None:
        """Hang up."""
        if self._peer and self._peer.transport:
            self._peer.transport.close()
