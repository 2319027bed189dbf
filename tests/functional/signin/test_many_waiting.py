"""Two thousand browsers wait; others do not notice, one is told, and all end when the server stops."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import httpx
import pytest

from ipse.actions.model import NewAction, Request
from ipse.kernel.ids import sha256
from tests.functional.signin.conftest import Site

BROWSERS = 2_000
COOKIE = "w" * 43
ASKED = Request(
    partner_name="Shop",
    service_name={"en": "Login"},
    purpose={},
    assurance="basic",
    attributes=(),
    protocol={"door": "test", "state": "s"},
    language="en",
)


@dataclass
class Waiter:
    """One browser's open stream."""

    handle: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def event(self) -> str:
        """The next event's data; keep-alive comments are skipped. Empty when the stream has ended."""
        while line := await self.reader.readline():
            if line.startswith(b"data: "):
                return line.decode()
        return ""


@pytest.fixture
def descriptors() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = BROWSERS * 2 + 512
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def wait(site: Site) -> Waiter:
    new = NewAction(
        kind="authentication",
        partner_id="shop",
        service_code="LOGIN",
        request=ASKED,
        browser_hash=sha256(COOKIE),
    )
    action = await site.actions.begin(new)
    port = int(site.origin.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = (
        f"GET /v2/sign-in/{action.handle}/events HTTP/1.1\r\nHost: localhost:{port}\r\nCookie: ipse={COOKIE}\r\n\r\n"
    )
    writer.write(request.encode())
    waiter = Waiter(action.handle, reader, writer)
    assert '"state":"waiting"' in await waiter.event()
    return waiter


@pytest.fixture
async def waiters(descriptors: None, site: Site) -> AsyncIterator[list[Waiter]]:
    gate = asyncio.Semaphore(50)

    async def one() -> Waiter:
        async with gate:
            return await wait(site)

    found = await asyncio.gather(*(one() for _ in range(BROWSERS)))
    yield found
    for waiter in found:
        waiter.writer.close()


async def test_two_thousand_wait_and_nobody_is_disturbed(
    site: Site, waiters: list[Waiter], client: httpx.AsyncClient
) -> None:
    wakeups = site.actions.database.wakeups
    assert wakeups.listening_now == BROWSERS

    for _ in range(20):
        page = await client.get("/door")
        assert page.status_code == 200
        await asyncio.sleep(0.05)

    chosen = waiters[BROWSERS // 2]
    await site.claimed(chosen.handle)
    assert '"state":"claimed"' in await chosen.event()
    await site.approved(chosen.handle)
    assert '"state":"approved"' in await chosen.event()
    assert await chosen.event() == "", "told, then the stream ends"

    for leaving in waiters[:500]:
        leaving.writer.close()
    async with asyncio.timeout(30):
        while wakeups.listening_now > BROWSERS - 501:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    wakeups.close()
    async with asyncio.timeout(30):
        ended = await asyncio.gather(
            *(waiter.event() for waiter in waiters[500:] if waiter is not chosen), return_exceptions=True
        )
    assert set(ended) == {""}, "parked waits end with a clean last byte when the process stops"
    assert wakeups.listening_now == 0
