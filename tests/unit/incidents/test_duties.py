"""B-70: the duties that an incident starts, and how their time stands."""

from __future__ import annotations

import pytest

from ipse.incidents.model import Duty, DutyState, Extent, Incident, Kind, Mark
from ipse.incidents.rules.duties import DEMANDS, clocks, months, reminder
from ipse.kernel.clock import read, text
from tests.unit.incidents.making import HOUR, MINUTE, MONDAY, incident

DAY = 24 * HOUR


def _due(found: Incident, *marks: Mark, significant: bool = True, now: int = MONDAY) -> dict[Duty, str | None]:
    every = clocks(found, marks, significant=significant, now=now)
    return {each.duty: None if each.due_at is None else text(each.due_at) for each in every}


def test_a_significant_outage() -> None:
    assert _due(incident()) == {
        Duty.EIDAS_NOTIFICATION: "2026-11-24T00:00:00Z",
        Duty.EIDAS_PERSONS: "2026-11-24T00:00:00Z",
        Duty.NIS2_WARNING: "2026-11-24T00:00:00Z",
        Duty.NIS2_NOTIFICATION: "2026-11-26T00:00:00Z",
        Duty.NIS2_FINAL: "2026-12-26T00:00:00Z",
    }


def test_an_outage_below_every_threshold_starts_none() -> None:
    assert _due(incident(), significant=False) == {}


def test_personal_data() -> None:
    found = incident(kind=Kind.PERSONAL_DATA)
    assert _due(found, significant=False) == {Duty.GDPR_AUTHORITY: "2026-11-26T00:00:00Z"}
    risky = incident(extent=Extent(personal_data=True, high_risk=True))
    assert {*_due(risky, significant=False)} == {Duty.GDPR_AUTHORITY, Duty.GDPR_PERSONS}


def test_a_scheme_that_cannot_be_relied_on() -> None:
    found = incident(kind=Kind.SECURITY, extent=Extent(scheme_compromised=True))
    assert _due(found, significant=False) == {
        Duty.EIDAS_SUSPENSION: "2026-11-23T01:00:00Z",
        Duty.EIDAS_REMEDY: "2027-02-23T00:00:00Z",
    }


def test_an_exploited_vulnerability_and_its_fix() -> None:
    assert _due(incident(kind=Kind.VULNERABILITY), significant=False) == {}
    found = incident(kind=Kind.VULNERABILITY, extent=Extent(exploited=True))
    assert _due(found, significant=False) == {
        Duty.CRA_WARNING: "2026-11-24T00:00:00Z",
        Duty.CRA_NOTIFICATION: "2026-11-26T00:00:00Z",
        Duty.CRA_FINAL: None,
    }
    fixed = incident(kind=Kind.VULNERABILITY, extent=Extent(exploited=True, fixed_at=MONDAY + DAY))
    assert _due(fixed, significant=False)[Duty.CRA_FINAL] == "2026-12-08T00:00:00Z"


def test_the_final_report_follows_the_notification_but_no_later_than_it_was_due() -> None:
    early = Mark(Duty.NIS2_NOTIFICATION, 0, MONDAY + DAY, "operator:ada", "")
    late = Mark(Duty.NIS2_NOTIFICATION, 0, MONDAY + 9 * DAY, "operator:ada", "")
    assert _due(incident(), early)[Duty.NIS2_FINAL] == "2026-12-24T00:00:00Z"
    assert _due(incident(), late)[Duty.NIS2_FINAL] == "2026-12-26T00:00:00Z"


def test_what_was_done_stays_in_the_list() -> None:
    done = Mark(Duty.EIDAS_NOTIFICATION, 0, MONDAY + HOUR, "operator:ada", "receipt 12")
    (clock,) = clocks(incident(), [done], significant=False, now=MONDAY + 9 * DAY)
    assert (clock.state, clock.percent, clock.mark) == (DutyState.DONE, 4, done)


@pytest.mark.parametrize(
    ("passed", "state", "told"),
    [
        (12 * HOUR - MINUTE, DutyState.RUNNING, None),
        (12 * HOUR, DutyState.RUNNING, 50),
        (19 * HOUR, DutyState.RUNNING, 50),
        (19 * HOUR + 12 * MINUTE, DutyState.RUNNING, 80),
        (24 * HOUR - MINUTE, DutyState.RUNNING, 80),
        (24 * HOUR, DutyState.BREACHED, 100),
        (90 * HOUR, DutyState.BREACHED, 100),
    ],
)
def test_reminders_at_half_at_four_fifths_and_at_the_end(passed: int, state: DutyState, told: int | None) -> None:
    found = {each.duty: each for each in clocks(incident(), (), significant=True, now=MONDAY + passed)}
    clock = found[Duty.EIDAS_NOTIFICATION]
    assert (clock.state, reminder(clock)) == (state, told)


def test_nobody_is_reminded_twice_or_of_what_is_done() -> None:
    half, done = Mark(Duty.NIS2_WARNING, 50), Mark(Duty.NIS2_WARNING, 50, MONDAY + 2 * HOUR, "operator:ada", "")
    for mark, passed, told in ((half, 13, None), (half, 20, 80), (done, 20, None), (done, 99, None)):
        every = clocks(incident(), [mark], significant=True, now=MONDAY + passed * HOUR)
        assert reminder(next(each for each in every if each.duty is Duty.NIS2_WARNING)) == told


def test_what_was_done_too_late_stays_breached() -> None:
    late = Mark(Duty.NIS2_WARNING, 100, MONDAY + 25 * HOUR, "operator:ada", "")
    every = {each.duty: each for each in clocks(incident(), [late], significant=True, now=MONDAY + 30 * HOUR)}
    assert every[Duty.NIS2_WARNING].state is DutyState.BREACHED


@pytest.mark.parametrize(
    ("begins", "count", "ends"),
    [
        ("2026-01-31T10:00:00Z", 1, "2026-02-28T10:00:00Z"),
        ("2026-11-22T10:00:00Z", 3, "2027-02-22T10:00:00Z"),
        ("2026-12-31T00:00:00Z", 1, "2027-01-31T00:00:00Z"),
    ],
)
def test_months_end_on_the_same_day_or_on_the_last(begins: str, count: int, ends: str) -> None:
    assert text(months(count)(read(begins))) == ends


def test_every_duty_has_its_line() -> None:
    assert [demand.duty for demand in DEMANDS] == [*Duty]
