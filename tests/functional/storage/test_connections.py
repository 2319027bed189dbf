"""The pool of PostgreSQL connections, against a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from ipse.storage.connections import Connections
from ipse.storage.postgresql import PostgresqlDatabase
from tests.support.postgres import Postgres

MOST = 3
BACKEND = "select pg_backend_pid() as pid"


@pytest.fixture
async def connections(postgres: Postgres) -> AsyncIterator[Connections]:
    pool = Connections(postgres.url("postgres"), MOST)
    yield pool
    await pool.close()


async def _pid(connections: Connections) -> int:
    async with connections.lend() as connection:
        return int(await connection.fetchval(BACKEND))


async def test_no_more_connections_than_allowed_and_nobody_is_forgotten(connections: Connections) -> None:
    """A hundred users at once share three connections."""
    out = 0
    highest = 0

    async def use() -> int:
        nonlocal out, highest
        async with connections.lend() as connection:
            out += 1
            highest = max(highest, out)
            pid = int(await connection.fetchval("select pg_backend_pid() from pg_sleep(0.001)"))
            out -= 1
            return pid

    pids = await asyncio.gather(*(use() for _ in range(100)))
    assert highest == MOST
    assert len(set(pids)) == MOST


async def test_the_connection_used_last_is_used_first(connections: Connections) -> None:
    assert len({await _pid(connections) for _ in range(5)}) == 1


async def test_a_connection_the_server_ended_is_replaced(connections: Connections, postgres: Postgres) -> None:
    first = await _pid(connections)
    await postgres.execute(f"select pg_terminate_backend({first})")
    await asyncio.sleep(0.2)
    assert await _pid(connections) != first
    assert len({await _pid(connections) for _ in range(MOST)}) == 1


async def test_an_unfinished_transaction_is_thrown_away_with_its_connection(connections: Connections) -> None:
    async with connections.lend() as connection:
        await connection.execute("begin")
        first = await connection.fetchval(BACKEND)
    async with connections.lend() as connection:
        assert not connection.is_in_transaction()
        assert await connection.fetchval(BACKEND) != first


async def test_whoever_gives_up_waiting_loses_no_connection(connections: Connections) -> None:
    taken = [await connections.take() for _ in range(MOST)]
    waiting = [asyncio.create_task(connections.take()) for _ in range(2)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    for connection in taken:
        connections.give(connection)
    handed = await waiting[1]
    assert handed in taken
    connections.give(handed)
    again = [await asyncio.wait_for(connections.take(), 1) for _ in range(MOST)]
    assert set(again) == set(taken)
    for connection in again:
        connections.give(connection)


async def test_giving_up_at_the_moment_of_being_served_loses_none_either(connections: Connections) -> None:
    taken = [await connections.take() for _ in range(MOST)]
    waiter = asyncio.create_task(connections.take())
    await asyncio.sleep(0)
    connections.give(taken[0])
    waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter
    assert await asyncio.wait_for(connections.take(), 1) is taken[0]
    for connection in taken:
        connections.give(connection)


async def test_a_cancelled_statement_leaves_the_connection_usable(connections: Connections) -> None:
    async def slow() -> None:
        async with connections.lend() as connection:
            await connection.execute("select pg_sleep(30)")

    task = asyncio.create_task(slow())
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.wait_for(_pid(connections), 5)


async def test_a_failed_attempt_to_connect_frees_its_place(postgres: Postgres) -> None:
    pool = Connections(postgres.url("no_such_database"), 1)
    for _ in range(3):
        with pytest.raises(asyncpg.InvalidCatalogNameError):
            await asyncio.wait_for(pool.take(), 5)
    await pool.close()


async def test_after_closing_nothing_is_lent(postgres: Postgres) -> None:
    database = PostgresqlDatabase(postgres.url("postgres"), 2)
    await database.open()
    await database.close()
    with pytest.raises(asyncpg.InterfaceError):
        await database._connections.take()
