"""How severities, states and uptime follow from what was seen (B-71)."""

from __future__ import annotations

from datetime import date
from functools import reduce
from zoneinfo import ZoneInfo

import pytest

from ipse.status.files import Counts, Maintenance, Sample
from ipse.status.model import REQUESTS, Certainty, Change, Check, Seen, Severity, Uptime
from ipse.status.rules import calendar
from ipse.status.rules.checks import follow, silent
from ipse.status.rules.severity import counted, judge, of_requests, of_sample
from ipse.status.rules.uptime import Span, disturbances, measure, percent, spans

OK, SLOW, PART, DOWN, NOTHING = (
    Severity.OPERATIONAL,
    Severity.DEGRADED,
    Severity.PARTIAL_OUTAGE,
    Severity.MAJOR_OUTAGE,
    Severity.UNKNOWN,
)
UTC = ZoneInfo("UTC")
DAY = 86_400
NOON = 1_795_348_800  # 2026-11-22 12:00 UTC


def after(*outcomes: Severity) -> Check:
    """A check that saw these, one a second from second 1 on."""
    return reduce(follow, (Seen(place, found) for place, found in enumerate(outcomes, 1)), Check())


@pytest.mark.parametrize(
    ("seen", "severity", "certainty", "since"),
    [
        ((), NOTHING, Certainty.HARD, 0),
        ((OK,), NOTHING, Certainty.SOFT, 0),
        ((OK, OK), OK, Certainty.HARD, 1),
        ((OK, OK, DOWN), OK, Certainty.SOFT, 1),
        ((OK, OK, DOWN, OK), OK, Certainty.HARD, 1),
        ((OK, OK, DOWN, DOWN), DOWN, Certainty.HARD, 3),
        ((OK, OK, DOWN, SLOW), SLOW, Certainty.HARD, 3),
        ((OK, OK, DOWN, DOWN, OK), DOWN, Certainty.SOFT, 3),
        ((OK, OK, DOWN, DOWN, OK, OK), OK, Certainty.HARD, 5),
        ((OK, OK, DOWN, DOWN, OK, DOWN, OK), DOWN, Certainty.SOFT, 3),
        ((DOWN, DOWN), DOWN, Certainty.HARD, 1),
        ((DOWN, OK, DOWN, OK), NOTHING, Certainty.SOFT, 0),
        ((DOWN, DOWN, PART, PART), PART, Certainty.HARD, 3),
    ],
)
def test_two_in_a_row_change_a_state_and_one_changes_nothing(
    seen: tuple[Severity, ...], severity: Severity, certainty: Certainty, since: int
) -> None:
    check = after(*seen)
    assert (check.severity, check.certainty, check.since) == (severity, certainty, since)


def test_an_outcome_that_was_seen_before_counts_once() -> None:
    check = after(OK, OK)
    assert follow(check, Seen(2, DOWN)) is check


def test_a_check_that_is_silent_says_nothing_until_it_is_heard_twice() -> None:
    quiet = silent(after(DOWN, DOWN), 60)
    assert (quiet.severity, quiet.since) == (NOTHING, 60)
    assert silent(quiet, 70) is quiet
    assert follow(follow(quiet, Seen(80, OK)), Seen(81, OK)).severity is OK


@pytest.mark.parametrize(
    ("sample", "severity"),
    [
        (Sample(1, "ok", 10), OK),
        (Sample(1, "slow", 9000), SLOW),
        (Sample(1, "failed", 10, "full"), DOWN),
        (Sample(1, "failed", 10, "partial"), PART),
        (Sample(1, "failed", 10, "degraded"), SLOW),
        (Sample(1, "failed", 10), DOWN),
    ],
)
def test_what_one_try_of_a_probe_means(sample: Sample, severity: Severity) -> None:
    assert of_sample(sample).severity is severity


@pytest.mark.parametrize(
    ("kind", "counts", "severity"),
    [
        ("sign-in", Counts(ok=9), None),
        ("sign-in", Counts(ok=4, ours=5), None),
        ("sign-in", Counts(ok=10), OK),
        ("sign-in", Counts(ok=96, ours=4), OK),
        ("sign-in", Counts(ok=95, ours=5), SLOW),
        ("sign-in", Counts(ok=80, ours=20), PART),
        ("sign-in", Counts(ok=50, ours=50), DOWN),
        ("sign-in", Counts(ok=10, person=90), OK),  # people who refuse are no outage
        ("sign-in", Counts(ok=10, partner=90), OK),  # nor are partners' own mistakes
        ("enrolment-bank", Counts(ok=10, partner=90), DOWN),  # but a bank that does not answer is
        ("mobile-operator", Counts(partner=10), DOWN),
    ],
)
def test_what_real_requests_mean(kind: str, counts: Counts, severity: Severity | None) -> None:
    seen = of_requests(1, counted(kind, counts))
    assert (seen.severity if seen else None) is severity


def hard(severity: Severity, since: int = 1) -> Check:
    """A check whose state is certain."""
    return Check(severity, since, Seen(since + 1, severity), reason="why")


@pytest.mark.parametrize(
    ("checks", "severity"),
    [
        ({}, NOTHING),
        ({"login": hard(OK), "health": hard(OK)}, OK),
        ({"login": hard(PART), "health": hard(OK)}, PART),
        ({"login": hard(PART), "health": hard(DOWN)}, DOWN),
        ({"login": hard(OK), REQUESTS: hard(DOWN)}, DOWN),
        ({"login": hard(NOTHING), "health": hard(OK)}, NOTHING),
        ({"login": hard(NOTHING), REQUESTS: hard(OK)}, OK),
        ({"login": hard(NOTHING), REQUESTS: hard(SLOW)}, SLOW),
        ({"login": hard(NOTHING), "health": hard(DOWN)}, DOWN),
        ({"login": hard(OK), REQUESTS: hard(NOTHING)}, OK),
    ],
)
def test_the_worst_that_is_known_decides_and_silence_is_never_good_news(
    checks: dict[str, Check], severity: Severity
) -> None:
    assert judge(checks)[0] is severity


def change(since: int, severity: Severity) -> Change:
    """One of sign-in."""
    return Change("sign-in", since, severity)


def window(starts: int, ends: int, *, announced: int = 0, cancelled: int | None = None) -> Maintenance:
    """One of sign-in."""
    return Maintenance("w", {}, {}, ("sign-in",), starts, ends, announced, cancelled)


HISTORY = [change(100, OK), change(500, DOWN), change(600, OK), change(700, NOTHING), change(800, OK)]


@pytest.mark.parametrize(
    ("windows", "start", "end", "expected"),
    [
        ([], 0, 1000, Uptime(800, 100, 0)),
        ([], 100, 500, Uptime(400, 0, 0)),
        ([], 0, 100, Uptime(0, 0, 0)),
        ([], 550, 650, Uptime(100, 50, 0)),
        ([window(500, 600, announced=1)], 0, 1000, Uptime(700, 0, 100)),
        ([window(550, 650, announced=1)], 0, 1000, Uptime(700, 50, 100)),
        ([window(500, 600, announced=500)], 0, 1000, Uptime(800, 100, 0)),  # announced when it began: too late
        ([window(500, 600, announced=1, cancelled=2)], 0, 1000, Uptime(800, 100, 0)),
        ([window(500, 560, announced=1), window(540, 600, announced=1)], 0, 1000, Uptime(700, 0, 100)),
    ],
)
def test_uptime_leaves_out_what_was_announced_and_what_nobody_measured(
    windows: list[Maintenance], start: int, end: int, expected: Uptime
) -> None:
    assert measure(HISTORY, windows, "sign-in", start, end) == expected


@pytest.mark.parametrize(
    ("uptime", "written"),
    [
        (Uptime(100, 0), "100.000"),
        (Uptime(1_000_000, 1), "99.999"),  # 99.9999: cut, not rounded up
        (Uptime(30 * DAY, 1296), "99.950"),
        (Uptime(3, 1), "66.666"),
        (Uptime(10, 10), "0.000"),
        (Uptime(0, 0), None),
    ],
)
def test_per_cent_are_never_rounded_up(uptime: Uptime, written: str | None) -> None:
    assert percent(uptime) == written


def test_spans_cover_the_time_without_gap_or_overlap() -> None:
    found = list(spans(HISTORY, 50, 900))
    assert [(span.start, span.end, span.severity) for span in found] == [
        (50, 100, NOTHING),
        (100, 500, OK),
        (500, 600, DOWN),
        (600, 700, OK),
        (700, 800, NOTHING),
        (800, 900, OK),
    ]
    assert disturbances(HISTORY, 50, 900) == [Span(500, 600, DOWN)]


def test_a_day_shows_its_worst_moment_and_unknown_hides_nothing() -> None:
    history = [change(NOON - 3 * DAY, OK), change(NOON - DAY, DOWN), change(NOON - DAY + 60, OK)]
    found = calendar.days(history, UTC, NOON, 5)
    assert [day.severity for day in found] == [NOTHING, OK, OK, DOWN, OK]
    assert (found[0].day, found[-1].day) == (date(2026, 11, 18), date(2026, 11, 22))


def test_days_and_months_begin_where_the_zone_says_also_when_clocks_change() -> None:
    brussels = ZoneInfo("Europe/Brussels")
    history = [change(NOON - 200 * DAY, OK)]
    months = calendar.months(history, [], "sign-in", brussels, NOON, 3)
    assert [month.first for month in months] == [date(2026, 11, 1), date(2026, 10, 1), date(2026, 9, 1)]
    assert months[1].uptime.measured == 31 * DAY + 3600  # the last Sunday of October has 25 hours
    assert months[2].uptime.measured == 30 * DAY
