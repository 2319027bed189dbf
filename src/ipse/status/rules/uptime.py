"""How much of a time a component was there: from its changes and the announced windows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ipse.status.files import Maintenance
from ipse.status.model import Change, Severity, Uptime


class Span(NamedTuple):
    """A time in one state: from the first second to before the last, UTC."""

    start: int
    end: int
    severity: Severity
    why: str = ""


def spans(changes: Sequence[Change], start: int, end: int) -> Iterator[Span]:
    """The states of one component between two moments, in order. Before its first change nothing was known."""
    at, severity, why = start, Severity.UNKNOWN, ""
    for change in changes:
        if change.since >= end:
            break
        if change.since > at:
            yield Span(at, change.since, severity, why)
            at = change.since
        severity, why = change.severity, change.why
    if at < end:
        yield Span(at, end, severity, why)


def measure(changes: Sequence[Change], windows: Iterable[Maintenance], component: str, start: int, end: int) -> Uptime:
    """What counts between two moments: unknown time and announced windows do not."""
    announced = _merged(
        (max(start, window.starts_at), min(end, window.ends_at))
        for window in windows
        if window.covers(component, window.starts_at)
    )
    measured = down = maintenance = 0
    for span in spans(changes, start, end):
        inside = sum(max(0, min(span.end, until) - max(span.start, since)) for since, until in announced)
        maintenance += inside
        if span.severity in {Severity.UNKNOWN, Severity.MAINTENANCE}:
            continue
        measured += span.end - span.start - inside
        down += span.end - span.start - inside if span.severity.is_down else 0
    return Uptime(measured, down, maintenance)


def disturbances(changes: Sequence[Change], start: int, end: int) -> list[Span]:
    """The outages and troubles, newest first; what follows each other without a good moment between is told apart."""
    good = {Severity.OPERATIONAL, Severity.UNKNOWN, Severity.MAINTENANCE}
    return [span for span in spans(changes, start, end) if span.severity not in good][::-1]


def percent(uptime: Uptime) -> str | None:
    """Per cent with three decimals, cut and never rounded up: 99.9999 is not 100. None where nothing was measured."""
    if not uptime.measured:
        return None
    thousandths = (uptime.measured - uptime.down) * 100_000 // uptime.measured
    return f"{thousandths // 1000}.{thousandths % 1000:03}"


def _merged(times: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Windows that meet, as one: no second counts twice."""
    merged: list[tuple[int, int]] = []
    for since, until in sorted(one for one in times if one[0] < one[1]):
        if merged and since <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(until, merged[-1][1]))
        else:
            merged.append((since, until))
    return merged
