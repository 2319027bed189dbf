"""An action and its states."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec


class ActionState(StrEnum):
    """`waiting → claimed → approved → collected`, or one of the ends."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    APPROVED = "approved"
    COLLECTED = "collected"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REVOKED = "revoked"


OPEN = (ActionState.WAITING, ActionState.CLAIMED)

FACTS_AT_ONCE = 32
"""How many actions one look at states and ends covers."""


class Start(StrEnum):
    """How the phone came to the action. After a link only the returning browser finishes."""

    QR = "qr"
    LINK = "link"


class AskedAttribute(msgspec.Struct, frozen=True):
    """An attribute the partner asks, by its name without prefix."""

    name: str
    required: bool
    protected: bool


class Request(msgspec.Struct, frozen=True):
    """What the partner asked, as the row keeps it. `protocol` is the front door's own and is only handed back."""

    partner_name: str
    service_name: Mapping[str, str]
    purpose: Mapping[str, str]
    assurance: str
    """`basic` or `advanced`."""
    attributes: tuple[AskedAttribute, ...]
    protocol: Mapping[str, Any]
    language: str

    def service_in(self, language: str) -> str:
        """The service's name in a language, else in English."""
        return _in(self.service_name, language)

    def purpose_in(self, language: str) -> str:
        """What the service is for in a language, else in English; empty when it does not say."""
        return _in(self.purpose, language)


def _in(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")


class NewAction(msgspec.Struct, frozen=True, kw_only=True):
    """What a front door begins. `kind` is the type of the service; `browser_hash` the SHA-256 of its cookie."""

    kind: str
    partner_id: str
    service_code: str
    request: Request
    browser_hash: bytes


class Action(msgspec.Struct, frozen=True):
    """A row. Times in microseconds; hashes are SHA-256."""

    action_id: str
    handle: str
    frame_id: str
    state: ActionState
    why: str | None
    kind: str
    partner_id: str
    service_code: str
    request: Request
    browser_hash: bytes
    start: Start | None
    account_id: str | None
    phone_id: str | None
    subject: str | None
    shown_digest: bytes | None
    sealed_shown: bytes | None
    sealed_approval: bytes | None
    created_at: int
    expires_at: int
    claimed_at: int | None
    decided_at: int | None


class ActionView(msgspec.Struct, frozen=True):
    """What the waiting browser may know of its action."""

    action: Action
    state: ActionState
    """The state now: an open action past its time is `expired`."""
    extensible: bool


class Collected(msgspec.Struct, frozen=True):
    """What goes back to the partner through the browser. `protocol` is the front door's own."""

    code: str
    protocol: Mapping[str, Any]
    request: Request


class Approval(msgspec.Struct, frozen=True):
    """The evidence of a decision, kept sealed: the phone's signed message and what the phone said of itself."""

    message: str
    shared: tuple[str, ...]
    device: Mapping[str, Any]
    address: str


class Shown(msgspec.Struct, frozen=True):
    """What was shown, as the exact bytes the phone digests, and the values behind it. Kept sealed."""

    octets: bytes
    values: Mapping[str, Any]


class Redeemed(msgspec.Struct, frozen=True, kw_only=True):
    """What a code was worth: approved values by name without prefix, and a fresh access token."""

    action_id: str
    kind: str
    service_code: str
    subject: str
    request: Request
    released: Mapping[str, Any]
    approved_at: int
    access_token: str
    expires_in: int


class Granted(msgspec.Struct, frozen=True, kw_only=True):
    """What an access token may read."""

    action_id: str
    partner_id: str
    service_code: str
    subject: str
    request: Request
    released: Mapping[str, Any]
    approved_at: int


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A past request as its person sees it; protected values are masked."""

    action: str
    partner: str
    service: str
    type: str
    at: int
    outcome: str
    method: str | None
    start: str | None
    shared: tuple[Mapping[str, Any], ...]
    declined: tuple[str, ...]
