"""Small decisions of the waiting page."""

from __future__ import annotations

import zlib

from ipse.actions.model import ActionState
from ipse.kernel.clock import SECOND
from ipse.signin.model import Outcome

CHECK_SECONDS = 8.0
"""How long a waiting page relies on being woken before it looks for itself."""
OLDEST_FRAME_SECONDS = 5


def outcome_of(state: ActionState) -> Outcome | None:
    """How an action ended for its partner, or None while it has not, or ended well."""
    return {
        ActionState.REJECTED: "rejected",
        ActionState.CANCELLED: "cancelled",
        ActionState.EXPIRED: "expired",
        # The identity was blocked meanwhile: for the partner, a refusal.
        ActionState.REVOKED: "rejected",
    }.get(state)  # type: ignore[return-value]


def next_check(handle: str, left_seconds: float) -> float:
    """Seconds until a waiter looks at its row again.

    Spread, so that thousands do not look at once, and no later than a moment after the action's time is over.
    """
    spread = CHECK_SECONDS * (0.75 + 0.5 * (zlib.crc32(handle.encode()) % 1024) / 1024)
    return min(spread, max(left_seconds + 0.05, 0.2))


def frame_moment(text: str, *, created_at: int, now: int) -> int:
    """The moment a frame is drawn for, in microseconds.

    A page names it as `t`, whole seconds since the action began; it counts if it was just now, else it is now.
    """
    if text.isascii() and text.isdigit() and len(text) <= 6:
        moment = created_at + int(text) * SECOND
        if now - OLDEST_FRAME_SECONDS * SECOND <= moment <= now:
            return moment
    return now
