"""A session, and the words by which the scheme is a partner of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DOOR: Final = "session"
"""The front door's word in an action's `protocol`."""
PARTNER: Final = "ipse"
"""The partner id of the scheme itself; no other partner may have it."""
SERVICE: Final = "own_pages"
COOKIE: Final = "session"
"""The word of the cookie; see `web.cookies`."""

BEGIN: Final = "/session/begin"
RETURN: Final = "/session/return"
END: Final = "/session/end"

MOST_SECONDS: Final = 12 * 3600
"""How long a session lasts at most."""
IDLE_SECONDS: Final = 30 * 60
"""How long it lasts when nothing is asked for."""
NOTED_SECONDS: Final = 60
"""How exactly it is written down when something was last asked for."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A session as its person sees it among theirs. Times in microseconds UTC."""

    action_id: str
    """Of the sign-in that began it: its name, too."""
    created_at: int
    seen_at: int
    expires_at: int
    here: bool
    """Whether it is the one that asks."""


@dataclass(frozen=True, slots=True)
class Session:
    """A person in one browser. Times in microseconds UTC."""

    account_id: str
    language: str
    """Of the person's app."""
    level: str
    """The eIDAS level of the approval that began it."""
    created_at: int
    expires_at: int
