"""Small decisions of the waiting page."""

from __future__ import annotations

import re
import zlib

from ipse.actions.model import Action, ActionState, ActionView, Start
from ipse.signin.model import Outcome

SIGN_OF_LIFE_SECONDS = 20.0
"""How long a stream may be silent: proxies and browsers give up on silent ones after 30 to 60 s."""
_REST_OF_FRAME = re.compile(r"[0-9]{1,6}\.[A-Za-z0-9_-]{22}")


def outcome_of(state: ActionState) -> Outcome | None:
    """How an action ended for its partner, or None while it has not, or ended well."""
    return {
        ActionState.REJECTED: "rejected",
        ActionState.CANCELLED: "cancelled",
        ActionState.EXPIRED: "expired",
        # The identity was blocked meanwhile: for the partner, a refusal.
        ActionState.REVOKED: "rejected",
    }.get(state)  # type: ignore[return-value]


def shown_start(action: Action) -> str:
    """How the page takes the way a phone came: only after a link the app goes on by itself."""
    if action.start is None:
        return ""
    return "link" if action.start is Start.LINK else "qr"


def next_sign_of_life(handle: str, left_seconds: float) -> float:
    """Seconds until a stream says something again, news or not.

    Often enough for proxies, spread so that thousands do not speak at once, and no later than a moment after the
    action's time is over.
    """
    spread = SIGN_OF_LIFE_SECONDS * (0.75 + 0.5 * (zlib.crc32(handle.encode()) % 1024) / 1024)
    return min(spread, max(left_seconds, 0.0) + 0.05)


def state_at(view: ActionView, now: int) -> ActionState:
    """The state as the waiting browser should take it: an approval that nobody collected in time is over, too."""
    if view.state is ActionState.APPROVED and view.action.expires_at <= now:
        return ActionState.EXPIRED
    return view.state


def is_frame_of(frame: str, frame_id: str) -> bool:
    """Whether a text has the form of a frame that the server drew for this action; its MAC is for phones to present."""
    start, _, rest = frame.partition(".d")
    return start == frame_id and _REST_OF_FRAME.fullmatch(rest) is not None
