"""Which duties to notify an incident starts, and how their time stands (B-70): one visible table."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ipse.incidents.model import Clock, Duty, DutyState, Incident, Kind, Mark
from ipse.kernel.clock import SECOND

_HOUR: Final = 3600 * SECOND
_DAY: Final = 24 * _HOUR
REMINDERS: Final = (50, 80, 100)
"""At which shares of its time, in percent, somebody is reminded of a duty; at the last it is breached."""

Marks = Mapping[Duty, Mark]


@dataclass(frozen=True, slots=True)
class Demand:
    """One duty: which incidents start it, when its time begins (None: not yet), and when that is over."""

    duty: Duty
    law: str
    applies: Callable[[Incident, bool], bool]
    """Given the incident, and whether it is significant."""
    begins: Callable[[Incident, Marks], int | None]
    ends: Callable[[int], int]


def _significant(_incident: Incident, significant: bool) -> bool:  # noqa: FBT001 - one of the table's two columns
    return significant


def _scheme(incident: Incident, _significant: bool) -> bool:  # noqa: FBT001
    return incident.extent.scheme_compromised


def _personal(incident: Incident, _significant: bool = False) -> bool:  # noqa: FBT001, FBT002
    return incident.kind is Kind.PERSONAL_DATA or incident.extent.personal_data


def _high_risk(incident: Incident, _significant: bool) -> bool:  # noqa: FBT001
    return _personal(incident) and incident.extent.high_risk


def _exploited(incident: Incident, _significant: bool) -> bool:  # noqa: FBT001
    return incident.kind is Kind.VULNERABILITY and incident.extent.exploited


def _aware(incident: Incident, _marks: Marks) -> int | None:
    return incident.aware_at


def _fixed(incident: Incident, _marks: Marks) -> int | None:
    return incident.extent.fixed_at


def _suspended(incident: Incident, marks: Marks) -> int | None:
    return _when_done(marks, Duty.EIDAS_SUSPENSION) or incident.aware_at


def _notified(incident: Incident, marks: Marks) -> int | None:
    # A notification that is late makes the final report no later.
    return min(_when_done(marks, Duty.NIS2_NOTIFICATION) or 2**63, incident.aware_at + 72 * _HOUR)


def _when_done(marks: Marks, duty: Duty) -> int | None:
    mark = marks.get(duty)
    return None if mark is None else mark.done_at


def hours(count: int) -> Callable[[int], int]:
    """A time that ends so many hours after its beginning."""
    return lambda begins: begins + count * _HOUR


def months(count: int) -> Callable[[int], int]:
    """A time that ends on the same day of a later month, or on that month's last."""

    def ends(begins: int) -> int:
        moment = datetime.fromtimestamp(begins // SECOND, UTC)
        year, month = divmod(moment.month - 1 + count, 12)
        year, month = moment.year + year, month + 1
        last = calendar.monthrange(year, month)[1]
        moved = moment.replace(year=year, month=month, day=min(moment.day, last))
        return round(moved.timestamp()) * SECOND + begins % SECOND

    return ends


AT_ONCE: Final = hours(1)
"""The law says "without delay"; this is our own measure of it."""

DEMANDS: Final = (
    Demand(Duty.EIDAS_NOTIFICATION, "eIDAS 19a(1)(b), 24(2)(fb)", _significant, _aware, hours(24)),
    Demand(Duty.EIDAS_PERSONS, "eIDAS 19a(1)(b), 24(2)(fb)", _significant, _aware, hours(24)),
    Demand(Duty.EIDAS_SUSPENSION, "eIDAS 10(1)", _scheme, _aware, AT_ONCE),
    Demand(Duty.EIDAS_REMEDY, "eIDAS 10(3)", _scheme, _suspended, months(3)),
    Demand(Duty.NIS2_WARNING, "NIS2 23(4)(a)", _significant, _aware, hours(24)),
    Demand(Duty.NIS2_NOTIFICATION, "NIS2 23(4)(b)", _significant, _aware, hours(72)),
    Demand(Duty.NIS2_FINAL, "NIS2 23(4)(d)", _significant, _notified, months(1)),
    Demand(Duty.GDPR_AUTHORITY, "GDPR 33", _personal, _aware, hours(72)),
    # "Without undue delay": our own measure is the authority's.
    Demand(Duty.GDPR_PERSONS, "GDPR 34", _high_risk, _aware, hours(72)),
    Demand(Duty.CRA_WARNING, "CRA 14(2)(a)", _exploited, _aware, hours(24)),
    Demand(Duty.CRA_NOTIFICATION, "CRA 14(2)(b)", _exploited, _aware, hours(72)),
    Demand(Duty.CRA_FINAL, "CRA 14(2)(c)", _exploited, _fixed, lambda begins: begins + 14 * _DAY),
)


def clocks(incident: Incident, marks: Iterable[Mark], *, significant: bool, now: int) -> tuple[Clock, ...]:
    """Every duty of an incident with its time, soonest first; those that wait come last.

    A duty that was done stays in the list, also when new numbers say that it would not have been one.
    """
    by_duty = {mark.duty: mark for mark in marks}
    found = []
    for demand in DEMANDS:
        mark = by_duty.get(demand.duty)
        if demand.applies(incident, significant) or (mark is not None and mark.done_at is not None):
            found.append(_clock(demand, incident, by_duty, now))
    return tuple(sorted(found, key=lambda clock: (clock.due_at is None, clock.due_at or 0)))


def _clock(demand: Demand, incident: Incident, marks: Marks, now: int) -> Clock:
    mark = marks.get(demand.duty)
    done_at = None if mark is None else mark.done_at
    begins = demand.begins(incident, marks)
    if begins is None:
        state = DutyState.WAITING if done_at is None else DutyState.DONE
        return Clock(demand.duty, demand.law, None, None, state, 0, mark)
    due = demand.ends(begins)
    until = now if done_at is None else done_at
    percent = 100 if until >= due else max((until - begins) * 100 // max(due - begins, 1), 0)
    in_time = DutyState.RUNNING if done_at is None else DutyState.DONE
    state = DutyState.BREACHED if until >= due else in_time
    return Clock(demand.duty, demand.law, begins, due, state, percent, mark)


def reminder(clock: Clock) -> int | None:
    """At which share of its time somebody must be reminded of a duty now; None: they have been, or it is done."""
    if clock.due_at is None or (clock.mark is not None and clock.mark.done_at is not None):
        return None
    passed = max((step for step in REMINDERS if clock.percent >= step), default=None)
    if passed is None or (clock.mark is not None and clock.mark.reminded >= passed):
        return None
    return passed
