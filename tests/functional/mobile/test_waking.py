"""Phones are woken, told nothing, and nobody waits for it (F-9), on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from ipse.kernel.clock import SECOND
from ipse.kernel.ids import RandomIds
from ipse.notices.model import WAKING, NoticeKind
from ipse.sandbox.moods import SLOWEST
from ipse.sandbox.push import PARTY
from ipse.softphone import Refused, SoftPhone
from ipse.softphone.errors import NotWoken
from ipse.softphone.state import Pending, State
from ipse.standards import web_push
from ipse.storage.publishing import publishing
from tests.functional.enrolment.party import Stage
from tests.functional.fraud.scene import CODE, ONE_ENGINE, Scene

_ACCOUNT = "select account_id from people_accounts"
_SUBSCRIPTIONS = "select count(*) as n from push_subscriptions"
_ADDRESSED = "actions.addressed"


@dataclass
class Watched:
    """Ada's phone, subscribed at the world's push service."""

    scene: Scene
    hanging: set[asyncio.Task[Any]] = field(default_factory=set)
    """Pushes at a service that is slow: nobody waits for them, this test neither."""

    @property
    def phone(self) -> SoftPhone:
        return self.scene.phone

    @property
    def stage(self) -> Stage:
        return self.scene.stage

    async def subscribe(self) -> None:
        await asyncio.to_thread(self.phone.waker.subscribe)

    async def ask(self, *, seconds: float = 180) -> None:
        """What the beginning of a request for this person publishes."""
        database, now = self.stage.scheme.database, self.stage.clock.now()
        row = await database.row(_ACCOUNT)
        assert row is not None
        payload = {"account": row["account_id"], "until": now + round(seconds * SECOND)}
        await database.transact(lambda: publishing(RandomIds().identifier(), _ADDRESSED, payload, now=now))

    async def hand_out(self) -> None:
        while await self.stage.scheme.outbox.hand_out():
            pass

    def sending(self) -> set[asyncio.Task[Any]]:
        """The pushes under way: the scheme runs in the test's own loop."""
        return {task for task in asyncio.all_tasks() if "Push._wake_quietly" in repr(task.get_coro())} - self.hanging

    async def came(self) -> list[dict[str, Any]]:
        """What is there for the phone when no push is under way any more."""
        if under_way := self.sending():
            await asyncio.wait(under_way)
        return await asyncio.to_thread(lambda: list(self.phone.waker.messages(seconds=0.2)))

    async def subscriptions(self) -> int:
        return await self.stage.count(_SUBSCRIPTIONS)


@pytest.fixture
async def watched(scene: Scene) -> AsyncIterator[Watched]:
    played = Watched(scene)
    await played.hand_out()
    await played.subscribe()
    yield played
    played.stage.moods.change(PARTY, "ok", 0)


async def test_a_request_by_number_wakes_the_phone_which_then_finds_it(watched: Watched) -> None:
    """Through the whole way: a trusted browser, the event, the push service, the phone; nothing in it but that."""
    browser = await watched.scene.trusted()
    page = await browser.by_number(watched.scene.number)
    await watched.hand_out()
    assert await watched.came() == [{"waiting": True}]
    (waiting,) = await watched.scene.listed()
    assert page.digits.isdigit()
    assert waiting["digits"] is True


@ONE_ENGINE
async def test_every_message_is_the_same_and_one_replaces_the_other(watched: Watched) -> None:
    """A phone that was off hears once of three requests, and not even a length tells them apart."""
    for _ in range(3):
        await watched.ask()
    await watched.hand_out()
    assert await watched.came() == [{"waiting": True}]


@ONE_ENGINE
async def test_a_push_service_that_does_not_help_makes_nobody_wait(watched: Watched) -> None:
    """F-9: events go on at once, the phone works as always, and afterwards there is no burst of old pushes."""
    for how, seconds in (("slow", SLOWEST), ("error", 0), ("busy", 0), ("garbage", 0)):
        watched.stage.moods.change(PARTY, how, seconds)
        for _ in range(5):
            await watched.ask(seconds=60)
        await watched.hand_out()
        if how == "slow":
            watched.hanging |= watched.sending()
            assert watched.hanging
        assert (await asyncio.to_thread(watched.phone.home))["account"]["state"] == "active"
        assert (how, await watched.came()) == (how, [])
        watched.stage.clock.advance(seconds=120)
        watched.stage.moods.change(PARTY, "ok", 0)
        await watched.hand_out()
        assert (how, await watched.came()) == (how, [])
        assert await watched.subscriptions() == 1
    await watched.ask()
    await watched.hand_out()
    assert await watched.came() == [{"waiting": True}]


@ONE_ENGINE
async def test_what_waits_no_more_wakes_nobody(watched: Watched) -> None:
    await watched.ask(seconds=30)
    watched.stage.clock.advance(seconds=31)
    await watched.hand_out()
    assert await watched.came() == []


@ONE_ENGINE
async def test_a_subscription_that_is_gone_is_forgotten(watched: Watched) -> None:
    watched.stage.moods.change(PARTY, "refuse", 0)
    await watched.ask()
    await watched.hand_out()
    assert await watched.came() == []
    assert await watched.subscriptions() == 0


@ONE_ENGINE
async def test_a_phone_that_wants_none_gets_none(watched: Watched) -> None:
    await asyncio.to_thread(watched.phone.waker.unsubscribe)
    assert await watched.subscriptions() == 0
    await watched.ask()
    await watched.hand_out()
    with pytest.raises(NotWoken):
        await watched.came()


OTHERS: tuple[object, ...] = (
    "https://push.example/x",
    "http://127.0.0.1:1/push/to/x",
    "http://localhost:{port}/push/to/x",
    "http://user@127.0.0.1:{port}/push/to/x",
    "http://127.0.0.1:{port}.evil.example/x",
    "http://127.0.0.1:{port}@evil.example/x",
    "file:///etc/passwd",
    "http://[",
    "",
    7,
)


@ONE_ENGINE
async def test_other_push_services_are_refused_at_the_door(watched: Watched) -> None:
    """Nothing is ever sent to an address that the operator has not allowed."""
    waking, waker = watched.phone.state.waking, watched.phone.waker
    assert waking is not None
    for other in OTHERS:
        endpoint = other.replace("{port}", str(watched.stage.port + 1)) if isinstance(other, str) else other
        point = web_push.public_key(ec.generate_private_key(ec.SECP256R1()))
        wished = {"endpoint": endpoint, "keys": {"p256dh": point, "auth": waking.auth}}

        def compose(state: State, wished: object = wished) -> Pending:
            return waker.writer.signed(state, "push", "push x", subscription=wished)

        with pytest.raises(Refused) as refused:
            await asyncio.to_thread(waker.channel.exchange, "push x", compose)
        assert (other, refused.value.code) == (other, "bad_subscription")


async def test_news_of_the_identity_reach_phones_that_were_just_stopped(watched: Watched) -> None:
    """Blocked: the phone is told to look, and learns there that it is stopped. Then it is forgotten."""
    await asyncio.to_thread(watched.phone.block)
    await watched.hand_out()
    assert await watched.came() == [{"waiting": True}]
    await watched.ask()
    await watched.hand_out()
    assert await watched.came() == []
    assert await watched.subscriptions() == 0


async def test_a_duress_code_wakes_nothing(watched: Watched) -> None:
    """T-25: the second channel may be told, but never the phone that somebody else is looking at."""
    phone, duress = watched.phone, "86420"
    await asyncio.to_thread(lambda: phone.set_duress(CODE, duress, told=True))
    page = await watched.scene.browser().start()
    request = await watched.scene.claim(page.qr)
    await asyncio.to_thread(lambda: phone.approve(request, duress))
    await watched.hand_out()
    assert await watched.came() == []


def test_what_a_person_does_in_the_app_wakes_nothing() -> None:
    """The table: what somebody else may have done wakes; what the person is looking at does not."""
    assert {NoticeKind.SECOND_ENROLMENT, NoticeKind.BLOCKED, NoticeKind.PHONE_MOVED} <= WAKING
    done_here = {NoticeKind.CODE_CHANGED, NoticeKind.FINGERPRINT_ADDED, NoticeKind.PANIC_SHEET_MADE}
    assert not done_here & WAKING
