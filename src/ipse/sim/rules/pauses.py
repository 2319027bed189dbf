"""When to ask an operator again."""

from __future__ import annotations

from typing import Final

from ipse.kernel.clock import SECOND

MOST_SECONDS: Final = 21_600
"""Six hours: the longest pause between two questions about a SIM that is not ready."""

LEASE_SECONDS: Final = 60
"""How long one process has a row to itself while it asks."""


def pause(failures: int, *, first: int) -> int:
    """Microseconds until the next question: the first pause, doubled each time, up to the longest."""
    return min(first << min(failures, 16), max(first, MOST_SECONDS)) * SECOND


def whole_hours(since: int, now: int) -> int:
    """Whole hours from one time to another, in microseconds: `maxAge` of a question that must not reach further."""
    return max(0, (now - since) // (3600 * SECOND))
