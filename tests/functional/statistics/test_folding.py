"""What features count is folded once, whoever folds it and whenever it stops."""

from __future__ import annotations

import asyncio

import pytest

from ipse.kernel.clock import SECOND, FrozenClock
from ipse.statistics.model import AlertKind, Grain, Known, Outcome
from ipse.statistics.rules import spans
from ipse.storage.database import Database
from tests.functional.statistics.counters import Counters, approval, ending

NOON = spans.floor(1_795_000_000 * SECOND, spans.DAY) + 12 * spans.HOUR


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOON)


@pytest.fixture
def counters(clock: FrozenClock) -> Counters:
    return Counters(clock)


async def test_figures_are_the_same_before_and_after_folding_and_after_the_rows_are_gone(
    database: Database, counters: Counters, clock: FrozenClock
) -> None:
    counters.add(approval(3), ago=7200)
    counters.add(ending(Outcome.EXPIRED, 2), ago=1500)
    counters.add(ending(Outcome.REFUSED, 4), ago=1500)
    counters.add(approval(5, method="eid_card"), ago=60)
    counters.add(approval(9, partner="town"), ago=60)
    statistics = counters.statistics(database)

    async def seen() -> tuple[object, ...]:
        found = await statistics.of_partner("shop", NOON - spans.DAY, clock.now() + SECOND)
        return dict(found.totals.outcomes), dict(found.totals.methods), found.totals.microseconds

    before = await seen()
    assert before == (
        {"approved": 8, "expired": 2, "refused": 4},
        {"code": 3, "eid_card": 5},
        8 * 8 * SECOND,
    )
    assert await statistics.folding.fold() > 0
    counters.rows = [row for row in counters.rows if row[0] > NOON - 300 * SECOND]
    counters.refused.clear()
    clock.advance(seconds=11)  # what was kept for ten seconds is over
    assert await seen() == before


async def test_each_span_counts_once_though_several_fold_at_the_same_moment(
    database: Database, counters: Counters, clock: FrozenClock
) -> None:
    for minute in range(30):
        counters.add(approval(), ago=3600 + 60 * minute)
    several = [counters.statistics(database) for _ in range(4)]
    await asyncio.gather(*(statistics.folding.fold() for statistics in several))
    await asyncio.gather(*(statistics.folding.fold() for statistics in several))
    found = await several[0].of_partner("shop", NOON - spans.DAY, NOON + SECOND)
    assert found.totals.approved == 30


async def test_a_request_that_may_still_change_is_not_folded(
    database: Database, counters: Counters, clock: FrozenClock
) -> None:
    statistics = counters.statistics(database)
    counters.add(ending(Outcome.OPEN), ago=600)
    await statistics.folding.fold()
    assert await statistics.folding.mark() <= NOON - 840 * SECOND
    counters.rows[:] = [(counters.rows[0][0], approval())]
    clock.advance(seconds=3600)
    await statistics.folding.fold()
    found = await statistics.of_partner("shop", NOON - spans.DAY, clock.now())
    assert found.totals.outcomes == {"approved": 1}


async def test_the_series_holds_every_hour_or_day(database: Database, counters: Counters, clock: FrozenClock) -> None:
    counters.add(approval(2), ago=5 * 3600)
    statistics = counters.statistics(database)
    await statistics.folding.fold()
    hours = await statistics.of_partner("shop", NOON - 6 * spans.HOUR, NOON)
    assert [point.totals.approved for point in hours.series] == [0, 2, 0, 0, 0, 0]
    days = await statistics.of_partner("shop", NOON - 30 * spans.DAY, NOON)
    assert days.grain is Grain.DAY
    assert [point.totals.approved for point in days.series] == [0] * 30 + [2]


async def test_our_own_probes_are_in_no_figure(database: Database, counters: Counters, clock: FrozenClock) -> None:
    counters.add(approval(50, partner="ipse-probe"), ago=7200)
    counters.add(approval(50, partner="ipse-probe"), ago=10)
    counters.known = [Known("PROBE", "ipse-probe", "Probe", {"en": "Probe"}, "authentication", "", active=True)]
    statistics = counters.statistics(database)
    await statistics.folding.fold()
    await statistics.folding.sample()
    assert (await statistics.of_partner("ipse-probe", NOON - spans.DAY, NOON + SECOND)).totals.requests == 0
    live = await statistics.live()
    assert (live.totals.requests, live.today.requests) == (0, 0)
    assert await database.rows("select name from statistics_samples where name = 'partners_authentication'") == []


async def test_operators_see_who_has_trouble_now(database: Database, counters: Counters, clock: FrozenClock) -> None:
    counters.people = 1234
    counters.add(approval(10), ago=30 * 3600)
    counters.add(approval(40), ago=60)
    counters.add(ending(Outcome.FAILED, 10, partner="town", service="TAX"), ago=120)
    counters.add(approval(20, partner="town", service="TAX"), ago=120)
    statistics = counters.statistics(database)
    await statistics.folding.fold()
    await statistics.folding.sample()
    live = await statistics.live()
    assert (live.totals.requests, live.today.requests, live.people) == (70, 70, 1234)
    assert [partner.partner_id for partner in live.partners] == ["shop", "town"]
    assert [(alert.kind, alert.service_code) for alert in live.alerts] == [(AlertKind.ERRORS, "TAX")]


async def test_operators_look_back_by_whole_hours(database: Database, counters: Counters, clock: FrozenClock) -> None:
    for hours in (1, 5, 23, 40):
        counters.add(approval(10), ago=hours * 3600 + 60)
    counters.add(ending(Outcome.REFUSED, 30), ago=23 * 3600)
    counters.add(approval(1), ago=30)
    statistics = counters.statistics(database)
    await statistics.folding.fold()
    day = await statistics.live(86_400)
    assert (day.totals.approved, day.totals.errors, day.seconds) == (31, 30, 86_400)
    assert day.alerts == ()
    assert (await statistics.live(3600)).totals.requests == 1
    assert (await statistics.live(7200)).totals.requests == 11
    assert (await statistics.live(2 * 86_400)).totals.approved == 41


async def test_the_numbers_of_a_day_are_its_last(database: Database, counters: Counters, clock: FrozenClock) -> None:
    statistics = counters.statistics(database)
    today = spans.floor(NOON, spans.DAY)
    counters.people, counters.active = 100, 70
    counters.new = {today + 1: 3, today - 1: 2}
    await statistics.folding.sample()
    counters.people = 105
    await statistics.folding.sample()  # its turn is taken
    clock.advance(seconds=300)
    await statistics.folding.sample()
    rows = await database.rows("select name, day, amount from statistics_samples order by name, day")
    assert [(row["name"], row["day"] - today, row["amount"]) for row in rows] == [
        ("people", 0, 105),
        ("people_active", 0, 70),
        ("people_new", -spans.DAY, 2),
        ("people_new", 0, 3),
    ]
