"""Sums, percentiles and thresholds of figures."""

from __future__ import annotations

import pytest

from ipse.statistics.model import AlertKind, Outcome, Tally, Thresholds
from ipse.statistics.rules import sums


def approved(times: int, within: tuple[int, ...], **more: str) -> Tally:
    return Tally("shop", more.get("service", "LOGIN"), "authentication", Outcome.APPROVED, "code", times, 0, within)


def ended(outcome: Outcome, times: int, service: str = "LOGIN") -> Tally:
    return Tally("shop", service, "authentication", outcome, "", times)


def test_percentiles_are_reckoned_between_bounds() -> None:
    totals = sums.totals_of([approved(100, (0, 50, 100, 100, 100, 100))])
    assert sums.median(totals) == pytest.approx(10)
    assert sums.percentile(totals, 0.25) == pytest.approx(7.5)
    assert sums.slow(totals) == pytest.approx(19)


def test_without_approvals_nothing_is_slow() -> None:
    totals = sums.totals_of([ended(Outcome.EXPIRED, 5)])
    assert sums.median(totals) is None
    assert sums.mean_seconds(totals) is None
    assert totals.error_rate == 0


def test_what_took_longer_than_every_bound_lies_between_it_and_the_longest_life_of_a_request() -> None:
    totals = sums.totals_of([approved(10, (0, 0, 0, 0, 0, 0))])
    assert sums.median(totals) == pytest.approx(120 + 240)


def test_an_error_is_what_the_partner_or_we_did_wrong_and_not_what_people_decide() -> None:
    kinds = [Outcome.REJECTED, Outcome.CANCELLED, Outcome.STOPPED, Outcome.REFUSED, Outcome.FAILED, Outcome.OPEN]
    totals = sums.totals_of([approved(5, (5,) * 6), *(ended(outcome, 1) for outcome in kinds)])
    assert (totals.requests, totals.errors) == (10, 2)
    assert totals.error_rate == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("tallies", "kinds"),
    [
        ([approved(19, (0,) * 6)], []),
        ([approved(20, (0,) * 6)], [AlertKind.SLOW]),
        ([approved(19, (19,) * 6), ended(Outcome.REFUSED, 1)], []),
        ([approved(19, (19,) * 6), ended(Outcome.REFUSED, 2)], [AlertKind.ERRORS]),
        ([approved(10, (10,) * 6), ended(Outcome.EXPIRED, 11)], [AlertKind.ABANDONED]),
    ],
)
def test_thresholds_mark_a_service_only_where_enough_was_asked(tallies: list[Tally], kinds: list[AlertKind]) -> None:
    found = sums.alerts_of("LOGIN", sums.totals_of(tallies), Thresholds())
    assert [alert.kind for alert in found] == kinds


def test_services_stand_by_how_much_they_are_used_and_are_marked_by_their_last_hour() -> None:
    long = [approved(5, (5,) * 6), approved(9, (9,) * 6, service="OTHER")]
    found = sums.by_service(long, [ended(Outcome.REFUSED, 30)], Thresholds())
    assert [service.service_code for service in found] == ["OTHER", "LOGIN"]
    assert [alert.kind for alert in found[1].alerts] == [AlertKind.ERRORS]
    assert found[0].alerts == ()
