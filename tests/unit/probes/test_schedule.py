"""When probes try again: soon while nothing is certain, and never so late that an outage hides for a minute."""

from __future__ import annotations

import pytest

from ipse.kernel.settings import Environment, SettingsError
from ipse.probes.schedule import pause
from ipse.probes.settings import Enrolment, ProbeSettings
from ipse.status.files import Sample
from ipse.status.rules.checks import IN_A_ROW

OK, BAD, SLOW = Sample(1, "ok", 1), Sample(1, "failed", 1, "full"), Sample(1, "slow", 1)


@pytest.mark.parametrize(
    ("newest", "took", "seconds"),
    [
        ([[]], 0, 5),
        ([[OK]], 0, 5),
        ([[OK, OK]], 0, 30),
        ([[OK, OK]], 10, 20),
        ([[OK, OK]], 40, 5),
        ([[OK, OK, BAD]], 0, 5),
        ([[OK, BAD, BAD]], 0, 30),
        ([[BAD, BAD, OK]], 0, 5),
        ([[OK, SLOW]], 0, 5),
        ([[OK, OK], [OK, BAD]], 0, 5),
    ],
)
def test_a_try_that_says_something_new_is_made_again_soon(
    newest: list[list[Sample]], took: float, seconds: float
) -> None:
    assert pause(newest, interval=30, retry=5, took=took) == seconds


def settings(**changed: object) -> ProbeSettings:
    """Settings of production."""
    return ProbeSettings(
        environment=Environment.PRODUCTION,
        **{  # type: ignore[arg-type]
            "base_url": "https://id.example",
            "app_origin": "https://app.id.example",
            "folder": "/published",
            "keep": "/own",
            **changed,
        },
    )


def test_by_default_an_outage_shows_within_a_minute() -> None:
    """The synthetic person's message and login are one after the other, and the page looks every second."""
    ours = settings()
    one_try = ours.seconds + ours.login_seconds
    latest = ours.interval_seconds + one_try + (IN_A_ROW - 1) * (ours.retry_seconds + one_try) + 1
    assert latest < 60


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"base_url": "http://id.example"}, "not https"),
        ({"keep": "/published"}, "keep is folder"),
        ({"folder": "published"}, "no absolute path"),
        ({"enrolment": Enrolment("bank", "proba", "+31 6")}, "for a sandbox"),
        ({"interval_seconds": 0}, "choose 0.1 to 120"),
    ],
)
def test_settings_that_cannot_work_are_refused(changed: dict[str, object], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        settings(**changed).check()
    settings().check()
