"""A database that measures what is asked of it: by feature and operation, never by text or value."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import TracebackType
from typing import Final, TypeVar

from ipse.storage.database import Database
from ipse.storage.errors import DatabaseUnavailableError, DuplicateError
from ipse.storage.statement import Pair, Row, Transaction
from ipse.storage.wakeups import Wakeups
from ipse.telemetry import metrics
from ipse.telemetry.spans import span

T = TypeVar("T")
_TABLE: Final = re.compile(r"\b(?:from|into|update)\s+([a-z]+)_[a-z_]+")
_SEVERAL: Final = ("several", "transaction")
_OUTCOMES: Final[Mapping[type[BaseException] | None, str]] = {
    None: "done",
    DuplicateError: "duplicate",
    DatabaseUnavailableError: "unavailable",
}


@cache  # texts are constants of stores
def names_of(text: str) -> tuple[str, str]:
    """The feature and the operation of a statement, such as `actions`, `update`."""
    table = _TABLE.search(text)
    operation = text.split(maxsplit=1)[0].lower()
    return table[1] if table else "none", operation if operation != "with" else "select"


class MeasuredDatabase:
    """Another database with a watch beside it. See `ipse.storage.database.Database`."""

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self.engine = inner.engine
        self.wakeups: Wakeups = inner.wakeups

    @property
    def statements(self) -> int:
        """How many statements were run."""
        return self._inner.statements

    async def rows(self, text: str, *values: object) -> Sequence[Row]:
        """Run one statement."""
        with _Watch(*names_of(text)):
            return await self._inner.rows(text, *values)

    async def row(self, text: str, *values: object) -> Row | None:
        """Run one statement of at most one row."""
        with _Watch(*names_of(text)):
            return await self._inner.row(text, *values)

    async def transact(self, make: Callable[[], Transaction[T]]) -> T:
        """Run a transaction."""
        with _Watch(*_SEVERAL):
            return await self._inner.transact(make)

    async def pair(self, pair: Pair) -> None:
        """Run two statements as one transaction."""
        with _Watch(names_of(pair.second.text)[0], "pair"):
            await self._inner.pair(pair)

    def load(self) -> Mapping[str, int]:
        """How its connections are used."""
        return self._inner.load()

    async def clear_log(self) -> None:
        """As the engine does."""
        await self._inner.clear_log()

    async def close(self) -> None:
        """Let go."""
        await self._inner.close()


class _Watch:
    """Measures one use; a span as well, where traces are on."""

    __slots__ = ("_began", "_feature", "_operation", "_span")

    def __init__(self, feature: str, operation: str) -> None:
        self._feature, self._operation = feature, operation

    def __enter__(self) -> None:
        self._span = span(f"{self._operation} {self._feature}", kind="client", attributes=_SYSTEM)
        self._span.__enter__()
        self._began = time.perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        outcome = _OUTCOMES.get(kind, "other")
        metrics.STATEMENTS.note(time.perf_counter() - self._began, self._feature, self._operation, outcome)
        self._span.__exit__(kind, error, trace)


_SYSTEM: Final = {"db.system.name": "sql"}
