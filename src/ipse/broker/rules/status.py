"""Where a session stands, from its own row and its action's. Nothing else decides it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ipse.actions.model import FAULT, OPEN, ActionState
from ipse.broker.model import Decided, Flow, Session, SessionError, Status

_ERRORS: Final[Mapping[str, tuple[str, str]]] = {
    "session_expired": ("The time is over", "Nobody opened the authentication URL in time."),
    "user_timeout": ("The time is over", "Nobody decided, or nobody came back, in time."),
    "user_refused": ("The person refused", "Nothing about the person was shared."),
    "user_cancelled": ("The person cancelled", "Nothing about the person was shared."),
    "wrong_digits": ("The person typed other digits", "The request was ended; nothing about the person was shared."),
    "level_too_low": ("The level is too low", "The identity or the phone does not reach the requested level."),
    "result_unavailable": ("The result is no longer available", "The result was taken back, or collecting it failed."),
}
"""Codes of `error`, with title and detail."""
ERROR_CODES: Final = tuple(_ERRORS)
_STATUS: Final = dict.fromkeys(("user_refused", "user_cancelled", "wrong_digits"), Status.ABORT)
"""What the person did; everything else is an error."""
_REASONS: Final[Mapping[str | None, str]] = {"level": "level_too_low", "wrong_digits": "wrong_digits"}
_LOST_AFTER: Final = 10_000_000
"""Microseconds after which a reading that has not ended will not end any more."""


def error(code: str) -> SessionError:
    """The `error` member for a code of `ERROR_CODES`."""
    title, detail = _ERRORS[code]
    return SessionError(type="about:blank", title=title, detail=detail, code=code)


def status_of(session: Session, decided: Decided | None, now: int) -> tuple[Status, SessionError | None]:
    """The status at a moment (microseconds UTC), and the error that goes with it."""
    if decided is None:
        return _without_action(session, now)
    if decided.why == FAULT:
        return Status.ERROR, error("result_unavailable")
    if decided.state in OPEN or (decided.state is ActionState.APPROVED and decided.expires_at > now):
        return Status.WAITING_FOR_USER, None
    if decided.state is ActionState.COLLECTED:
        return _collected(session, now)
    if decided.state is ActionState.CANCELLED and session.cancelled_at is not None:
        return Status.CANCELLED, None
    code = _code_of_end(decided)
    return _STATUS.get(code, Status.ERROR), error(code)


def _code_of_end(decided: Decided) -> str:
    if decided.state in {ActionState.EXPIRED, ActionState.APPROVED}:
        return "user_timeout"
    if decided.why in _REASONS:
        return _REASONS[decided.why]
    # Rejected; or the identity was blocked meanwhile, which is a refusal for the partner, as everywhere.
    return "user_cancelled" if decided.state is ActionState.CANCELLED else "user_refused"


def _without_action(session: Session, now: int) -> tuple[Status, SessionError | None]:
    if session.cancelled_at is not None:
        return Status.CANCELLED, None
    if session.expires_at <= now:
        return Status.ERROR, error("session_expired" if session.action_id is None else "user_timeout")
    return Status.CREATED, None


def _collected(session: Session, now: int) -> tuple[Status, SessionError | None]:
    lost = session.flow is Flow.HEADLESS and session.sealed_token is None
    if lost and (session.reading_at is None or session.reading_at < now - _LOST_AFTER):
        return Status.ERROR, error("result_unavailable")
    return (Status.WAITING_FOR_USER if lost else Status.SUCCESS), None


def stale_reading(now: int) -> int:
    """Readings that began before this moment (microseconds UTC) may be taken over."""
    return now - _LOST_AFTER
