"""What is published of what was gathered."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from ipse.statistics.model import Known, Line, Outcome, Published, Tally
from ipse.statistics.rules import public, spans
from ipse.statistics.rules.public import Gathered

UNTIL = date(2026, 11, 22)


def approval(service: str, times: int, method: str = "code", kind: str = "authentication") -> Tally:
    return Tally("p", service, kind, Outcome.APPROVED, method, times)


def known(service: str, sector: str = "government", *, active: bool = True) -> Known:
    return Known(service, "p", "Partner", {"en": service}, "authentication", sector, active)


def gathered(**more: object) -> Gathered:
    facts: dict[str, object] = {
        "until": UNTIL,
        "closed": UNTIL,
        "samples": {},
        "by_day": [],
        "by_service": [],
        "services": [],
        "adults": 0,
        "smallest": 10,
    }
    return Gathered(**{**facts, **more})  # type: ignore[arg-type]


def test_nothing_gathered_is_nothing_told() -> None:
    found = public.published(gathered())
    assert (found.people, found.share, found.growth, found.active, found.uses, found.signatures) == (None,) * 6
    assert found.table("people").lines == ()
    assert found.table("requests").lines == ()
    assert dict(found.top) == {}


def test_share_growth_and_activity_come_from_whole_days() -> None:
    people = {UNTIL: 1200, UNTIL - timedelta(days=365): 1000, date(2026, 10, 31): 1100}
    samples = {"people": people, "people_active": {UNTIL - timedelta(days=1): 600}}
    october = spans.start_of(date(2026, 10, 5))
    found = public.published(gathered(samples=samples, adults=4800, by_day=[(october, approval("LOGIN", 3300))]))
    assert (found.people, found.share, found.active) == (1200, 0.25, 0.5)
    assert found.growth == pytest.approx(0.2)
    assert found.uses == pytest.approx(3.0)
    assert found.month == date(2026, 10, 1)


def test_too_few_people_are_told_as_nobody_knows() -> None:
    found = public.published(gathered(samples={"people": {UNTIL: 9}}, adults=100))
    assert (found.people, found.share) == (None, None)
    assert found.table("people").lines == (Line("2026-11", (None,)),)


def test_ways_at_the_government_are_the_phone_the_card_and_the_rest() -> None:
    used = [
        approval("TAX", 100),
        approval("TAX", 50, "fingerprint"),
        approval("TAX", 40, "eid_card"),
        approval("TAX", 20, "passkey"),
        approval("TAX", 15, "bank"),
        approval("SHOP", 999),
    ]
    found = public.published(gathered(by_service=used, services=[known("TAX"), known("SHOP", "commerce")]))
    assert found.table("methods").lines == (Line("app", (150,)), Line("card", (40,)), Line("other", (35,)))


def test_a_sector_lists_services_that_are_there_and_used_enough() -> None:
    used = [approval(f"S{number}", 10 + number) for number in range(8)] + [approval("RARE", 9), approval("GONE", 500)]
    services = [known(f"S{number}") for number in range(8)] + [known("RARE"), known("GONE", active=False)]
    unsorted = public.published(gathered(by_service=used, services=[*services, known("NOBODY", "")]))
    assert [one.service.service_code for one in unsorted.top["government"]] == ["S7", "S6", "S5", "S4", "S3"]


def test_months_begin_with_the_first_that_was_used() -> None:
    days = [(spans.start_of(date(2026, month, 3)), approval("LOGIN", 50)) for month in (9, 11)]
    requests = public.published(gathered(by_day=days)).table("requests")
    assert [line.name for line in requests.lines] == ["2026-09", "2026-10", "2026-11"]
    assert [line.cells[-1] for line in requests.lines] == [50, 0, 50]


def test_a_sector_of_one_way_hides_small_ones_and_a_neighbour() -> None:
    used = [approval("TAX", 100), approval("TAX", 4, "eid_card"), approval("TAX", 30, "bank")]
    found = public.published(gathered(by_service=used, services=[known("TAX")]))
    assert [line.cells for line in found.table("methods").lines] == [(100,), (None,), (None,)]


def test_two_looks_do_not_tell_how_few_came_between_them() -> None:
    """A day later everything but new people is the same, and a month later no difference is a small one."""
    closed = date(2026, 10, 31)
    assert public.end_of_month(UNTIL) == public.end_of_month(date(2026, 10, 31)) == closed
    later = UNTIL + timedelta(days=1)
    samples = {
        "people": {closed: 5000, UNTIL: 5001, later: 5004, date(2026, 11, 30): 5007},
        "people_active": {closed: 2500, UNTIL: 2501, later: 2503, date(2026, 11, 30): 2504},
        "people_new": {later: 3},
    }
    by_day = [(spans.start_of(day), approval("TAX", 20, "eid_card")) for day in (date(2026, 10, 9), UNTIL, later)]

    def look(until: date, closed: date) -> Published:
        found = gathered(until=until, closed=closed, samples=samples, adults=9000, by_day=by_day)
        return public.published(found)

    first, second, month = look(UNTIL, closed), look(later, closed), look(date(2026, 11, 30), date(2026, 11, 30))
    for name in ("people", "share", "growth", "active", "uses", "signatures", "top"):
        assert getattr(first, name) == getattr(second, name), name
    for name in ("people", "requests", "partners", "methods", "fallbacks"):
        assert first.table(name) == second.table(name), name
        assert "2026-11" not in {line.name for line in first.table(name).lines}
    assert (first.people, first.share, month.people, month.share) == (5000, 0.556, 5000, 0.556)
    assert first.active == month.active == 0.5
    assert [line.name for line in month.table("requests").lines] == ["2026-10", "2026-11"]
