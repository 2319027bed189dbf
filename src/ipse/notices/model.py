"""Notices, where they go, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

WAIT_DAYS: Final = 4
"""A notice that nobody took by then is given up: old news of this kind only frightens."""

KEPT_DAYS: Final = 400
"""How long a person can see what was sent."""


class NoticeKind(StrEnum):
    """What happened."""

    PHONE_BOUND = "phone_bound"
    PHONE_MOVED = "phone_moved"
    SECOND_ENROLMENT = "second_enrolment"
    CODE_CHANGED = "code_changed"
    WRONG_CODES = "wrong_codes"
    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"
    NUMBER_CHANGED = "number_changed"
    EMAIL_CHANGED = "email_changed"
    SIM_CHANGED = "sim_changed"
    SIM_READY = "sim_ready"
    FINGERPRINT_ADDED = "fingerprint_added"
    FINGERPRINT_REMOVED = "fingerprint_removed"
    FALLBACK_ADDED = "fallback_added"
    FALLBACK_REMOVED = "fallback_removed"
    FALLBACK_USED = "fallback_used"
    EVIDENCE_EXPIRING = "evidence_expiring"
    EVIDENCE_EXPIRED = "evidence_expired"
    NOT_STARTED = "not_started"
    PANIC_SHEET_MADE = "panic_sheet_made"
    DATA_VIEWED = "data_viewed"
    """Two members of the scheme's staff have let one of them look at the person's data."""
    DELETED = "deleted"


WAKING: Final = frozenset(
    {
        NoticeKind.PHONE_MOVED,
        NoticeKind.SECOND_ENROLMENT,
        NoticeKind.WRONG_CODES,
        NoticeKind.BLOCKED,
        NoticeKind.UNBLOCKED,
        NoticeKind.NUMBER_CHANGED,
        NoticeKind.SIM_CHANGED,
        NoticeKind.SIM_READY,
        NoticeKind.FALLBACK_USED,
        NoticeKind.EVIDENCE_EXPIRED,
    }
)
"""What wakes the person's phones, too: what somebody else may have done, and what there is to decide or to mend. What
a person does in the app wakes nothing, because they are looking at it."""


class Channel(StrEnum):
    """By which way."""

    MAIL = "mail"
    SMS = "sms"


@dataclass(frozen=True, slots=True)
class Contact:
    """One address of a person: an e-mail address, or a phone number as `+32 485694175`."""

    channel: Channel
    address: str


@dataclass(frozen=True, slots=True)
class Reachable:
    """How a person can be told: first name, language, addresses. Looked up when a notice is sent, never kept."""

    first_name: str
    language: str
    contacts: tuple[Contact, ...]


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes: the scheme's name, and the page where anybody can block an identity."""

    scheme: str
    block_url: str


@dataclass(frozen=True, slots=True)
class Sending:
    """What became of one message; `place` is `now` or `before` (an address that was given up)."""

    channel: Channel
    place: str
    state: str
    """`sending`, `sent`, `failed` (tried again), `given_up`."""
    changed_at: int


@dataclass(frozen=True, slots=True)
class Told:
    """A notice as its person sees it; times in microseconds."""

    kind: NoticeKind
    created_at: int
    sendings: tuple[Sending, ...]
