"""SQLite: one thread that writes, one that reads, WAL, every commit on disk before it is acknowledged."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from ipse.kernel.ids import RandomIds
from ipse.storage.errors import DatabaseUnavailableError, DuplicateError
from ipse.storage.publishing import OUTBOX_KEY, PUBLISH
from ipse.storage.statement import Pair, Row, Transaction, in_turn
from ipse.storage.wakeups import Wakeups

T = TypeVar("T")
_POLL_SECONDS = 0.05
_PLACEHOLDER = re.compile(r"\$(\d+)")


@lru_cache(maxsize=2000)
def _native(text: str) -> str:
    # In sqlite3 `$1` is a *name* bound in order of appearance; `?1` is a position.
    return _PLACEHOLDER.sub(r"?\1", text)


def _connect(path: str, synchronous: str) -> sqlite3.Connection:
    Path(path).touch(mode=0o600)
    connection = sqlite3.connect(path, isolation_level=None, timeout=10, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute("pragma journal_mode=wal")
    connection.execute(f"pragma synchronous={synchronous}")
    connection.execute("pragma foreign_keys=on")
    connection.execute("pragma secure_delete=on")  # what is deleted is overwritten: a destroyed key must be gone
    return connection


class SqliteDatabase:
    """The embedded engine. See `ipse.storage.database.Database`."""

    engine = "sqlite"

    def __init__(self, path: str) -> None:
        self.wakeups = Wakeups()
        self.statements = 0
        self._path = path
        self._write = ThreadPoolExecutor(1, thread_name_prefix="sqlite-write")
        self._read = ThreadPoolExecutor(1, thread_name_prefix="sqlite-read")

    async def open(self) -> None:
        """Open the file, creating it readable by its owner alone.

        Raises:
            DatabaseUnavailableError: it cannot be opened, or is no database.
        """
        bus = SqliteBus(self._path + "-wakeups", self.wakeups)
        try:
            self._writer = await self._on(self._write, _connect, self._path, "full")
            self._reader = await self._on(self._read, _connect, self._path, "full")
            await bus.open()
        except (OSError, sqlite3.Error) as error:
            raise DatabaseUnavailableError(f"{self._path}: {getattr(error, 'strerror', None) or error}") from error
        self.wakeups.carried_by(bus)

    async def rows(self, text: str, *values: object) -> Sequence[Row]:
        """Run one statement; a write is durable when this returns."""
        self.statements += 1
        if text.lstrip()[:6].lower() == "select":
            return await self._on(self._read, _fetch, self._reader, text, values)
        return await self._on(self._write, _fetch, self._writer, text, values)

    async def row(self, text: str, *values: object) -> Row | None:
        """Run one statement of at most one row."""
        rows = await self.rows(text, *values)
        return rows[0] if rows else None

    async def transact(self, make: Callable[[], Transaction[T]]) -> T:
        """Run a transaction in the writer thread."""
        outcome: tuple[T, int, bool] = await self._on(self._write, self._drive, make)
        result, count, news = outcome
        self.statements += count
        if news:
            self.wakeups.wake(OUTBOX_KEY)
        return result

    async def pair(self, pair: Pair) -> None:
        """Run two statements as one transaction."""
        await self.transact(lambda: in_turn(pair))

    def load(self) -> Mapping[str, int]:
        """There is no pool: one thread writes, one reads."""
        return {}

    async def clear_log(self) -> None:
        """Write the write-ahead log into the file and empty it, so that it holds nothing of what was deleted.

        Where another process is reading for long, it is left for a later time: it is overwritten as it fills.
        """
        await self._on(self._write, _fetch, self._writer, "pragma wal_checkpoint(truncate)", ())

    async def close(self) -> None:
        """End waits, finish what runs, close the file."""
        await self.wakeups.stop()
        await self._on(self._write, self._writer.close)
        await self._on(self._read, self._reader.close)
        self._write.shutdown()
        self._read.shutdown()

    @staticmethod
    async def _on(executor: ThreadPoolExecutor, call: Callable[..., T], *arguments: object) -> T:
        result: T = await asyncio.get_running_loop().run_in_executor(executor, call, *arguments)
        return result

    def _drive(self, make: Callable[[], Transaction[T]]) -> tuple[T, int, bool]:
        """Its result, how many statements it was, and whether it wrote news."""
        transaction = make()
        count, news = 0, False
        _guarded(self._writer.execute, "begin immediate")
        try:
            statement = next(transaction)
            while True:
                rows = _fetch(self._writer, statement.text, statement.values)
                count += 1
                news = news or statement.text is PUBLISH
                statement = transaction.send(rows)
        except StopIteration as stop:
            _guarded(self._writer.execute, "commit")
            result: T = stop.value
            return result, count, news
        except BaseException:
            if self._writer.in_transaction:
                self._writer.execute("rollback")
            raise


def _guarded(call: Callable[[str], object], text: str) -> None:
    try:
        call(text)
    except sqlite3.OperationalError as error:
        raise DatabaseUnavailableError(str(error)) from error


def _fetch(connection: sqlite3.Connection, text: str, values: Sequence[object]) -> Sequence[Row]:
    try:
        # Always fetch everything: an unfetched RETURNING keeps the write lock.
        return connection.execute(_native(text), values).fetchall()
    except sqlite3.IntegrityError as error:
        raise DuplicateError(str(error)) from error
    except sqlite3.OperationalError as error:
        if any(reason in str(error) for reason in ("locked", "disk", "unable to open", "readonly")):
            raise DatabaseUnavailableError(str(error)) from error
        raise


class SqliteBus:
    """Wake-ups between processes through a file beside the database; losing it loses nothing."""

    def __init__(self, path: str, wakeups: Wakeups) -> None:
        self._path = path
        self._wakeups = wakeups
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite-wakeups")
        self._process = int.from_bytes(RandomIds().octets(6))  # process ids repeat over containers
        self._last = 0
        self._version = -1

    async def open(self) -> None:
        """Open the file and begin to look."""
        await self._on(self._prepare)
        self._task = asyncio.get_running_loop().create_task(self._poll())

    async def publish(self, keys: Iterable[str]) -> None:
        """Write the keys for other processes."""
        await self._on(self._insert, list(keys))

    async def close(self) -> None:
        """Stop looking."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._on(self._connection.close)
        self._thread.shutdown()

    async def _on(self, call: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call, *arguments)

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            if self._wakeups.listening_now:
                self._wakeups.ring(await self._on(self._changed))

    def _prepare(self) -> None:
        self._connection = _connect(self._path, "off")
        self._connection.execute(
            "create table if not exists wakeups (seq integer primary key autoincrement, process bigint, key text)"
        )
        self._last = self._connection.execute("select coalesce(max(seq), 0) from wakeups").fetchone()[0]

    def _insert(self, keys: list[str]) -> None:
        process = self._process
        self._connection.execute("begin immediate")
        self._connection.executemany(
            "insert into wakeups (process, key) values (?, ?)", [(process, key) for key in keys]
        )
        self._connection.execute("delete from wakeups where seq < (select max(seq) - 20000 from wakeups)")
        self._connection.execute("commit")

    def _changed(self) -> list[str]:
        # data_version moves only when another connection wrote: one cheap look when nothing happened.
        version = self._connection.execute("pragma data_version").fetchone()[0]
        if version == self._version:
            return []
        self._version = version
        rows = self._connection.execute(
            "select seq, key from wakeups where seq > ? and process <> ? order by seq",
            (self._last, self._process),
        ).fetchall()
        if rows:
            self._last = rows[-1]["seq"]
        return [row["key"] for row in rows]
