"""Time comes in from outside, so that expiry, replay and lock-out can be tested honestly.

All times are whole microseconds since 1970-01-01T00:00:00Z.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol

SECOND = 1_000_000
"""Microseconds in a second."""


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> int:
        """Microseconds UTC."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """Microseconds UTC."""
        return time.time_ns() // 1000


@dataclass(slots=True)
class FrozenClock:
    """A clock that moves only when told, for tests."""

    value: int = 1_790_000_000 * SECOND

    def now(self) -> int:
        """Microseconds UTC."""
        return self.value

    def advance(self, *, seconds: float) -> None:
        """Move on by `seconds`; negative values jump back."""
        self.value += round(seconds * SECOND)


def seconds(microseconds: int) -> int:
    """Whole seconds, as JOSE and OAuth want them."""
    return microseconds // SECOND


def day(microseconds: int) -> date:
    """The UTC calendar day."""
    return datetime.fromtimestamp(microseconds / SECOND, UTC).date()


def text(microseconds: int) -> str:
    """ISO 8601 in UTC with whole seconds, as in `2026-11-21T23:00:00Z`."""
    return datetime.fromtimestamp(microseconds // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read(written: str) -> int:
    """Microseconds of a time such as `2026-11-21T23:00:00Z`, or of the first moment of a day such as `2026-11-21`.

    Raises:
        ValueError: another form, or a time of day without its offset.
    """
    moment = datetime.fromisoformat(written)
    if moment.tzinfo is None:
        if len(written) > len("2026-11-21"):
            raise ValueError("a time of day needs its offset, Z for UTC")
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * SECOND)
