"""Settings of figures, measurements and traces: what stays within our own network, and how small a number may be."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ipse.kernel.settings import Address, Environment, Metrics, Settings, StatisticsSettings, Traces, read_settings
from tests.unit.kernel.test_settings import GOOD


def told(**changes: Any) -> list[str]:
    settings: Settings = msgspec.structs.replace(read_settings(GOOD), **changes)
    return [finding.what for finding in settings.findings()]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "10.2.3.4", "192.168.1.5", "localhost", "fd00::1"])
def test_measurements_may_stand_within(host: str) -> None:
    assert told(metrics=Metrics(listen=Address(host, 9100))) == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "8.8.8.8", "metrics.example", "2001:4860::1"])
def test_measurements_never_stand_in_public(host: str) -> None:
    assert told(metrics=Metrics(listen=Address(host, 9100))) == [f"metrics.listen.host is {host}"]


def test_measurements_have_a_port_of_their_own() -> None:
    assert told(metrics=Metrics(listen=Address(port=8000))) == ["metrics.listen.port is a public listener's"]


@pytest.mark.parametrize(
    ("endpoint", "good"),
    [
        ("http://127.0.0.1:4318/v1/traces", True),
        ("https://collector.example/v1/traces", True),
        ("http://collector.example/v1/traces", False),
        ("ftp://127.0.0.1/x", False),
        ("collector", False),
    ],
)
def test_traces_travel_sealed_or_stay_here(endpoint: str, good: bool) -> None:
    assert (told(traces=Traces(endpoint=endpoint)) == []) == good


def test_a_share_is_a_part_of_all() -> None:
    assert told(traces=Traces(endpoint="https://a.example/", share=1.5)) == ["traces.share is 1.5"]


def test_production_tells_no_number_below_ten() -> None:
    small = StatisticsSettings(smallest=5)
    assert told(statistics=small) == []
    assert "statistics.smallest is 5" in told(statistics=small, environment=Environment.PRODUCTION)
    assert told(statistics=StatisticsSettings(adult_population=-1)) == ["statistics.adult_population is -1"]
