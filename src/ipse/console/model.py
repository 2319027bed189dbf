"""What the console shows and asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

HOME: Final = "/console"
DOOR: Final = "console"
"""The front door's word in an action's `protocol`."""
SERVICE: Final = "help_desk"
"""The service of the scheme itself by which a person proves that they are on the line."""

CALL_SECONDS: Final = 600
"""How long a person has to prove that they are on the line."""
PROVEN_SECONDS: Final = 1800
"""How long that holds, for the member who talks to them."""
CALLS_A_DAY: Final = 10
"""How often one person is asked for a proof in a day."""
CODE_TRIES: Final = 3
VIEW_SECONDS: Final = 900
"""How long a view that two people allowed lasts."""


class What(StrEnum):
    """What a role may do here; the table is `rules.permissions`."""

    READ_REVIEWS = "read_reviews"
    FIND_PERSON = "find_person"
    BLOCK_PERSON = "block_person"
    RELEASE_PERSON = "release_person"
    VIEW_DATA = "view_data"
    READ_SWITCHES = "read_switches"
    TURN_SWITCH = "turn_switch"
    READ_PARTNERS = "read_partners"
    CHANGE_PARTNER = "change_partner"
    READ_LOG = "read_log"
    EXPORT_LOG = "export_log"
    READ_INCIDENTS = "read_incidents"
    WRITE_INCIDENTS = "write_incidents"
    READ_FIGURES = "read_figures"
    READ_STAFF = "read_staff"
    CHANGE_STAFF = "change_staff"
    GIVE_POWER = "give_power"


class SwitchKind(StrEnum):
    """What can be switched off (B-72)."""

    PERSON = "person"
    PHONE_MODEL = "phone_model"
    APP_VERSION = "app_version"
    PARTNER = "partner"
    BANK = "bank"
    MOBILE_OPERATOR = "mobile_operator"
    SIGNING_KEY = "signing_key"
    SIGNATURES = "signatures"


@dataclass(frozen=True, slots=True)
class Switch:
    """One switch as it stands."""

    kind: SwitchKind
    name: str
    """Its id."""
    label: str
    """As people call it."""
    off: bool
    because: str = ""
    since: int | None = None
    """Microseconds UTC, where it is known."""
    count: int | None = None
    """How many phones it is about, where that is counted."""


class Proof(StrEnum):
    """How a person proved that they are on the line."""

    APP = "app"
    """They typed two digits that the member read out, and approved with code or fingerprint."""
    MESSAGE = "message"
    """They read a code out that was sent to their number and address."""


class CallState(StrEnum):
    """`asked → proven`, or neither in time."""

    ASKED = "asked"
    PROVEN = "proven"


@dataclass(frozen=True, slots=True)
class Call:
    """A person on the line with a member. Times in microseconds UTC."""

    call_id: str
    account_id: str
    member_id: str
    proof: Proof
    state: CallState
    action_id: str
    """Of the request on their phone; empty for a code by message."""
    code_hash: bytes
    tries: int
    created_at: int
    proven_at: int | None

    def holds(self, now: int) -> bool:
        """Whether it still proves something."""
        return self.proven_at is not None and now < self.proven_at + PROVEN_SECONDS * 1_000_000


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of what happened to an identity, in words. `word` names a text, `values` go into it."""

    at: int
    """Microseconds UTC."""
    word: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """What an act changes: a thing, as it is now, and as it will be."""

    label: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Enrolments:
    """What came of the enrolments at one registrar since a time: counts alone, and the latest that failed."""

    by_outcome: Mapping[str, int]
    median_seconds: float | None
    slow_seconds: float | None
    """Nineteen of twenty took no longer."""
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """An enrolment or question that came to nothing. `reference` finds it in both logs; nothing names a person."""

    at: int
    reference: str
    why: str
