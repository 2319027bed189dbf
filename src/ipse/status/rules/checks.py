"""Hard and soft states: one outcome proves nothing, two in a row do."""

from __future__ import annotations

from typing import Final

from ipse.status.model import Check, Seen, Severity

IN_A_ROW: Final = 2
"""So many equal outcomes change a state, for the worse and for the better."""


def follow(check: Check, seen: Seen) -> Check:
    """The check after one more outcome; an older one changes nothing.

    The new state began when it was first seen, not when it was believed.
    """
    if check.last is not None and seen.at <= check.last.at:
        return check
    if seen.severity is check.severity:
        return Check(check.severity, check.since, seen, reason=seen.reason)
    if check.other is not None and _same_side(check.other, seen.severity):
        # Two failures in a row, though not for the same reason: the milder one is certain.
        believed = min(check.other, seen.severity, key=lambda one: one.rank)
        return Check(believed, check.other_since, seen, reason=seen.reason)
    return Check(check.severity, check.since, seen, seen.severity, int(seen.at), check.reason)


def silent(check: Check, at: int) -> Check:
    """The check when nothing has been heard of it for too long."""
    return check if check.severity is Severity.UNKNOWN and check.other is None else Check(since=at, last=check.last)


def _same_side(one: Severity, other: Severity) -> bool:
    return (one is Severity.OPERATIONAL) == (other is Severity.OPERATIONAL)
