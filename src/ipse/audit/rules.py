"""Periods that an export is about, and lines that their subject does not see."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from typing import Final

import msgspec

from ipse.audit.errors import UnknownPeriod
from ipse.kernel.clock import SECOND

_YEAR: Final = re.compile(r"(\d{4})")
_QUARTER: Final = re.compile(r"(\d{4})-Q([1-4])")
_MONTH: Final = re.compile(r"(\d{4})-(\d{2})")
_DAYS: Final = re.compile(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})")

_BLOCK: Final = "account.block"
_FORCED: Final = "duress"


def is_forced(act: str, details: str) -> bool:
    """Whether it is the block by a duress code.

    Whoever forces a person may have them take a copy of everything. Another reason in its place would tell, too: every
    other block comes with a notice.
    """
    return act == _BLOCK and msgspec.json.decode(details, type=dict[str, object]).get("why") == _FORCED


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
