"""A pool of PostgreSQL connections with no ceremony.

asyncpg's own pool spends more processor time on a short query than the query itself: a task, a proxy and a reset for
each use. None of it is needed where nothing is left on a session. The connection used last is used first, so that few
stay warm.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from types import TracebackType
from typing import TypeAlias

import asyncpg

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class Connections:
    """At most `most` connections, made when they are needed."""

    def __init__(self, url: str, most: int) -> None:
        self._url = url
        self._most = most
        self._made = 0
        self._closed = False
        self._idle: list[Connection] = []
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()

    def lend(self) -> Loan:
        """A connection for the length of an `async with`."""
        return Loan(self)

    async def take(self) -> Connection:
        """A connection, as soon as there is one. What it raises comes from connecting, or says that all is closed."""
        if self._closed:
            raise asyncpg.InterfaceError("connections are closed")
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            self._made -= 1
        if self._made < self._most:
            self._made += 1
            return await self._connect()
        waiter: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            handed = await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._pass_on(waiter.result())
            raise
        # None is a free place: whoever held it lost the connection.
        return handed if handed is not None else await self._connect()

    def give(self, connection: Connection) -> None:
        """Take a connection back; one in the middle of a transaction is thrown away, and so undone."""
        if not connection.is_closed() and connection.is_in_transaction():
            connection.terminate()
        self._pass_on(None if connection.is_closed() else connection)

    def load(self) -> Mapping[str, int]:
        """How many there may be, were made, lie idle, and how many wait for one."""
        waiting = sum(not waiter.done() for waiter in self._waiting)
        return {"most": self._most, "made": self._made, "idle": len(self._idle), "waiting": waiting}

    async def close(self) -> None:
        """Close what is idle; what is lent is closed by whoever has it, when the process ends."""
        self._closed = True
        while self._idle:
            await self._idle.pop().close(timeout=2)

    async def _connect(self) -> Connection:
        try:
            return await asyncpg.connect(
                self._url, statement_cache_size=1000, max_cached_statement_lifetime=0, command_timeout=10, timeout=5
            )
        except BaseException:
            self._pass_on(None)
            raise

    def _pass_on(self, connection: Connection | None) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        if connection is None:
            self._made -= 1
        else:
            self._idle.append(connection)


class Loan:
    """One use of a connection."""

    __slots__ = ("_connection", "_connections")

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def __aenter__(self) -> Connection:
        self._connection = await self._connections.take()
        return self._connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connections.give(self._connection)
