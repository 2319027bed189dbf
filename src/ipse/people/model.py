"""An account and what belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
