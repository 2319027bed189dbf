"""B-71: the thresholds of Implementing Regulation (EU) 2024/2690 art. 14, from numbers alone."""

from __future__ import annotations

import pytest

from ipse.incidents.model import Extent, Impact, Incident, Kind, Maintenance, Population, Threshold
from ipse.incidents.rules.significance import is_significant, thresholds
from tests.unit.incidents.making import HOUR, MINUTE, MONDAY, incident, update, window

BELGIUM = Population(people=7_000_000, partners=800)
VILLAGE = Population(people=500, partners=3)
MANY = Population(people=30_000_000, partners=800)


def _measured(
    found: Incident,
    *,
    population: Population = BELGIUM,
    others: tuple[Incident, ...] = (),
    maintenance: tuple[Maintenance, ...] = (),
    now: int = MONDAY + 100 * HOUR,
) -> dict[str, Threshold]:
    measured = thresholds(found, others=others, maintenance=maintenance, population=population, now=now)
    return {each.letter: each for each in measured}


@pytest.mark.parametrize(
    ("minutes", "crossed"),
    [(20, False), (20.02, True), (0, False), (59, True)],
)
def test_a_full_outage_of_more_than_twenty_minutes(minutes: float, crossed: bool) -> None:
    found = incident(ends=MONDAY + round(minutes * MINUTE))
    assert _measured(found)["a"].crossed is crossed


def test_an_outage_that_goes_on_is_measured_up_to_now() -> None:
    assert not _measured(incident(), now=MONDAY + 19 * MINUTE)["a"].crossed
    assert _measured(incident(), now=MONDAY + 21 * MINUTE)["a"].crossed


def test_two_full_outages_of_one_incident_are_not_one_stretch() -> None:
    """Fifteen minutes, an hour of trouble, fifteen minutes more."""
    found = incident(
        ends=MONDAY + 90 * MINUTE,
        updates=(
            update(MONDAY + 75 * MINUTE, Impact.FULL),
            update(MONDAY + 15 * MINUTE, Impact.DEGRADED),
            update(MONDAY, Impact.FULL),
        ),
    )
    measured = _measured(found)
    assert measured["a"].measured == "15.0 min"
    assert not measured["a"].crossed
    assert measured["b"].measured == "30.0 min"


def test_planned_maintenance_counts_nowhere() -> None:
    found = incident(begins=MONDAY + HOUR, ends=MONDAY + 3 * HOUR)
    planned = window(MONDAY + HOUR, MONDAY + 3 * HOUR - 10 * MINUTE)
    measured = _measured(found, maintenance=(planned,))
    assert (measured["a"].measured, measured["b"].measured) == ("10.0 min", "10.0 min")
    assert not is_significant(found, measured.values())


@pytest.mark.parametrize("members", [{"announced_at": MONDAY + HOUR}, {"cancelled_at": MONDAY}])
def test_maintenance_that_nobody_was_told_of_in_time_or_that_was_called_off_is_none(members: dict[str, int]) -> None:
    found = incident(begins=MONDAY + HOUR, ends=MONDAY + 3 * HOUR)
    measured = _measured(found, maintenance=(window(MONDAY + HOUR, MONDAY + 3 * HOUR, **members),))
    assert measured["a"].crossed


@pytest.mark.parametrize(("minutes", "crossed"), [(20, False), (21, True)])
def test_an_hour_in_a_calendar_week_adds_up_over_incidents(minutes: int, crossed: bool) -> None:
    before = incident(begins=MONDAY + 10 * HOUR, ends=MONDAY + 10 * HOUR + 40 * MINUTE, impact=Impact.PARTIAL)
    found = incident(begins=MONDAY + 90 * HOUR, ends=MONDAY + 90 * HOUR + minutes * MINUTE, impact=Impact.PARTIAL)
    measured = _measured(found, others=(before,))
    assert measured["b"].crossed is crossed
    assert not measured["a"].crossed


def test_weeks_begin_on_monday() -> None:
    """Forty minutes on Sunday, forty on Monday: no week has an hour."""
    found = incident(
        begins=MONDAY - 40 * MINUTE,
        ends=MONDAY + 40 * MINUTE,
        impact=Impact.PARTIAL,
    )
    assert _measured(found)["b"].measured == "40.0 min"


def test_two_incidents_at_once_are_one_time() -> None:
    found, other = (incident(ends=MONDAY + 40 * MINUTE, impact=Impact.PARTIAL) for _ in range(2))
    assert _measured(found, others=(other,))["b"].measured == "40.0 min"


@pytest.mark.parametrize(
    ("extent", "population", "crossed"),
    [
        (Extent(), BELGIUM, False),
        (Extent(limited_people=70_000), BELGIUM, False),
        (Extent(limited_people=70_001), BELGIUM, True),
        (Extent(limited_people=200_000), MANY, False),
        (Extent(limited_people=200_001), MANY, True),
        (Extent(limited_partners=8), BELGIUM, False),
        (Extent(limited_partners=9), BELGIUM, True),
        (Extent(limited_people=5), VILLAGE, False),
        (Extent(limited_people=6), VILLAGE, True),
        (Extent(limited_people=6, people=7_000_000), VILLAGE, False),
    ],
)
def test_limited_for_one_in_a_hundred_or_for_200_000(extent: Extent, population: Population, crossed: bool) -> None:
    found = incident(ends=MONDAY + MINUTE, impact=Impact.DEGRADED, extent=extent)
    assert _measured(found, population=population)["c"].crossed is crossed


@pytest.mark.parametrize(
    ("extent", "population", "crossed"),
    [
        (Extent(compromised_people=100), BELGIUM, False),
        (Extent(compromised_people=101), BELGIUM, True),
        (Extent(compromised_people=1), VILLAGE, True),
        (Extent(compromised_people=0, compromised_partners=0), VILLAGE, False),
        (Extent(compromised_partners=1), BELGIUM, True),
    ],
)
def test_compromised_for_one_in_a_thousand_or_for_100(extent: Extent, population: Population, crossed: bool) -> None:
    found = incident(ends=MONDAY + MINUTE, impact=Impact.DEGRADED, extent=extent)
    assert _measured(found, population=population)["e"].crossed is crossed


def test_a_physical_breach_is_one_by_itself() -> None:
    found = incident(ends=MONDAY + MINUTE, impact=Impact.DEGRADED, extent=Extent(physical_breach=True))
    assert _measured(found)["d"].crossed


@pytest.mark.parametrize("kind", [Kind.SECURITY, Kind.PERSONAL_DATA])
def test_a_breach_that_nobody_has_counted_yet_is_significant(kind: Kind) -> None:
    """Duties run from the moment somebody knows, not from the moment it has been counted."""
    found = incident(kind=kind, impact=Impact.DEGRADED)
    assert is_significant(found, _measured(found).values())
    counted = incident(kind=kind, impact=Impact.DEGRADED, extent=Extent(compromised_people=3, compromised_partners=0))
    assert not is_significant(counted, _measured(counted).values())
