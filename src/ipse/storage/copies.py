"""Rows as their person takes them along: names and values of JSON, times as people and programs read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, cast

from ipse.kernel.clock import SECOND
from ipse.kernel.ids import b64u
from ipse.storage.statement import Row

_TIMES = ("_at", "_until")
_WHOLE = frozenset({"at", "until"})


def copied(rows: Iterable[Row], *, but: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Each row as JSON: columns whose names end as those of times do become ISO 8601 in UTC, bytes base64url."""
    left_out = set(but)
    return [
        {name: value_of(name, value) for name, value in _columns(row).items() if name not in left_out} for row in rows
    ]


def value_of(name: str, value: object) -> Any:  # noqa: ANN401 - JSON
    """One column's value as JSON."""
    if isinstance(value, bytes | bytearray | memoryview):
        return b64u(bytes(value))
    if isinstance(value, int) and (name.endswith(_TIMES) or name in _WHOLE) and value > SECOND:
        return moment(value)
    return value


def moment(microseconds: int) -> str:
    """ISO 8601 in UTC, to the microsecond: nothing is rounded away in a copy."""
    whole = datetime.fromtimestamp(microseconds // SECOND, UTC)
    return whole.replace(microsecond=microseconds % SECOND).isoformat().replace("+00:00", "Z")


def _columns(row: Row) -> Mapping[str, Any]:
    """A row of either engine by its columns."""
    return dict(cast("Mapping[str, Any]", row))
