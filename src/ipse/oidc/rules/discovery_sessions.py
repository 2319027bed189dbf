"""User discovery sessions: what a poll is told, and what a session is worth (partner protocol, section 1.12)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Final

from ipse.kernel.ids import alphanumerics

SECONDS: Final = 600
"""The longest a session waits for somebody to scan."""
INTERVAL: Final = 5
"""Seconds between polls; each brings a fresh frame."""
GRACE: Final = 0.5
"""Seconds that a poll may be early: partners' timers are not exact."""
TOKEN_SECONDS: Final = 120
"""How long an identifier token can be used."""
TOKEN_CHARACTERS: Final = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Nobody has scanned yet. `qr` is what the code holds, `digits` what is shown beside it."""

    session_id: str
    qr: str
    digits: str
    expires_at: int
    """Second at which the frame is too old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """Somebody has scanned."""

    session_id: str
    identifier_token: str
    expires_in: int
    """Seconds."""


def identifier_token(key: bytes, session_id: str) -> str:
    """The token of a session. Always the same, so that a partner whose answer was lost gets it again."""
    material = hmac.digest(key, b"user identifier token\x00" + session_id.encode(), "sha512")
    return alphanumerics(material, TOKEN_CHARACTERS)
