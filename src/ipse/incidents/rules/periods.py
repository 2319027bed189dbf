"""How long something did not work, planned maintenance left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from ipse.incidents.model import Impact, Incident, Maintenance
from ipse.kernel.clock import SECOND


class Period(NamedTuple):
    """From one moment up to another, microseconds UTC."""

    begins: int
    ends: int

    @property
    def length(self) -> int:
        """Microseconds."""
        return max(self.ends - self.begins, 0)


UNAVAILABLE: Final = (Impact.FULL, Impact.PARTIAL)
"""What counts as not available to people or partners."""


def periods_of(incident: Incident, impacts: Iterable[Impact], *, now: int) -> list[Period]:
    """When it had one of these impacts, by its timeline, oldest first. Neighbours are one period."""
    timeline = sorted(incident.updates, key=lambda update: update.at)
    if not timeline:
        changes = [(incident.started_at, incident.impact)]
    else:
        # What was known first holds since it began, however much later somebody wrote it down.
        first, *later = timeline
        changes = [(incident.started_at, first.impact), *((update.at, update.impact) for update in later)]
    end, wanted, found = incident.ended_at or now, frozenset(impacts), list[Period]()
    for place, (since, impact) in enumerate(changes):
        until = min(changes[place + 1][0] if place + 1 < len(changes) else end, end)
        begins = max(since, incident.started_at)
        if impact not in wanted or until <= begins:
            continue
        if found and found[-1].ends == begins:
            found[-1] = Period(found[-1].begins, until)
        else:
            found.append(Period(begins, until))
    return found


def planned(maintenance: Iterable[Maintenance]) -> list[Period]:
    """The windows that were announced before they began and not called off, merged."""
    windows = sorted(
        Period(each.starts_at, each.ends_at)
        for each in maintenance
        if each.announced_at < each.starts_at and (each.cancelled_at is None or each.cancelled_at > each.starts_at)
    )
    merged: list[Period] = []
    for window in windows:
        if merged and window.begins <= merged[-1].ends:
            merged[-1] = Period(merged[-1].begins, max(merged[-1].ends, window.ends))
        else:
            merged.append(window)
    return merged


def without(period: Period, windows: Sequence[Period]) -> int:
    """Microseconds of a period outside merged windows."""
    inside = sum(Period(max(period.begins, each.begins), min(period.ends, each.ends)).length for each in windows)
    return period.length - inside


def weeks_of(period: Period) -> list[Period]:
    """The calendar weeks (Monday 00:00 UTC) that a period touches."""
    monday = datetime.fromtimestamp(period.begins / SECOND, UTC)
    monday = (monday - timedelta(days=monday.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    found = []
    while (begins := round(monday.timestamp()) * SECOND) < period.ends:
        monday += timedelta(days=7)
        found.append(Period(begins, round(monday.timestamp()) * SECOND))
    return found


def within(period: Period, week: Period) -> Period:
    """The part of a period inside a week."""
    return Period(max(period.begins, week.begins), min(period.ends, week.ends))
