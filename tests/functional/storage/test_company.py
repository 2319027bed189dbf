"""Wake-ups between processes on PostgreSQL: sent only when somebody else listens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from ipse.storage.postgresql import PostgresqlDatabase
from tests.support.postgres import Postgres


class Eavesdropper:
    """Hears everything on the channel without ever speaking."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def __call__(self, _connection: object, _process: int, _channel: str, payload: object) -> None:
        self.heard.append(str(payload))

    def keys(self) -> list[str]:
        """The keys that were carried."""
        return [key for payload in self.heard for key in payload.split(",")[1:]]


@pytest.fixture
async def url(postgres: Postgres) -> AsyncIterator[str]:
    """A database of its own: notifications do not leave it."""
    await postgres.execute("create database company")
    yield postgres.url("company")
    await postgres.execute("drop database company with (force)")


@pytest.fixture
async def first(url: str) -> AsyncIterator[PostgresqlDatabase]:
    database = PostgresqlDatabase(url, 2)
    await database.open()
    yield database
    await database.close()


async def test_alone_nothing_is_sent_and_the_own_waiters_wake(first: PostgresqlDatabase, url: str) -> None:
    silent = Eavesdropper()
    connection = await asyncpg.connect(url)
    await connection.add_listener("ipse_wakeups", silent)
    async with first.wakeups.listening("key") as bell:
        first.wakeups.wake("key")
        assert await bell.wait(1)
    await asyncio.sleep(0.3)
    assert silent.keys() == []
    await connection.close()


async def test_two_processes_hear_each_other_from_the_first_moment(first: PostgresqlDatabase, url: str) -> None:
    second = PostgresqlDatabase(url, 2)
    await second.open()
    await asyncio.sleep(0.2)
    try:
        for here, there in ((first, second), (second, first)):
            async with there.wakeups.listening("key") as bell:
                here.wakeups.wake("key")
                assert await bell.wait(2)
    finally:
        await second.close()


async def test_many_keys_arrive_in_as_few_messages_as_fit(first: PostgresqlDatabase, url: str) -> None:
    second = PostgresqlDatabase(url, 2)
    await second.open()
    await asyncio.sleep(0.2)
    tap = Eavesdropper()
    connection = await asyncpg.connect(url)
    await connection.add_listener("ipse_wakeups", tap)
    keys = [f"action:{number:022}" for number in range(600)]
    first.wakeups.wake(*keys)
    await asyncio.sleep(0.5)
    assert sorted(tap.keys()) == keys
    assert len(tap.heard) < 6
    await connection.close()
    await second.close()
