"""What one connection can cost: memory for what comes before a body, and time."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from ipse.process.connections import MOST_BYTES, BoundedProtocol
from tests.functional.app.conftest import open_shop
from tests.functional.app.installation import Place

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Tell how long the body was."""
    body = await Request(scope, receive).body()
    await PlainTextResponse(f"{len(body)} bytes")(scope, receive, send)


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    """A server that waits half a second for a request."""
    monkeypatch.setattr(BoundedProtocol, "seconds", 0.5)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(echo, http=BoundedProtocol, lifespan="off", log_config=None))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    yield listener.getsockname()[1]
    server.should_exit = True
    await serving


async def answered(port: int, *parts: bytes, pause: float = 0.0) -> bytes:
    """All that comes back until the server ends the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def send() -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)

    sending = asyncio.create_task(send())
    try:
        async with asyncio.timeout(10):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.close()


async def taken(port: int, beginning: bytes, endless: bytes) -> int:
    """How often, of a hundred times, the server takes more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    times = 0
    try:
        writer.write(beginning)
        async with asyncio.timeout(10):
            while not reader.at_eof() and times < 100:
                writer.write(endless)
                await writer.drain()
                times += 1
                await asyncio.sleep(0.005)
    except ConnectionError:
        pass
    finally:
        writer.close()
    return times


@pytest.mark.parametrize(
    ("beginning", "endless"),
    [
        (b"GET /", b"a" * 100_000),
        (GET + b"X-One: ", b"a" * 100_000),
        (GET, b"X-Many: b\r\n" * 10_000),
        (b"", b"\r\n" * 50_000),
        (CHUNKED + b"2\r\nhi\r\n0\r\n", b"X-Trailer: b\r\n" * 10_000),
        (CHUNKED, b"1;" + b"x" * 100_000),
    ],
    ids=["address", "header", "headers", "lines", "trailers", "extension"],
)
async def test_what_comes_before_a_body_has_an_end(port: int, beginning: bytes, endless: bytes) -> None:
    """T-15."""
    assert await taken(port, beginning, endless) < 100, "ten million bytes were taken"


@pytest.mark.parametrize(
    ("beginning", "letter"),
    [(b"", b""), (b"\r\n", b"\r\n"), (b"GET /", b"a"), (GET + b"X-One: ", b"a"), (CHUNKED + b"ff\r\n", b"a")],
    ids=["nothing", "lines", "address", "header", "body"],
)
async def test_a_request_that_does_not_come_ends_the_connection(port: int, beginning: bytes, letter: bytes) -> None:
    """T-15: also one that comes letter by letter."""
    started = time.monotonic()
    assert await answered(port, beginning, *[letter] * 50, pause=0.1) == b""
    assert time.monotonic() - started < 3


async def test_bodies_and_connections_that_stay_are_as_before(port: int) -> None:
    body = b"x" * (8 * MOST_BYTES)
    post = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body)
    last = GET + b"Connection: close\r\n\r\n"
    answers = await answered(port, post, body, GET + b"\r\n", last, pause=0.1)
    assert answers.count(b"200 OK") == 3
    assert b"%d bytes" % len(body) in answers


@pytest.mark.processes
async def test_the_scheme_serves_with_these_bounds(small: Place) -> None:
    await open_shop(small)
    with small.serving():
        assert await taken(small.port, GET + b"X-One: ", b"a" * 100_000) < 100
