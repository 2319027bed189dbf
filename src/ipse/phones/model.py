"""A phone, its code keys, and a message it sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec

from ipse.standards.phone_channel import SignedMessage


class PhoneState(StrEnum):
    """The life of one copy of the app."""

    ENROLLING = "enrolling"
    WAITING = "waiting"
    """The code is set; the identity moves here when nobody objects on the phone that has it."""
    ACTIVE = "active"
    STOPPED = "stopped"

    def may_say(self, kind: str, *, wanted: PhoneState) -> bool:
        """Whether a phone in this state may send a message that is for phones in `wanted`."""
        waiting = self is PhoneState.WAITING and wanted is PhoneState.ACTIVE
        return self is wanted or (waiting and kind in {"home", "remove"})


class StopReason(StrEnum):
    """Why a phone stopped."""

    MOVED = "moved"
    REMOVED = "removed"
    COPIED = "copied"
    BLOCKED = "blocked"
    OBJECTED = "objected"
    """The person stopped it from the phone that has the identity."""
    ENDED = "ended"
    """The activation that it waited for has ended."""
    DELETED = "deleted"
    SIM_CHANGED = "sim_changed"
    """Its number was moved to another SIM card, or given to somebody else."""


class SimState(StrEnum):
    """Whether the mobile operator answers for the SIM of a phone."""

    READY = "ready"
    """Every function."""
    REDUCED = "reduced"
    """Signing in only, at most at level substantial."""


class CodeKind(StrEnum):
    """What a code key is for. Only the keystore can tell: it is wrapped with the key."""

    NORMAL = "normal"
    DURESS = "duress"
    SPARE = "spare"
    """No code has this key: it fills the second slot of a phone without duress code."""


@dataclass(frozen=True, slots=True)
class CodeKey:
    """A code key as a row: what it is for is wrapped with it under the keystore, bound to the device key."""

    code_key_id: str
    kind: str
    """`slot`, or `normal` for one whose wrapping holds the key alone (from before there were slots)."""
    wrapped_key: bytes


@dataclass(frozen=True, slots=True)
class OpenedCodeKey:
    """A code key, unwrapped. `told` says whether the second channel is told when a duress code is used."""

    kind: CodeKind
    key: bytes
    told: bool = False


@dataclass(frozen=True, slots=True)
class NewPhone:
    """What begins an enrolment: a public key and what is known of its protection."""

    phone_id: str
    device_key: Mapping[str, str]
    thumbprint: str
    app_version: str
    key_protection: str = "software"
    attestation: Mapping[str, Any] | None = None
    """What its maker says of its key, where that was believed."""
    model: str = ""
    """Maker and model, as switches call them: attested where the hardware says them, else its own word."""


@dataclass(frozen=True, slots=True)
class Carrying:
    """The phone that carries an identity now, as its person sees it elsewhere. Times in microseconds."""

    phone_id: str
    key_protection: str
    app_version: str
    sim_state: SimState
    sim_checked_at: int | None
    sim_operator: str | None
    since: int
    seen_at: int
    """When it last said something."""
    tries: int


class Device(msgspec.Struct, frozen=True):
    """The key of a phone, with what its maker says of it, for those who verify for themselves."""

    key: Mapping[str, str]
    """Public JWK."""
    attestation: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Phone:
    """A row; `tries` are the wrong codes in a row, taken tries included."""

    phone_id: str
    account_id: str | None
    state: PhoneState
    why: str | None
    device_key: str
    thumbprint: str
    key_protection: str
    mac: bytes
    chain: str
    challenge: str | None
    message_digest: bytes
    sealed_answer: bytes | None
    tries: int
    app_version: str
    code_key: CodeKey | None
    spare_key: CodeKey | None = None
    """The other slot, when the message names it."""
    quiet_until: int | None = None
    """The identity is blocked by a duress code, and this phone does not show it before (microseconds)."""
    sim_state: SimState = SimState.READY
    sim_checked_at: int | None = None
    """When its operator last answered for the SIM, in microseconds."""
    sim_operator: str | None = None
    model: str | None = None
    """Maker and model as at its activation; see `NewPhone`."""


@dataclass(frozen=True, slots=True)
class Past:
    """A phone that an identity has or had, without its keys; times in microseconds."""

    phone_id: str
    state: PhoneState
    why: str | None
    key_protection: str
    model: str
    app_version: str
    sim_state: SimState
    sim_operator: str | None
    created_at: int
    changed_at: int


class Answer(msgspec.Struct, frozen=True):
    """The recorded outcome of a message: an HTTP status and a JSON object."""

    status: int
    body: dict[str, Any]


@dataclass(slots=True)
class Found:
    """What judging the code has found out since the row was read."""

    quiet_until: int | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A message that passed signature, state and chain; not yet accepted.

    `chain` and `challenge` are fresh values for its answer. `recorded` is set when the same bytes came before.
    """

    phone: Phone
    message: SignedMessage
    chain: str
    challenge: str
    recorded: Answer | None = None
    spare_id: str = ""
    """The code key id of the phone's other slot, as the message names it."""
    found: Found = field(default_factory=Found)

    @property
    def quiet_until(self) -> int | None:
        """Until when this phone looks as always though its identity is blocked (microseconds)."""
        return self.found.quiet_until or self.phone.quiet_until

    @property
    def withheld(self) -> bool:
        """Whether what this phone does succeeds on its screen alone: a duress code was typed, now or before."""
        return self.quiet_until is not None

    @property
    def account_id(self) -> str:
        """The account this phone carries.

        Raises:
            LookupError: it carries none yet.
        """
        if self.phone.account_id is None:
            raise LookupError
        return self.phone.account_id
