"""Hours, days and months."""

from __future__ import annotations

from datetime import date

from ipse.kernel.clock import read
from ipse.statistics.model import Grain
from ipse.statistics.rules import spans


def test_a_span_to_fold_never_goes_over_the_end_of_an_hour() -> None:
    mark = read("2026-11-22T10:55:00Z")
    assert spans.next_fold(mark, read("2026-11-22T13:02:00Z")) == read("2026-11-22T11:00:00Z")
    assert spans.next_fold(mark, read("2026-11-22T10:59:59Z")) is None
    assert spans.next_fold(read("2026-11-22T10:00:00Z"), read("2026-11-22T10:12:00Z")) == read("2026-11-22T10:10:00Z")


def test_months_go_back_over_the_year() -> None:
    assert spans.months_before(date(2026, 2, 1), 3) == date(2025, 11, 1)
    assert spans.month(read("2026-11-22T10:00:00Z")) == date(2026, 11, 1)
    assert spans.start_of(date(2026, 11, 1)) == read("2026-11-01")


def test_hours_are_told_for_the_last_eight_days_only() -> None:
    now = read("2026-11-22T10:00:00Z")
    assert spans.grain_of(now - spans.DAY, now, now) is Grain.HOUR
    assert spans.grain_of(now - 9 * spans.DAY, now, now) is Grain.DAY
    assert spans.grain_of(now - 20 * spans.DAY, now - 19 * spans.DAY, now) is Grain.DAY
