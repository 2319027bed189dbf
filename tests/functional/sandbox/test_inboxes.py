"""The world's inboxes: what is sent by mail or text message arrives and can be read."""

from __future__ import annotations

from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

import aiosmtplib
import httpx
import pytest

from ipse.kernel.clock import FrozenClock
from ipse.sandbox.server import application
from ipse.sandbox.world import World
from tests.support.worlds import world_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from starlette.applications import Starlette


@pytest.fixture
def world(tmp_path: Path) -> World:
    return world_in(tmp_path, 18900)


@pytest.fixture
def app(world: World) -> Starlette:
    return application(world, clock=FrozenClock())


@pytest.fixture
async def client(app: Starlette, world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=world.places.world) as http:
        yield http


@pytest.fixture
async def mail_port(app: Starlette) -> AsyncIterator[int]:
    async with await app.state.mail.serve("127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


def letter(to: str, subject: str, text: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "ipse@ipse.example", to, subject
    message.set_content(text)
    return message


async def read(client: httpx.AsyncClient, *to: str) -> list[dict[str, Any]]:
    answer = await client.get("/inboxes/api", params=[("to", each) for each in to])
    messages: list[dict[str, Any]] = answer.json()["messages"]
    return messages


async def sms(client: httpx.AsyncClient, token: str, body: object) -> httpx.Response:
    return await client.post("/inboxes/sms", json=body, headers={"authorization": f"Bearer {token}"})


async def test_a_mail_arrives_as_it_was_written(client: httpx.AsyncClient, mail_port: int) -> None:
    text = "Grüße aus Gent.\n.\n..twee punten"
    await aiosmtplib.send(
        letter("ada.lievens@post.example", "Één bericht", text),
        hostname="127.0.0.1",
        port=mail_port,
        start_tls=False,
    )
    [message] = await read(client, "Ada.Lievens@post.example")
    assert (message["kind"], message["subject"]) == ("mail", "Één bericht")
    assert message["text"].replace("\r\n", "\n") == text
    page = await client.get("/inboxes/ada")
    assert "Één bericht" in page.text
    assert "Één bericht" not in (await client.get("/inboxes/bram")).text


async def test_a_text_message_arrives_by_number_however_it_is_written(client: httpx.AsyncClient, world: World) -> None:
    token = world.description(FrozenClock())["inboxes"]["sms"]["token"]
    assert (await sms(client, token, {"to": "+32 400000101", "text": "Hallo"})).status_code == 202
    assert (await sms(client, token, {"to": "+32400000101", "text": "Nog eens"})).status_code == 202
    assert [each["text"] for each in await read(client, "+32 400000101")] == ["Nog eens", "Hallo"]
    assert [each["text"] for each in await read(client, "+32400000101")] == ["Nog eens", "Hallo"]
    assert "Nog eens" in (await client.get("/inboxes/")).text


@pytest.mark.parametrize(
    ("token", "body", "status"),
    [
        ("wrong", {"to": "+32 400000101", "text": "x"}, 401),
        ("", {"to": "0400", "text": "x"}, 422),
        ("", {"to": "+32 400000101", "text": ""}, 422),
        ("", ["no"], 400),
    ],
)
async def test_the_gateway_refuses(
    client: httpx.AsyncClient, world: World, token: str, body: object, status: int
) -> None:
    answer = await sms(client, token or world.secrets.sms_token, body)
    assert answer.status_code == status
    assert not await read(client)


async def test_mail_and_gateway_misbehave_on_request(client: httpx.AsyncClient, world: World, mail_port: int) -> None:
    await client.post("/misbehave", json={"party": "inboxes", "how": "error"})
    assert (await sms(client, world.secrets.sms_token, {"to": "+32 400000101", "text": "x"})).status_code == 500
    with pytest.raises(aiosmtplib.SMTPResponseException):
        await aiosmtplib.send(letter("a@b.example", "x", "y"), hostname="127.0.0.1", port=mail_port, start_tls=False)
    assert (await client.get("/inboxes/")).status_code == 200
    assert not await read(client)
