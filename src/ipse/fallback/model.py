"""What people prepare, and what a browser's visit holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from ipse.actions.model import Method

LEVELS: Mapping[Method, str] = {
    Method.EID_CARD: "high",
    Method.BANK: "substantial",
    Method.PASSKEY: "substantial",
    Method.TOTP: "low",
    Method.SHEET: "low",
}
"""The eIDAS level that each proof reaches at most. One-time codes are one thing that one has, and can be phished."""

PREPARED = (Method.PASSKEY, Method.TOTP, Method.SHEET)
"""What a person sets up beforehand; card and bank need no preparation."""
MOST_TRIES = 5
PAUSE_SECONDS = 900
"""After `MOST_TRIES` wrong ones in a row a name rests this long, whether it is somebody's or nobody's."""
MOST_WRONG = 100
"""After so many wrong ones since the last right one a set-up is worth nothing any more (B-22)."""
TICKET_SECONDS = 600
"""How long the one-time address for making a passkey works."""
MOST_PASSKEYS = 10
"""Of one person; invitations that are open count."""
VISIT_SECONDS = 600
CHALLENGE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Offer:
    """One way that the page offers."""

    method: Method
    address: str


class Secret(msgspec.Struct, frozen=True, omit_defaults=True):
    """The sealed part of a set-up. `name` is typed beside a code, so that a code alone finds nobody."""

    name: str
    totp_key: str = ""
    """base64url of the 20-byte key (RFC 6238)."""
    codes: tuple[str, ...] = ()
    """HMAC of each code of a sheet, base64url, in the order printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Something a person prepared. Times in microseconds."""

    setup_id: str
    account_id: str
    method: Method
    sealed: bytes
    last_step: int
    used: int
    """A bit for each code of a sheet that was used."""
    created_at: int
    used_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A passkey that a browser has made. Times in microseconds; `credential_id` in base64url."""

    setup_id: str
    account_id: str
    credential_id: str
    public_key: bytes
    """COSE key."""
    user_handle: bytes
    sign_count: int
    created_at: int
    """When its person asked for it on the phone."""
    made_at: int
    used_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A one-time address that is still good: for whom a passkey is to be made."""

    setup_id: str
    account_id: str
    user_handle: bytes
    decoy: bool


class Visit(msgspec.Struct, frozen=True):
    """Who was proved in a visit, and by what. Sealed with the installation's key."""

    account_id: str
    method: str
    level: str
    evidence: Mapping[str, str]
