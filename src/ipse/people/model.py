"""An account and what belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

KEPT_YEARS: Final = 10
"""How long the shell of a deleted account stays, with what hangs on its number: as long as claims may be raised."""


class AccountState(StrEnum):
    """The life of a membership."""

    PENDING = "pending"
    ACTIVE = "active"
    BLOCKED = "blocked"
    ARCHIVED = "archived"


class BlockReason(StrEnum):
    """Why an identity stopped."""

    WRONG_CODES = "wrong_codes"
    BY_PERSON = "by_person"
    PHONE_REMOVED = "phone_removed"
    PHONE_COPIED = "phone_copied"
    BY_OPERATOR = "by_operator"
    REGISTRAR_STOPPED = "registrar_stopped"
    """The operator no longer believes the registrar that vouched for it: another one may."""
    SIM_CHANGED = "sim_changed"
    """The mobile operator says that the SIM was changed, or the number given to somebody else."""
    RELEASED = "released"
    """The operator has lifted their block: the person may activate it again."""
    FROM_WEB = "from_web"
    """On the page that needs no login, by somebody who knows number and birth date."""
    PANIC = "panic"
    """With a panic code, without the phone."""
    DURESS = "duress"
    """With a duress code; the phone does not show it at once."""


@dataclass(frozen=True, slots=True)
class Account:
    """A person's membership; times in microseconds."""

    account_id: str
    state: AccountState
    why: str | None
    language: str
    level: str
    """eIDAS level the enrolment evidence allows: `low`, `substantial`, `high`."""
    created_at: int
    activated_at: int | None
    evidence_expires_at: int | None = None
    """The last moment of the evidence behind the attributes; None where it never ends."""

    def evidence_expired(self, now: int) -> bool:
        """Whether that evidence has ended: attributes are withheld, the level is `low`, the subjects stay."""
        return self.evidence_expires_at is not None and self.evidence_expires_at < now

    def level_at(self, now: int) -> str:
        """The level that the evidence allows at this moment."""
        return "low" if self.evidence_expired(now) else self.level


@dataclass(frozen=True, slots=True)
class Subject:
    """By what one partner knows a person; times in microseconds."""

    subject: str
    partner_id: str
    created_at: int
    retired_at: int | None


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A document the person accepted (B-3)."""

    kind: str
    version: str
    language: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What an activation says of the account it makes or renews."""

    language: str
    level: str
    state: AccountState
    why: str | None
    identity: str
    """What makes the person one: country and national number, else document, name and birth date. Never stored."""
    phone_number: str
    acceptances: tuple[Acceptance, ...]
    evidence_expires_at: int | None = None
    """The last moment of the evidence (microseconds)."""
    also: tuple[str, ...] = ()
    """Other ways to know the same person again: a document with name and birth date. Never stored."""


@dataclass(frozen=True, slots=True)
class Renewed:
    """What new evidence says of an account that stays as it is."""

    level: str
    known_by: tuple[str, ...]
    """What the person must be known by already, the first that is known decides. Never stored."""
    identity: str
    """What makes the person one from now on."""
    evidence_expires_at: int | None
    """The last moment of the evidence (microseconds)."""
