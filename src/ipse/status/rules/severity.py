"""From evidence to a severity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from ipse.status.files import Counts, Sample
from ipse.status.model import REQUESTS, Check, Requests, Seen, Severity

FEWEST: Final = 10
"""Fewer requests than this in five minutes say nothing."""
SHARES: Final = ((0.5, Severity.MAJOR_OUTAGE), (0.2, Severity.PARTIAL_OUTAGE), (0.05, Severity.DEGRADED))
"""From this share of failed requests on."""
EFFECTS: Final = {
    "degraded": Severity.DEGRADED,
    "partial": Severity.PARTIAL_OUTAGE,
    "full": Severity.MAJOR_OUTAGE,
}
THEIRS: Final = frozenset({"enrolment-bank", "enrolment-card", "mobile-operator"})
"""Kinds of components that somebody else runs: their faults are those of the component."""


def of_sample(sample: Sample) -> Seen:
    """What one try of a probe means."""
    severity = Severity.OPERATIONAL
    if sample.outcome == "slow":
        severity = Severity.DEGRADED
    elif sample.outcome == "failed":
        severity = EFFECTS[sample.effect or "full"]
    reason = ": ".join(part for part in (sample.step, sample.reason) if part)
    return Seen(sample.at, severity, reason, sample.milliseconds, sample.steps)


def counted(kind: str, counts: Counts) -> Requests:
    """How many requests tell something of this component, and how many of them failed by its fault.

    What a person did themselves is no failure; what a partner did wrong tells nothing of the scheme.
    """
    failed = counts.ours + (counts.partner if kind in THEIRS else 0)
    return Requests(counts.ok + counts.person + failed, failed)


def of_requests(at: int, requests: Requests) -> Seen | None:
    """What real requests mean; None where there are too few."""
    if requests.total < FEWEST:
        return None
    share = requests.failed / requests.total
    found = next((severity for least, severity in SHARES if share >= least), Severity.OPERATIONAL)
    reason = "" if found is Severity.OPERATIONAL else f"{requests.failed} of {requests.total} requests failed"
    return Seen(at, found, reason)


def judge(checks: Mapping[str, Check]) -> tuple[Severity, int, str]:
    """How a component is, since when, and why.

    The worst that is known decides. Where nothing bad is known, a silent probe leaves it unknown, unless enough real
    requests end well.
    """
    known = [(name, check) for name, check in checks.items() if check.severity is not Severity.UNKNOWN]
    worst = max(known, key=lambda one: one[1].severity.rank, default=None)
    if worst is not None and worst[1].severity is not Severity.OPERATIONAL:
        name, check = worst
        return check.severity, check.since, f"{name}: {check.reason}" if check.reason else name
    silent = [name for name, check in checks.items() if check.severity is Severity.UNKNOWN and name != REQUESTS]
    if worst is None or (silent and REQUESTS not in dict(known)):
        return Severity.UNKNOWN, max((check.since for check in checks.values()), default=0), ", ".join(silent)
    return Severity.OPERATIONAL, max(check.since for _, check in known), ""


def worst(severities: Iterable[Severity]) -> Severity:
    """The worst of some; operational if there is none."""
    return max(severities, key=lambda one: one.rank, default=Severity.OPERATIONAL)
