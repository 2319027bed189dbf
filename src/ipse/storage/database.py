"""The one face of both engines.

A statement run alone is its own durable transaction. A transaction of several is a generator (`storage.statement`),
given as a callable because it runs again when it loses to a deadlock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from ipse.storage.postgresql import PostgresqlDatabase
from ipse.storage.sqlite import SqliteDatabase
from ipse.storage.statement import Pair, Row, Transaction
from ipse.storage.wakeups import Wakeups

T = TypeVar("T")


class Database(Protocol):
    """SQLite or PostgreSQL."""

    engine: str
    """`sqlite` or `postgresql`."""
    wakeups: Wakeups

    @property
    def statements(self) -> int:
        """How many statements were run, for the budget of a login."""

    async def rows(self, text: str, *values: object) -> Sequence[Row]:
        """Run one statement; a write is durable when this returns.

        Raises:
            DatabaseUnavailableError: nothing was acknowledged.
            DuplicateError: a unique value exists already.
        """

    async def row(self, text: str, *values: object) -> Row | None:
        """Run one statement of at most one row. Raises as `rows`."""

    async def transact(self, make: Callable[[], Transaction[T]]) -> T:
        """Run a transaction and return its result. Raises as `rows`, and whatever the transaction raises."""

    async def pair(self, pair: Pair) -> None:
        """Run two statements as one transaction. Raises as `rows`, or the pair's own `refused`: nothing changed."""

    def load(self) -> Mapping[str, int]:
        """How its connections are used: `most`, `made`, `idle`, `waiting`; nothing where there is no pool."""

    async def clear_log(self) -> None:
        """Let the log of the engine hold nothing of what was deleted, as far as that is ours to say."""

    async def close(self) -> None:
        """End waits and let go."""


async def open_database(url: str, *, connections: int = 10) -> Database:
    """Open `sqlite:///absolute/path.db` or `postgresql://…`.

    Raises:
        ValueError: another scheme.
        DatabaseUnavailableError: it cannot be reached.
    """
    if url.startswith("sqlite:///"):
        sqlite = SqliteDatabase(url.removeprefix("sqlite://"))
        await sqlite.open()
        return sqlite
    if url.startswith(("postgresql://", "postgres://")):
        postgresql = PostgresqlDatabase(url, connections)
        await postgresql.open()
        return postgresql
    message = "database must be sqlite:///absolute/path.db or postgresql://role@host:port/name"
    raise ValueError(message)
