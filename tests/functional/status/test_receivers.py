"""Programs that are told of changes: signed, tried again until taken, and never inside a private network (T-23)."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest

from ipse.kernel.clock import SECOND, FrozenClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import Environment, SettingsError
from ipse.standards import jose
from ipse.status.server import composed
from ipse.status.settings import Receiver
from tests.functional.status.conftest import Desk, settings_of
from tests.support.status_files import NOW, Publishers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@dataclass
class Endpoint:
    """A receiver's program."""

    answer: int = 202
    taken: list[tuple[dict[str, str], str]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.taken.append((headers, body.decode()))
        writer.write(f"HTTP/1.1 {self.answer} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def told(folder: Path, *receivers: Receiver) -> AsyncIterator[Desk]:
    """A status page with receivers, where the bank goes down."""
    (folder / "published").mkdir()
    clock, settings = FrozenClock(NOW * SECOND), settings_of(folder, receivers)
    async with (
        composed(settings, clock, RandomIds()) as page,
        httpx.AsyncClient(transport=httpx.ASGITransport(page.application), base_url=settings.address) as http,
    ):
        desk = Desk(page, Publishers(folder / "published"), clock, http, settings)
        for _ in range(2):
            await desk.pass_time(30)
        yield desk


async def test_each_change_arrives_signed_and_is_tried_again_until_it_is_taken(tmp_path: Path) -> None:
    endpoint = Endpoint()
    server = await asyncio.start_server(endpoint.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/events"
    async with server, told(tmp_path, Receiver(url, ("enrolment-bank-lys",))) as desk:
        await desk.page.receivers.send_due()
        endpoint.taken.clear()
        endpoint.answer = 503
        for _ in range(2):
            await desk.pass_time(5, {"bank:lys": "full", "bank:vesta": "full"})
        await desk.page.receivers.send_due()
        await desk.page.receivers.send_due()  # not due again yet
        assert len(endpoint.taken) == 1
        endpoint.answer = 202
        desk.clock.advance(seconds=6)
        await desk.page.receivers.send_due()
        desk.clock.advance(seconds=3600)
        await desk.page.receivers.send_due()  # taken: nothing more
        assert len(endpoint.taken) == 2
        headers, body = endpoint.taken[-1]
        assert headers["content-type"] == "application/secevent+jwt"
        keys = jose.public_keys(msgspec.convert(desk.page.documents.signer.published, dict[str, Any]))
        token = jose.verify(jose.UnverifiedToken.parse(body), keys, algorithms={"ES256"}, types={"secevent+jwt"})
        event = token.claims["events"][f"{desk.settings.address}/events/component-changed"]
        assert (event["component"], event["severity"]) == ("enrolment-bank-lys", "major_outage")
        assert token.claims["aud"] == url
        assert endpoint.taken[0][1] == body  # the same event, so that a program can tell it had it


async def test_what_nobody_takes_is_given_up_after_a_day(tmp_path: Path) -> None:
    async with told(tmp_path, Receiver("http://127.0.0.1:9/events")) as desk:
        assert await desk.page.receivers.database.rows("select delivery_id from status_deliveries")
        for _ in range(40):
            await desk.page.receivers.send_due()
            desk.clock.advance(seconds=3601)
        assert not await desk.page.receivers.database.rows("select delivery_id from status_deliveries")


async def test_an_operator_can_try_a_receiver(tmp_path: Path) -> None:
    endpoint = Endpoint()
    server = await asyncio.start_server(endpoint.serve, "127.0.0.1", 0)
    receiver = Receiver(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/events")
    async with server, told(tmp_path, receiver) as desk:
        assert await desk.page.receivers.try_one(receiver) is None
        endpoint.answer = 400
        assert await desk.page.receivers.try_one(receiver) == "answered 400"


@pytest.mark.parametrize("url", ["http://status.example/x", "http://10.0.0.1/x", "ftp://status.example/x"])
def test_production_tells_nobody_without_tls(tmp_path: Path, url: str) -> None:
    settings = msgspec.structs.replace(
        settings_of(tmp_path, (Receiver(url),)), environment=Environment.PRODUCTION, address="https://status.example"
    )
    with pytest.raises(SettingsError, match="is not https"):
        settings.check()


async def test_an_address_inside_a_private_network_is_never_called(tmp_path: Path) -> None:
    async with told(tmp_path, Receiver("https://10.0.0.1/events")) as desk:
        assert "public Internet" in (await desk.page.receivers.try_one(desk.settings.receivers[0]) or "")
