"""Days and months of one component, as the pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ipse.status.files import Maintenance
from ipse.status.model import Change, Severity, Uptime
from ipse.status.rules.uptime import measure, spans


class Day(NamedTuple):
    """A day, with the worst that was in it; unknown where nothing else was."""

    day: date
    severity: Severity


class Month(NamedTuple):
    """A month of one component."""

    first: date
    uptime: Uptime


def days(changes: Sequence[Change], zone: ZoneInfo, now: int, count: int) -> list[Day]:
    """The last days, today included, oldest first."""
    today = datetime.fromtimestamp(now, zone).date()
    dates = [today - timedelta(days=before) for before in range(count - 1, -1, -1)]
    worst = dict.fromkeys(dates, Severity.UNKNOWN)
    for span in spans(changes, first_second(dates[0], zone), now + 1):
        at = datetime.fromtimestamp(span.start, zone).date()
        last = datetime.fromtimestamp(span.end - 1, zone).date()
        while at <= last:
            worst[at] = _worse(worst.get(at, Severity.UNKNOWN), span.severity)
            at += timedelta(days=1)
    return [Day(each, worst[each]) for each in dates]


def months(
    changes: Sequence[Change], windows: Sequence[Maintenance], component: str, zone: ZoneInfo, now: int, count: int
) -> list[Month]:
    """The last months, this one included, newest first."""
    first = datetime.fromtimestamp(now, zone).date().replace(day=1)
    found, end = [], now
    for _ in range(count):
        start = first_second(first, zone)
        found.append(Month(first, measure(changes, windows, component, start, end)))
        end, first = start, (first - timedelta(days=1)).replace(day=1)
    return found


def first_second(day: date, zone: ZoneInfo) -> int:
    """When a day begins, in seconds UTC."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())


def _worse(one: Severity, other: Severity) -> Severity:
    """The worse of two; what is unknown for a part of a day hides nothing good."""
    if Severity.UNKNOWN in {one, other}:
        return other if one is Severity.UNKNOWN else one
    return max(one, other, key=lambda severity: severity.rank)
