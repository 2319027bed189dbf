"""What a store hands to the database."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

T = TypeVar("T")


class Row(Protocol):
    """A row; columns by name."""

    def __getitem__(self, key: str, /) -> Any:  # noqa: ANN401 - the engines' own types; stores convert
        """The value of one column."""


class Statement(NamedTuple):
    """One SQL text with `$1 … $n` and its values."""

    text: str
    values: tuple[Any, ...] = ()


Transaction = Generator[Statement, Sequence[Row], T]
"""A transaction of several statements: yields statements, receives their rows, returns its result.

Nothing can be awaited inside. An exception rolls everything back.
"""


def run(text: str, *values: object) -> Transaction[Sequence[Row]]:
    """Run one statement inside a transaction: delegate to it with `yield from`."""
    return (yield Statement(text, values))


def one(text: str, *values: object) -> Transaction[Row | None]:
    """One statement of at most one row inside a transaction."""
    rows = yield Statement(text, values)
    return rows[0] if rows else None


class Pair(NamedTuple):
    """Two statements as one transaction that only counts when each returns a row.

    Much cheaper on PostgreSQL than a transaction of two: one round trip. `refused` are the errors that say the first,
    or the second, found nothing to change.
    """

    first: Statement
    second: Statement
    refused: tuple[Exception, Exception]


def in_turn(pair: Pair) -> Transaction[None]:
    """A pair as an ordinary transaction: first the one, then the other."""
    for statement, refused in zip((pair.first, pair.second), pair.refused, strict=True):
        if not (yield statement):
            raise refused
