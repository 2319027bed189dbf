"""Sums of tallies, and what they say: percentiles, rates, thresholds crossed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from ipse.kernel.clock import SECOND
from ipse.statistics.model import BOUNDS, Alert, AlertKind, Outcome, ServiceFigures, Tally, Thresholds, Totals

_MEDIAN, _SLOW = 0.5, 0.95
_LONGEST_SECONDS = 600.0
"""No request lives longer."""


def totals_of(tallies: Iterable[Tally]) -> Totals:
    """All of them together."""
    outcomes, methods = Counter[str](), Counter[str]()
    microseconds, within = 0, [0] * len(BOUNDS)
    for tally in tallies:
        outcomes[tally.outcome] += tally.times
        if tally.outcome == Outcome.APPROVED:
            methods[tally.method] += tally.times
            microseconds += tally.microseconds
            within = [sum(pair) for pair in zip(within, tally.within, strict=True)]
    return Totals(dict(outcomes), dict(methods), microseconds, tuple(within))


def percentile(totals: Totals, share: float) -> float | None:
    """The seconds within which this share of approvals came, reckoned from counts by bounds; None without approvals."""
    if not totals.approved:
        return None
    wanted, before, low = share * totals.approved, 0, 0.0
    for bound, count in zip((*BOUNDS, _LONGEST_SECONDS), (*totals.within, totals.approved), strict=True):
        if count >= wanted and count > before:
            return low + (bound - low) * (wanted - before) / (count - before)
        before, low = count, float(bound)
    return _LONGEST_SECONDS  # pragma: no cover - the last bound holds all


def median(totals: Totals) -> float | None:
    """Half of the approvals were not slower."""
    return percentile(totals, _MEDIAN)


def slow(totals: Totals) -> float | None:
    """95 of 100 approvals were not slower."""
    return percentile(totals, _SLOW)


def mean_seconds(totals: Totals) -> float | None:
    """The mean; None without approvals."""
    return totals.microseconds / SECOND / totals.approved if totals.approved else None


def alerts_of(service_code: str, totals: Totals, thresholds: Thresholds) -> tuple[Alert, ...]:
    """Which thresholds these requests of one service cross."""
    if totals.requests < thresholds.least:
        return ()
    found = []
    if totals.error_rate > thresholds.errors:
        found.append(Alert(AlertKind.ERRORS, service_code, totals.error_rate, thresholds.errors))
    abandoned = totals.outcomes.get(Outcome.EXPIRED, 0) / totals.requests
    if abandoned > thresholds.abandoned:
        found.append(Alert(AlertKind.ABANDONED, service_code, abandoned, thresholds.abandoned))
    middle = median(totals)
    if middle is not None and middle > thresholds.slow_seconds:
        found.append(Alert(AlertKind.SLOW, service_code, middle, thresholds.slow_seconds))
    return tuple(found)


def by_service(tallies: Iterable[Tally], recent: Iterable[Tally], thresholds: Thresholds) -> tuple[ServiceFigures, ...]:
    """Each service; its alerts come from `recent`, those of the last hour."""
    grouped, newest = _grouped(tallies), _grouped(recent)
    found = []
    for code in grouped.keys() | newest.keys():
        totals = totals_of(grouped.get(code, ()))
        alerts = alerts_of(code, totals_of(newest.get(code, ())), thresholds)
        found.append(ServiceFigures(code, totals, median(totals), slow(totals), alerts))
    return tuple(sorted(found, key=lambda each: (-each.totals.requests, each.service_code)))


def _grouped(tallies: Iterable[Tally]) -> dict[str, Sequence[Tally]]:
    found: dict[str, list[Tally]] = defaultdict(list)
    for tally in tallies:
        found[tally.service_code].append(tally)
    return dict(found)
