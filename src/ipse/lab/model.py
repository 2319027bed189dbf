"""What a lab remembers and tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

AUTHORIZATION: Final = "/v2/authorization"
SIGN_IN: Final = "/v2/sign-in/"
FINISH: Final = "/finish"
REQUESTS: Final = "/lab/requests"
AUTHENTICATED: Final = frozenset({"/v2/token", "/v2/par", "/v2/backchannel/authentication", "/v2/connect/revoke"})
"""Where clients authenticate with what the body says."""
MOST: Final = 200
"""Requests and browsers kept in memory, the latest."""


class OpenRequest(msgspec.Struct, frozen=True):
    """A request that waits for a phone."""

    handle: str
    client_id: str
    service: str
    qr: str
    """What a phone scans now: as the page would show it, good for some seconds."""
    digits: str
    age: float
    """Seconds since it began."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A request that began with a page."""

    action_id: str
    handle: str


@dataclass(frozen=True, slots=True)
class Remembered:
    """A browser that came back approved."""

    authenticated_at: int
    """Microseconds UTC: when the phone approved the login that counts."""
