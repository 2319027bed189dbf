"""News reaches every handler, once each where nothing dies, whoever fails first."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from ipse.kernel.clock import SECOND
from ipse.storage.errors import DuplicateError
from ipse.storage.outbox import Event, Outbox
from ipse.storage.publishing import publication, publishing
from ipse.storage.statement import Pair, Statement

if TYPE_CHECKING:
    from ipse.storage.database import Database
    from ipse.storage.statement import Transaction


class StandingClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = 1_790_000_000 * SECOND

    def now(self) -> int:
        return self.at


class Listener:
    """A handler that remembers, and fails as often as it is told."""

    def __init__(self, fails: int = 0) -> None:
        self.heard: list[Event] = []
        self.fails = fails

    async def __call__(self, event: Event) -> None:
        if self.fails:
            self.fails -= 1
            raise RuntimeError("not now")
        self.heard.append(event)


async def publish(database: Database, clock: StandingClock, event_id: str = "e-1") -> None:
    await database.transact(lambda: publishing(event_id, "sim.changed", {"account": "a-1"}, now=clock.now()))


async def test_every_handler_hears_once(database: Database) -> None:
    clock, one, other = StandingClock(), Listener(), Listener()
    outbox = Outbox(database, clock, {"sim.changed": {"one": one, "other": other}})
    await publish(database, clock)
    assert await outbox.hand_out() == 1
    assert await outbox.hand_out() == 0
    assert [event.payload for event in one.heard] == [{"account": "a-1"}]
    assert one.heard == other.heard
    assert one.heard[0].at == clock.at


async def test_only_the_failed_handler_is_called_again(database: Database) -> None:
    clock, good, bad = StandingClock(), Listener(), Listener(fails=2)
    outbox = Outbox(database, clock, {"sim.changed": {"bad": bad, "good": good}})
    await publish(database, clock)
    for _ in range(3):
        await outbox.hand_out()
        clock.at += 3600 * SECOND
    assert len(good.heard) == len(bad.heard) == 1


async def test_a_process_that_dies_gives_its_event_back(database: Database) -> None:
    clock, listener = StandingClock(), Listener()

    async def dies(_: Event) -> None:
        raise asyncio.CancelledError

    await publish(database, clock)
    with pytest.raises(asyncio.CancelledError):
        await Outbox(database, clock, {"sim.changed": {"one": dies}}).hand_out()
    survivor = Outbox(database, clock, {"sim.changed": {"one": listener}})
    assert await survivor.hand_out() == 0
    clock.at += 61 * SECOND
    assert await survivor.hand_out() == 1
    assert len(listener.heard) == 1


async def test_two_processes_share_the_work(database: Database) -> None:
    clock, listener = StandingClock(), Listener()
    boxes = [Outbox(database, clock, {"sim.changed": {"one": listener}}) for _ in range(4)]
    for number in range(10):
        await publish(database, clock, f"e-{number}")
    await asyncio.gather(*(box.hand_out() for box in boxes))
    assert sorted(event.event_id for event in listener.heard) == sorted(f"e-{number}" for number in range(10))


async def test_what_is_rolled_back_is_not_news(database: Database) -> None:
    clock = StandingClock()

    def undone() -> Transaction[None]:
        yield from publishing("e-1", "sim.changed", {}, now=clock.now())
        raise LookupError

    with pytest.raises(LookupError):
        await database.transact(undone)
    assert await Outbox(database, clock, {}).hand_out() == 0


async def test_an_event_of_the_same_name_is_told_once(database: Database) -> None:
    clock = StandingClock()
    await publish(database, clock)
    with pytest.raises(DuplicateError):
        await publish(database, clock)


@pytest.mark.parametrize("pair", [False, True])
async def test_news_is_handed_out_at_once(database: Database, *, pair: bool) -> None:
    """A commit wakes the outbox; nobody waits for the next look."""
    clock, arrived = StandingClock(), asyncio.Event()

    async def arrives(_: Event) -> None:
        arrived.set()

    task = asyncio.create_task(Outbox(database, clock, {"sim.changed": {"one": arrives}}).keep_up())
    try:
        await asyncio.sleep(0.05)
        if pair:
            news = publication("e-1", "sim.changed", {}, now=clock.now())
            other = Statement("select cast(1 as bigint) as one")
            await database.pair(Pair(news, other, (LookupError(), LookupError())))
        else:
            await publish(database, clock)
        async with asyncio.timeout(2):
            await arrived.wait()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_slow_handler_holds_up_no_other(database: Database) -> None:
    """A mail server that keeps silent delays its own mail alone."""
    clock, arrived, never = StandingClock(), asyncio.Event(), asyncio.Event()

    async def slow(event: Event) -> None:
        await (never.wait() if event.event_id == "e-1" else asyncio.sleep(0))
        arrived.set()

    await publish(database, clock, "e-1")
    task = asyncio.create_task(Outbox(database, clock, {"sim.changed": {"one": slow}}).keep_up())
    try:
        await asyncio.sleep(0.1)
        await publish(database, clock, "e-2")
        async with asyncio.timeout(2):
            await arrived.wait()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_more_than_fit_at_once_are_all_handed_out(database: Database) -> None:
    clock, heard, done = StandingClock(), list[str](), asyncio.Event()

    async def hears(event: Event) -> None:
        heard.append(event.event_id)
        if len(set(heard)) == 50:
            done.set()

    for number in range(50):
        await publish(database, clock, f"e-{number}")
    task = asyncio.create_task(Outbox(database, clock, {"sim.changed": {"one": hears}}).keep_up())
    try:
        async with asyncio.timeout(20):
            await done.wait()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert len(heard) == 50
