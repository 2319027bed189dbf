"""Periods that an export is about."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from typing import Final

from ipse.audit.errors import UnknownPeriod
from ipse.kernel.clock import SECOND

_YEAR: Final = re.compile(r"(\d{4})")
_QUARTER: Final = re.compile(r"(\d{4})-Q([1-4])")
_MONTH: Final = re.compile(r"(\d{4})-(\d{2})")
_DAYS: Final = re.compile(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})")


def period(written: str) -> tuple[int, int]:
    """The first moment of a period and the first after it, in microseconds UTC.

    Written as `2026`, `2026-Q4`, `2026-11`, or two days, both of them in it: `2026-11-01..2026-11-22`.

    Raises:
        UnknownPeriod: written otherwise.
    """
    try:
        first, last = _days(written)
        if last < first:
            raise UnknownPeriod
        return _moment(first), _moment(last + timedelta(days=1))
    except (ValueError, OverflowError) as error:
        raise UnknownPeriod from error


def _days(written: str) -> tuple[date, date]:
    if found := _YEAR.fullmatch(written):
        year = int(found[1])
        return date(year, 1, 1), date(year, 12, 31)
    if found := _QUARTER.fullmatch(written):
        year, end = int(found[1]), int(found[2]) * 3
        return date(year, end - 2, 1), date(year, end, monthrange(year, end)[1])
    if found := _MONTH.fullmatch(written):
        year, month = int(found[1]), int(found[2])
        return date(year, month, 1), date(year, month, monthrange(year, month)[1])
    if found := _DAYS.fullmatch(written):
        return date.fromisoformat(found[1]), date.fromisoformat(found[2])
    raise UnknownPeriod


def _moment(day: date) -> int:
    return round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * SECOND
