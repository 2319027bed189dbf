"""Notices: written with what they tell, sent once by mail and text message, seen by their person (B-27)."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn

from ipse.app.keystores import create_keystore, open_keystore
from ipse.kernel.clock import FrozenClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import Environment, Mail, Settings, SettingsError, Sms
from ipse.notices.clients import MailClient, NotDeliveredError, SmsClient
from ipse.notices.model import WAIT_DAYS, Channel, Contact, NoticeKind, Reachable, Sender
from ipse.notices.rules import write
from ipse.notices.service import Delivery, Notices
from ipse.sandbox.server import application
from ipse.web import languages
from ipse.web.outgoing import Outgoing
from tests.support.worlds import world_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from ipse.storage.database import Database

ADA = Reachable("Ada", "nl", (Contact(Channel.MAIL, "ada.lievens@post.example"), Contact(Channel.SMS, "+32 400000101")))
FIRST_PORT = 19660
LAST_PORT = 19690


@dataclass
class Post:
    """A delivery into the sandbox's inboxes, and the parts that a test turns."""

    delivery: Delivery
    inboxes: Any
    moods: Any
    clock: FrozenClock
    database: Database
    people: dict[str, Reachable] = field(default_factory=dict)

    async def tell(self, kind: NoticeKind, **more: Any) -> str:
        """Write a notice; its id."""
        now = self.clock.now()
        await self.database.transact(lambda: self.delivery.notices.telling("account", kind, now=now, **more))
        row = await self.database.row("select notice_id from notices_notices order by created_at desc limit 1")
        assert row is not None
        return str(row["notice_id"])

    def read(self, *to: str) -> list[tuple[str, str]]:
        return [(message.kind, message.text) for message in self.inboxes.of(*to)]


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@pytest.fixture
async def post(database: Database, tmp_path: Path) -> AsyncIterator[Post]:
    location, clock, ids = f"file:{tmp_path / 'keystore.json'}", FrozenClock(), RandomIds()
    create_keystore(location, ids)
    world = world_in(tmp_path, FIRST_PORT)
    app = application(world, clock=clock)
    people = {"account": ADA}

    async def reach(account_id: str) -> Reachable | None:
        return people.get(account_id)

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        server = _Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        async with contextlib.AsyncExitStack() as stack:
            mail = await stack.enter_async_context(await app.state.mail.serve("127.0.0.1", 0))
            serving = await _serve(server, listener)
            settings = Mail(
                host="127.0.0.1", port=mail.sockets[0].getsockname()[1], sender="ipse@ipse.example", security="none"
            )
            sms = Sms(url=f"http://127.0.0.1:{port}/inboxes/sms", token=world.secrets.sms_token)
            delivery = Delivery(
                notices=Notices(open_keystore(location), ids),
                database=database,
                clock=clock,
                reach=reach,
                texts=languages.load(("ipse.notices",)),
                sender=Sender("Ipse", "https://id.example/block"),
                mail=MailClient(settings, None, clock, ids),
                sms=SmsClient(sms, Outgoing(Environment.SANDBOX)),
            )
            yield Post(delivery, app.state.mail.inboxes, app.state.moods, clock, database, people)
            server.should_exit = True
            await serving


async def _serve(server: uvicorn.Server, listener: socket.socket) -> Any:
    import asyncio

    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn tells it no other way
        await asyncio.sleep(0.01)
    return task


async def test_both_ways_once_in_the_persons_language(post: Post) -> None:
    notice = await post.tell(NoticeKind.PHONE_MOVED)
    await post.delivery.send(notice)
    await post.delivery.send(notice)
    [(_, mail)] = post.read("ada.lievens@post.example")
    [(_, sms)] = post.read("+32400000101")
    assert mail.startswith("Dag Ada,")
    assert "https://id.example/block" in mail
    assert "https://id.example/block" in sms
    assert "Ada" not in sms
    assert len(sms) <= 306  # two text messages
    [told] = await post.delivery.of("account")
    assert told.kind is NoticeKind.PHONE_MOVED
    assert {(each.channel, each.place, each.state) for each in told.sendings} == {
        ("mail", "now", "sent"),
        ("sms", "now", "sent"),
    }


async def test_addresses_that_are_given_up_are_told_and_then_forgotten(post: Post) -> None:
    old = Contact(Channel.SMS, "+32 400000199")
    notice = await post.tell(NoticeKind.NUMBER_CHANGED, before=[old])
    row = await post.database.row("select sealed from notices_notices")
    assert row is not None
    assert b"400000199" not in bytes(row["sealed"])
    await post.delivery.send(notice)
    assert len(post.read("+32 400000199")) == 1
    assert len(post.read("+32 400000101")) == 1
    row = await post.database.row("select sealed, state from notices_notices")
    assert row is not None
    assert (bytes(row["sealed"]), row["state"]) == (b"", "sent")


async def test_what_was_not_taken_is_tried_again_and_nothing_twice(post: Post) -> None:
    post.delivery = replace(post.delivery)
    notice = await post.tell(NoticeKind.CODE_CHANGED)
    post.moods.change("inboxes", "error", 0)
    with pytest.raises(NotDeliveredError):
        await post.delivery.send(notice)
    assert {each.state for each in (await post.delivery.of("account"))[0].sendings} == {"failed"}
    post.moods.change("inboxes", "ok", 0)
    await post.delivery.send(notice)
    await post.delivery.send(notice)
    assert (len(post.read("ada.lievens@post.example")), len(post.read("+32400000101"))) == (1, 1)


async def test_an_address_that_is_refused_is_given_up(post: Post) -> None:
    post.moods.change("inboxes", "refuse", 0)
    await post.delivery.send(await post.tell(NoticeKind.CODE_CHANGED))
    assert {each.state for each in (await post.delivery.of("account"))[0].sendings} == {"given_up"}


async def test_old_news_is_given_up_and_deleted_people_are_told_where_they_were(post: Post) -> None:
    notice = await post.tell(NoticeKind.CODE_CHANGED)
    post.clock.advance(seconds=WAIT_DAYS * 86_400 + 1)
    await post.delivery.send(notice)
    assert post.read("ada.lievens@post.example") == []
    post.people.clear()
    gone = [Contact(Channel.MAIL, "ada.lievens@post.example")]
    await post.delivery.send(await post.tell(NoticeKind.DELETED, facts={"language": "fr"}, before=gone))
    [(_, text)] = post.read("ada.lievens@post.example")
    assert text.startswith("Bonjour,")


@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
@pytest.mark.parametrize("kind", list(NoticeKind))
def test_every_notice_reads_in_every_language(kind: NoticeKind, language: str) -> None:
    texts = languages.load(("ipse.notices",))[language]
    written = write(
        kind,
        texts,
        Sender("Ipse", "https://id.example/block"),
        first_name="Ada\r\nBcc: x",
        at=1_790_000_000_000_000,
        facts={"why": "from_web"},
    )
    assert "\n" not in written.subject
    assert "Ada Bcc: x," in written.mail
    assert written.sms.count("http") <= 1
    assert not {"{", "}"} & set(written.subject + written.mail + written.sms)


@pytest.mark.parametrize(
    "wrong",
    [
        {"mail": Mail(host="mail.example", sender="a@id.example", security="none")},
        {"mail": Mail(host="mail.example", sender="Ipse <a@id.example>")},
        {"mail": Mail(host="mail.example", sender="a@id.example", security="ssl")},
        {"sms": Sms(url="http://sms.example/send", token="t")},
        {"objection_seconds": -1},
    ],
)
def test_settings_that_would_send_in_the_clear_are_refused(wrong: dict[str, Any]) -> None:
    settings = Settings(
        environment=Environment.SANDBOX,
        base_url="http://localhost:8000",
        app_origin="http://localhost:8002",
        database="",
        keystore="",
        **wrong,
    )
    with pytest.raises(SettingsError):
        settings.check()
