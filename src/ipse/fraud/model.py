"""Places, signals, verdicts, trusted browsers and flags."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec


class Place(msgspec.Struct, frozen=True):
    """Where a network is, as the operator's table says."""

    country: str
    """ISO 3166-1, two letters."""
    name: str
    latitude: float
    """Degrees north."""
    longitude: float
    """Degrees east."""


class Origin(msgspec.Struct, frozen=True):
    """Where a request was started: a place where the table knows one, and a keyed digest of the network."""

    place: Place | None = None
    network: str = ""


class Signal(StrEnum):
    """What is noticed about a request; the words stand in what a phone is shown."""

    FAR = "far"
    """Browser and phone are in different countries, or further apart than the setting says."""
    REPORTED = "reported"
    """People said of requests of this partner from this network that they had not started them."""
    CALL = "call"
    """A call is running on the phone."""


class Verdict(StrEnum):
    """What follows, weakest first."""

    NONE = "none"
    WARN = "warn"
    STEP_UP = "step-up"
    """Only the code approves."""
    REFUSE = "refuse"


class Risk(msgspec.Struct, frozen=True):
    """What is known of one claim of a request, and what follows."""

    verdict: Verdict = Verdict.NONE
    signals: tuple[Signal, ...] = ()
    browser: Place | None = None
    phone: Place | None = None
    lowered: bool = False
    """Whether level and manner count for less: nothing proves that the browser is near the person."""


@dataclass(frozen=True, slots=True)
class KnownBrowser:
    """A browser that a person has trusted; times in microseconds."""

    browser_id: str
    name: str
    place: str
    created_at: int
    used_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class Flag:
    """What was reported about a partner, a network, or both together. Nothing in it is about a person."""

    kind: str
    """`pair`, `partner` or `network`."""
    name: str
    partner_id: str
    weight: float
    """Reports, halved in steady steps."""
    reports: int
    first_at: int
    changed_at: int


@dataclass(frozen=True, slots=True)
class NumberStart:
    """What was typed for a request: whose phone it may reach (empty: nobody's), in which trusted browser."""

    account_id: str
    token_hash: bytes
