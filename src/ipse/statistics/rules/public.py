"""What is published: tables of whole days and months, without small numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import dropwhile
from typing import Final

from ipse.kernel.clock import day as day_of
from ipse.statistics.model import (
    APP,
    FALLBACKS,
    GOVERNMENT,
    KINDS,
    WAYS,
    Known,
    Line,
    Outcome,
    Published,
    Table,
    Tally,
    Used,
)
from ipse.statistics.rules import spans
from ipse.statistics.rules.suppression import hide_in_line, hide_in_table, with_sums

MONTHS: Final = 13
"""How many are told, with the one that `closed` is in: the same month of last year stands beside it."""
DAYS: Final = 30
_TOP: Final = 5
_YEAR: Final = timedelta(days=365)
TOTAL: Final = "total"
COUNT: Final = "count"
_DIGITS: Final = 3
"""Of a share from 0 to 1: one digit of its per cent."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What publishing starts from."""

    until: date
    """The last day that may be told."""
    closed: date
    """The last day of totals: where two looks must not tell who came between them, the end of a month."""
    samples: Mapping[str, Mapping[date, int]]
    by_day: Sequence[tuple[int, Tally]]
    """Every day's counts, with the beginning of the day."""
    by_service: Sequence[Tally]
    """Of the twelve months up to `closed`."""
    services: Sequence[Known]
    adults: int
    smallest: int


def first_day(closed: date) -> date:
    """The first day that publishing looks at."""
    return spans.months_before(closed.replace(day=1), MONTHS - 1)


def end_of_month(until: date) -> date:
    """The last day of the last month that is over on the evening of `until`."""
    return (until + timedelta(days=1)).replace(day=1) - timedelta(days=1)


def published(found: Gathered) -> Published:
    """Everything, small numbers hidden."""
    whole = end_of_month(found.closed)
    month = whole.replace(day=1)
    approved = [(day_of(at), tally) for at, tally in found.by_day if tally.outcome == Outcome.APPROVED]
    in_month = [tally for day, tally in approved if day.replace(day=1) == month]
    people, before = _people(found, found.closed), _people(found, found.closed - _YEAR)
    then = _people(found, whole)
    active = _rounded(_latest(found.samples.get("people_active", {}), found.closed), found.smallest)
    signatures = sum(tally.times for tally in in_month if tally.kind == "signing")
    uses = sum(tally.times for tally in in_month)
    return Published(
        until=found.until,
        closed=found.closed,
        smallest=found.smallest,
        people=people,
        share=round(people / found.adults, _DIGITS) if people and found.adults else None,
        growth=round(people / before - 1, _DIGITS) if people and before else None,
        active=round(min(1.0, active / people), _DIGITS) if people and active else None,
        uses=round(uses / then, 1) if then and uses >= found.smallest else None,
        month=month,
        signatures=_told(signatures or None, found.smallest),
        tables=(
            _people_by_month(found),
            _new_people(found),
            _requests(found, approved),
            _partners(found),
            _methods(found),
            _fallbacks(found, approved),
        ),
        top=_top(found),
    )


def _told(value: int | None, smallest: int) -> int | None:
    return None if value is None or 0 < value < smallest else value


def _rounded(value: int | None, smallest: int) -> int | None:
    """Rounded down to a multiple of `smallest`, so that two looks do not tell how many came between them."""
    told = _told(value, smallest)
    return None if told is None else told - told % max(smallest, 1)


def _latest(samples: Mapping[date, int], until: date) -> int | None:
    """The last number of at most a month before."""
    days = [day for day in samples if until - timedelta(days=31) <= day <= until]
    return samples[max(days)] if days else None


def _people(found: Gathered, day: date) -> int | None:
    return _rounded(_latest(found.samples.get("people", {}), day), found.smallest)


def _months(closed: date) -> list[date]:
    return [spans.months_before(closed.replace(day=1), count) for count in reversed(range(MONTHS))]


def _people_by_month(found: Gathered) -> Table:
    """From the first month on that was counted."""
    ends = [min(spans.months_before(month, -1) - timedelta(days=1), found.closed) for month in _months(found.closed)]
    counted = dropwhile(lambda end: _latest(found.samples.get("people", {}), end) is None, ends)
    return Table("people", (COUNT,), tuple(Line(f"{end:%Y-%m}", (_people(found, end),)) for end in counted))


def _new_people(found: Gathered) -> Table:
    days = [found.until - timedelta(days=count) for count in reversed(range(DAYS))]
    counts = [found.samples.get("people_new", {}).get(day, 0) for day in days]
    shown = hide_in_line(counts, found.smallest)
    return Table(
        "new_people", (COUNT,), tuple(Line(f"{day}", (count,)) for day, count in zip(days, shown, strict=True))
    )


def _by_month(name: str, columns: tuple[str, ...], found: Gathered, counted: Iterable[tuple[date, str, int]]) -> Table:
    """Months down, words across, with sums; the sums of the columns are reckoned with, and not told."""
    counts = Counter[tuple[date, str]]()
    for day, column, times in counted:
        counts[day.replace(day=1), column] += times
    used = {month for month, _ in counts}
    months = list(dropwhile(lambda month: month not in used, _months(found.closed)))
    if not months:
        return Table(name, (*columns, TOTAL), ())
    cells = hide_in_table(with_sums([counts[month, column] for column in columns] for month in months), found.smallest)
    lines = [Line(f"{month:%Y-%m}", tuple(row)) for month, row in zip(months, cells, strict=False)]
    return Table(name, (*columns, TOTAL), tuple(lines))


def _requests(found: Gathered, approved: Iterable[tuple[date, Tally]]) -> Table:
    return _by_month("requests", KINDS, found, ((day, tally.kind, tally.times) for day, tally in approved))


def _fallbacks(found: Gathered, approved: Iterable[tuple[date, Tally]]) -> Table:
    without = ((day, tally.method, tally.times) for day, tally in approved if tally.method not in APP)
    return _by_month("fallbacks", FALLBACKS, found, without)


def _partners(found: Gathered) -> Table:
    """Partners by kind of use. Organisations are no persons, so their number is told as it is."""
    counts = {kind: _latest(found.samples.get(f"partners_{kind}", {}), found.closed) for kind in KINDS}
    return Table("partners", (COUNT,), tuple(Line(kind, (counts[kind] or 0,)) for kind in KINDS))


def _methods(found: Gathered) -> Table:
    """How people proved themselves at services of the government."""
    at = {service.service_code for service in found.services if service.sector == GOVERNMENT}
    counts = Counter[str]()
    for tally in found.by_service:
        if tally.service_code in at and tally.outcome == Outcome.APPROVED:
            way = "app" if tally.method in APP else "card" if tally.method == "eid_card" else "other"
            counts[way] += tally.times
    shown = hide_in_line([counts[way] for way in WAYS], found.smallest)
    return Table("methods", (COUNT,), tuple(Line(way, (count,)) for way, count in zip(WAYS, shown, strict=True)))


def _top(found: Gathered) -> dict[str, tuple[Used, ...]]:
    counts = Counter[str]()
    for tally in found.by_service:
        if tally.outcome == Outcome.APPROVED:
            counts[tally.service_code] += tally.times
    by_sector: dict[str, list[Used]] = {}
    for service in found.services:
        times = counts[service.service_code]
        if service.sector and service.active and times >= found.smallest:
            by_sector.setdefault(service.sector, []).append(Used(service, times))
    return {
        sector: tuple(sorted(used, key=lambda one: (-one.times, one.service.service_code))[:_TOP])
        for sector, used in sorted(by_sector.items())
    }
