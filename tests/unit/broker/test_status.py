"""A status follows from the rows alone."""

from __future__ import annotations

import msgspec
import pytest

from ipse.actions.model import ActionState
from ipse.broker.model import Decided, Flow, Session, Status
from ipse.broker.rules.status import ERROR_CODES, error, status_of
from ipse.kernel.clock import SECOND

NOW = 1_790_000_000 * SECOND
SESSION = Session(
    session_id="s",
    broker_id="desk",
    partner_id="museum",
    service_code="MUSEUM_CARD",
    flow=Flow.REDIRECT,
    sealed_asked=b"",
    browser_hash=None,
    action_id="a",
    cancelled_at=None,
    reading_at=None,
    result_hash=None,
    sealed_token=None,
    result_until=None,
    created_at=NOW,
    expires_at=NOW + 60 * SECOND,
)
HEADLESS = msgspec.structs.replace(SESSION, flow=Flow.HEADLESS)
LATER = NOW + 100 * SECOND


def _decided(state: ActionState, why: str | None = None) -> Decided:
    return Decided(state=state, why=why, expires_at=NOW + 90 * SECOND)


@pytest.mark.parametrize(
    ("state", "why", "now", "status", "code"),
    [
        (ActionState.WAITING, None, NOW, Status.WAITING_FOR_USER, None),
        (ActionState.CLAIMED, None, NOW, Status.WAITING_FOR_USER, None),
        (ActionState.APPROVED, None, NOW, Status.WAITING_FOR_USER, None),
        (ActionState.APPROVED, None, LATER, Status.ERROR, "user_timeout"),
        (ActionState.COLLECTED, None, NOW, Status.SUCCESS, None),
        (ActionState.REJECTED, "declined", NOW, Status.ABORT, "user_refused"),
        (ActionState.REJECTED, "not_started", NOW, Status.ABORT, "user_refused"),
        (ActionState.REJECTED, "level", NOW, Status.ERROR, "level_too_low"),
        (ActionState.CANCELLED, None, NOW, Status.ABORT, "user_cancelled"),
        (ActionState.CANCELLED, "wrong_digits", NOW, Status.ABORT, "wrong_digits"),
        (ActionState.EXPIRED, None, NOW, Status.ERROR, "user_timeout"),
        (ActionState.REVOKED, None, NOW, Status.ABORT, "user_refused"),
    ],
)
def test_every_state_of_an_action_means_one_status(
    state: ActionState, why: str | None, now: int, status: Status, code: str | None
) -> None:
    found, why_not = status_of(SESSION, _decided(state, why), now)
    assert (found, why_not.code if why_not else None) == (status, code)


def test_a_session_that_nobody_opened() -> None:
    unopened = msgspec.structs.replace(SESSION, action_id=None)
    assert status_of(unopened, None, NOW) == (Status.CREATED, None)
    assert status_of(unopened, None, LATER) == (Status.ERROR, error("session_expired"))
    cancelled = msgspec.structs.replace(unopened, cancelled_at=NOW)
    assert status_of(cancelled, None, LATER) == (Status.CANCELLED, None)
    # Nobody took its action, and it was deleted since.
    assert status_of(SESSION, None, LATER) == (Status.ERROR, error("user_timeout"))


def test_a_cancel_that_came_too_late_changes_nothing() -> None:
    cancelled = msgspec.structs.replace(SESSION, cancelled_at=NOW)
    assert status_of(cancelled, _decided(ActionState.CANCELLED), NOW) == (Status.CANCELLED, None)
    assert status_of(cancelled, _decided(ActionState.COLLECTED), NOW)[0] is Status.SUCCESS
    assert status_of(cancelled, _decided(ActionState.WAITING), NOW)[0] is Status.WAITING_FOR_USER


def test_a_headless_result_that_was_lost_on_the_way() -> None:
    collected = _decided(ActionState.COLLECTED)
    reading = msgspec.structs.replace(HEADLESS, reading_at=NOW)
    assert status_of(reading, collected, NOW + SECOND) == (Status.WAITING_FOR_USER, None)
    assert status_of(reading, collected, NOW + 11 * SECOND) == (Status.ERROR, error("result_unavailable"))
    assert status_of(HEADLESS, collected, NOW) == (Status.ERROR, error("result_unavailable"))
    kept = msgspec.structs.replace(reading, sealed_token=b"sealed")
    assert status_of(kept, collected, NOW + 11 * SECOND) == (Status.SUCCESS, None)


def test_every_error_code_has_words() -> None:
    for code in ERROR_CODES:
        assert error(code).title
        assert error(code).detail
