"""Counting, and giving it out in Prometheus' words."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from ipse.telemetry import instruments as telemetry
from ipse.telemetry import metrics
from ipse.telemetry.calls import calling
from ipse.telemetry.instruments import Board, Counter, Gauge, Instrument, Timings


def given_out(*instruments: Instrument) -> dict[tuple[str, frozenset[str]], float]:
    registry = CollectorRegistry()
    registry.register(Board(lambda: instruments))
    text = generate_latest(registry).decode()
    return {
        (sample.name, frozenset(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_counter_counts_by_its_labels() -> None:
    counter = Counter("things_total", "Things.", ("kind",))
    counter.add("a")
    counter.add("a", by=2)
    counter.add("b")
    found = given_out(counter)
    assert found["things_total", frozenset({"a"})] == 3
    assert found["things_total", frozenset({"b"})] == 1


def test_timings_are_cumulative_by_their_bounds() -> None:
    timings = Timings("wait_seconds", "Waits.", bounds=(0.1, 1.0))
    for seconds in (0.05, 0.1, 0.5, 7):
        timings.note(seconds)
    found = given_out(timings)
    assert [found["wait_seconds_bucket", frozenset({bound})] for bound in ("0.1", "1", "+Inf")] == [2, 3, 4]
    assert found["wait_seconds_sum", frozenset()] == pytest.approx(7.65)
    assert found["wait_seconds_count", frozenset()] == 4


def test_a_gauge_says_what_is_now() -> None:
    gauge = Gauge("level", "Level.", ("tank",))
    gauge.set(5, "left")
    gauge.add(-2, "left")
    assert given_out(gauge) == {("level", frozenset({"left"})): 3}
    gauge.replace([(("right",), 1)])
    assert given_out(gauge) == {("level", frozenset({"right"})): 1}


def test_nobody_can_fill_the_memory_with_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry, "MOST_SERIES", 3)
    counter, timings = Counter("a_total", "A.", ("x",)), Timings("b_seconds", "B.", ("x",), bounds=(1.0,))
    for number in range(50):
        counter.add(str(number))
        timings.note(0.5, str(number))
    found = given_out(counter, timings)
    assert found["a_total", frozenset({"other"})] == 47
    assert found["b_seconds_count", frozenset({"other"})] == 47
    assert len([name for name, _ in found if name == "a_total"]) == 4


def test_labels_are_those_that_were_named() -> None:
    with pytest.raises(ValueError, match="has the labels"):
        Counter("a_total", "A.", ("x",)).add("1", "2")


def test_every_measurement_says_what_it_is_and_has_a_name_of_its_own() -> None:
    found = metrics.instruments()
    assert len({one.name for one in found}) == len(found) > 15
    for one in found:
        assert one.name.startswith("ipse_")
        assert one.help.endswith(".")
        assert one.name.endswith("_total") == (one.kind == "counter")
        assert not {"job", "instance"} & set(one.labels), "Prometheus' own"
        assert not {"account", "person", "partner", "phone", "id", "address", "path"} & set(one.labels)


def test_a_call_is_measured_however_it_ends() -> None:
    def count(outcome: str) -> float:
        return given_out(metrics.CALLS).get(("ipse_call_seconds_count", frozenset({"test", outcome})), 0)

    with calling("test") as call:
        call.answered(200)
    with calling("test") as call:
        call.answered(503)
    with pytest.raises(TimeoutError), calling("test"):
        raise TimeoutError
    with pytest.raises(OSError, match="gone"), calling("test"):
        raise OSError("gone")
    assert [count(outcome) for outcome in ("answered", "refused", "timeout", "failed")] == [1, 1, 1, 1]
