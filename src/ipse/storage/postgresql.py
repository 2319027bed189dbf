"""PostgreSQL through asyncpg: a pool, prepared statements, transactions retried when they deadlock."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TypeVar

import asyncpg
import structlog

from ipse.kernel.ids import RandomIds
from ipse.storage.connections import Connection, Connections
from ipse.storage.errors import DatabaseUnavailableError, DuplicateError
from ipse.storage.publishing import OUTBOX_KEY, PUBLISH
from ipse.storage.statement import Pair, Row, Transaction, in_turn
from ipse.storage.wakeups import Wakeups

T = TypeVar("T")
log = structlog.get_logger()
_TRIES = 10
_CHANNEL = "ipse_wakeups"
_PAYLOAD = 7900
_GREETING = "?"
_PRESENCE_SECONDS = 15
_COMPANY_SECONDS = 60
_PLACEHOLDER = re.compile(r"\$(\d+)")
_RETRIED = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
_GONE = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.InsufficientPrivilegeError,
    OSError,
    TimeoutError,
)


@lru_cache(maxsize=200)
def _together(first: str, second: str, shift: int) -> str:
    """Two texts as one; the second's placeholders follow the first's."""
    shifted = _PLACEHOLDER.sub(lambda found: f"${int(found[1]) + shift}", second)
    return (
        f"with first_one as ({first}), second_one as ({shifted}) "  # noqa: S608 - made of two stores' constants
        "select 1 / (select count(*) from first_one) as first, 1 / (select count(*) from second_one) as second"
    )


class PostgresqlDatabase:
    """The engine for scale. See `ipse.storage.database.Database`."""

    engine = "postgresql"

    def __init__(self, url: str, connections: int) -> None:
        self.wakeups = Wakeups()
        self.statements = 0
        self._url = url
        self._connections = Connections(url, connections)

    async def open(self) -> None:
        """Connect.

        Raises:
            DatabaseUnavailableError: nothing answers there, or it does not let us in.
        """
        try:
            async with self._connections.lend():
                pass  # one that works, kept for what comes
            bus = PostgresqlBus(self._url, self.wakeups)
            await bus.open()
        except (*_GONE, asyncpg.PostgresError) as error:
            raise DatabaseUnavailableError(" ".join(str(error).split()) or type(error).__name__) from error
        self.wakeups.carried_by(bus)

    async def rows(self, text: str, *values: object) -> Sequence[Row]:
        """Run one statement; a write is durable when this returns."""
        self.statements += 1
        try:
            async with self._connections.lend() as connection:
                return await connection.fetch(text, *values)
        except asyncpg.UniqueViolationError as error:
            raise DuplicateError(error.constraint_name or "") from error
        except _GONE as error:
            raise DatabaseUnavailableError(type(error).__name__) from error

    async def row(self, text: str, *values: object) -> Row | None:
        """Run one statement of at most one row."""
        rows = await self.rows(text, *values)
        return rows[0] if rows else None

    async def transact(self, make: Callable[[], Transaction[T]]) -> T:
        """Run a transaction on one connection, again when it lost to a deadlock."""
        for attempt in range(_TRIES):
            try:
                async with self._connections.lend() as connection:
                    return await self._drive(connection, make())
            except _RETRIED as error:
                if attempt == _TRIES - 1:
                    raise DatabaseUnavailableError(type(error).__name__) from error
                # Not all at the same moment again: several that lost together would lose together.
                await asyncio.sleep(RandomIds().octets(1)[0] / 2560 * (attempt + 1))
            except asyncpg.UniqueViolationError as error:
                raise DuplicateError(error.constraint_name or "") from error
            except _GONE as error:
                raise DatabaseUnavailableError(type(error).__name__) from error
        raise AssertionError  # pragma: no cover - the loop returns or raises

    async def pair(self, pair: Pair) -> None:
        """Run two statements as one; when either finds nothing, run them in turn to learn which.

        Both are parts of one SQL statement that divides by the number of rows each returned: a zero undoes everything.
        A row that a block is changing makes us wait, is looked at again, and then no longer fits: the same as in turn.
        """
        text = _together(pair.first.text, pair.second.text, len(pair.first.values))
        try:
            async with self._connections.lend() as connection:
                await connection.fetch(text, *pair.first.values, *pair.second.values)
                self.statements += 1
            if PUBLISH in {pair.first.text, pair.second.text}:
                self.wakeups.wake(OUTBOX_KEY)
        except (asyncpg.DivisionByZeroError, *_RETRIED):
            await self.transact(lambda: in_turn(pair))
        except asyncpg.UniqueViolationError as error:
            raise DuplicateError(error.constraint_name or "") from error
        except _GONE as error:
            raise DatabaseUnavailableError(type(error).__name__) from error

    def load(self) -> Mapping[str, int]:
        """How the pool is used."""
        return self._connections.load()

    async def clear_log(self) -> None:
        """Nothing to do: its log is the server's own, and so is when space is used again."""

    async def close(self) -> None:
        """End waits and disconnect."""
        await self.wakeups.stop()
        await self._connections.close()

    async def _drive(self, connection: Connection, transaction: Transaction[T]) -> T:
        await connection.execute("begin")
        news = False
        try:
            statement = next(transaction)
            while True:
                self.statements += 1
                rows = await connection.fetch(statement.text, *statement.values)
                news = news or statement.text is PUBLISH
                statement = transaction.send(rows)
        except StopIteration as stop:
            await connection.execute("commit")
            if news:
                self.wakeups.wake(OUTBOX_KEY)
            result: T = stop.value
            return result
        except BaseException:
            transaction.close()
            with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                await connection.execute("rollback")
            raise


class PostgresqlBus:
    """LISTEN and NOTIFY on a connection of their own; NOTIFY inside commits would serialise them.

    A process that hears no other sends nothing: alone, its keys would only come back to it. Processes greet when they
    connect, answer greetings, and say now and then that they are there.
    """

    def __init__(self, url: str, wakeups: Wakeups) -> None:
        self._url = url
        self._wakeups = wakeups
        self._origin = RandomIds().identifier()  # process ids repeat over machines and containers
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._heard_at = float("-inf")
        self._answers: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Connect, and stay connected."""
        await self._connect()
        self._task = asyncio.get_running_loop().create_task(self._stay())

    async def publish(self, keys: Iterable[str]) -> None:
        """NOTIFY, in as few messages as fit, if anybody else is there."""
        if self._connection is None or not self._in_company:
            return
        batch = self._origin
        for key in keys:
            if len(batch) + len(key) + 1 > _PAYLOAD:
                await self._notify(batch)
                batch = self._origin
            batch += "," + key
        await self._notify(batch)

    async def close(self) -> None:
        """Disconnect."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        if self._connection is not None:
            with contextlib.suppress(*_GONE, asyncpg.PostgresError):
                await self._connection.close(timeout=2)

    async def _connect(self) -> None:
        self._connection = await asyncpg.connect(self._url, timeout=5, command_timeout=5)
        await self._connection.add_listener(_CHANNEL, self._heard)
        await self._notify(self._origin + _GREETING)
        self._wakeups.ring_all()

    @property
    def _in_company(self) -> bool:
        return asyncio.get_running_loop().time() - self._heard_at < _COMPANY_SECONDS

    async def _notify(self, payload: str) -> None:
        if self._connection is not None:
            await self._connection.execute("select pg_notify($1, $2)", _CHANNEL, payload)

    async def _stay(self) -> None:
        told_at = asyncio.get_running_loop().time()
        while True:
            await asyncio.sleep(1)
            try:
                if self._connection is None or self._connection.is_closed():
                    await self._connect()
                elif asyncio.get_running_loop().time() - told_at >= _PRESENCE_SECONDS:
                    told_at = asyncio.get_running_loop().time()
                    await self._notify(self._origin)
            except (*_GONE, asyncpg.PostgresError) as error:
                log.warning("wakeups.disconnected", error=type(error).__name__)

    def _heard(self, _connection: object, _process: int, _channel: str, payload: object) -> None:
        text = str(payload)
        origin, *keys = text.removesuffix(_GREETING).split(",")
        if origin == self._origin:
            return
        self._heard_at = asyncio.get_running_loop().time()
        self._wakeups.ring(keys)
        if text.endswith(_GREETING):
            answer = asyncio.get_running_loop().create_task(self._answer())
            self._answers.add(answer)
            answer.add_done_callback(self._answers.discard)

    async def _answer(self) -> None:
        with contextlib.suppress(*_GONE, asyncpg.PostgresError):
            await self._notify(self._origin)
