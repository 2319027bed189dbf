"""Hours, days and months, all of UTC, in microseconds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Final

from ipse.kernel.clock import SECOND, day
from ipse.statistics.model import Grain

SLOT: Final = 300 * SECOND
"""What is folded at a time."""
HOUR: Final = 3600 * SECOND
DAY: Final = 24 * HOUR
HOURS_KEPT: Final = 8 * DAY
LENGTH: Final = {Grain.HOUR: HOUR, Grain.DAY: DAY}


def floor(moment: int, length: int) -> int:
    """The beginning of the slot, hour or day that a moment belongs to."""
    return moment - moment % length


def next_fold(mark: int, settled: int) -> int | None:
    """Up to when to fold from `mark` on; None while nothing is settled. Never over the end of an hour."""
    end = min(floor(settled, SLOT), floor(mark, HOUR) + HOUR)
    return end if end > mark else None


def grain_of(since: int, until: int, now: int) -> Grain:
    """How finely a span can be told."""
    return Grain.HOUR if until - since <= HOURS_KEPT and since >= now - HOURS_KEPT else Grain.DAY


def steps(since: int, until: int, grain: Grain) -> Iterator[int]:
    """The beginning of every hour or day in a span."""
    length = LENGTH[grain]
    yield from range(floor(since, length), until, length)


def start_of(moment: date) -> int:
    """The first moment of a day."""
    return round(datetime(moment.year, moment.month, moment.day, tzinfo=UTC).timestamp()) * SECOND


def month(moment: int) -> date:
    """The first day of a moment's month."""
    return day(moment).replace(day=1)


def months_before(first: date, count: int) -> date:
    """The first day of the month that lies `count` months before another."""
    number = first.year * 12 + first.month - 1 - count
    return date(number // 12, number % 12 + 1, 1)
