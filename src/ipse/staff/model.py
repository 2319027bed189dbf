"""Members, their roles, invitations, and acts that wait for a second person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

COOKIE: Final = "staff"
"""The word of the cookie; see `web.cookies`."""
SIGN_IN: Final = "/staff/sign-in"
JOIN: Final = "/staff/join"
SIGN_OUT: Final = "/staff/sign-out"
OWN: Final = "/staff/account"

INVITED_SECONDS: Final = 3 * 86_400
"""How long an invitation can be taken."""
CHALLENGE_SECONDS: Final = 300
"""How long a browser has to answer with a passkey."""
MOST_SECONDS: Final = 12 * 3600
"""How long a session lasts at most (B-26)."""
IDLE_SECONDS: Final = 30 * 60
"""How long it lasts when nothing is asked for."""
FRESH_SECONDS: Final = 300
"""How long ago whoever adds a passkey has signed in: a browser left open is not enough."""
NOTED_SECONDS: Final = 60
"""How exactly it is written down when something was last asked for."""
REVIEW_SECONDS: Final = 14 * 86_400
"""How long an act waits for a second person."""
MOST_PASSKEYS: Final = 10
MOST_WAITING: Final = 20
"""How many acts of one organisation other than the scheme wait at most: what it asks for hides nobody else's."""


class Organisation(StrEnum):
    """Whom a member works for."""

    SCHEME = "scheme"
    """The scheme operator."""
    PARTNER = "partner"
    REGISTRAR = "registrar"
    MOBILE_OPERATOR = "mobile_operator"


class Role(StrEnum):
    """What a member may do."""

    SUPPORT = "support"
    """Of the scheme: helps people on the line."""
    REVIEWER = "reviewer"
    """Of the scheme: decides on partners and attributes."""
    SECURITY = "security"
    """Of the scheme: switches, keys, incidents."""
    AUDITOR = "auditor"
    """Of the scheme: reads everything that was done, changes nothing."""
    ADMINISTRATOR = "administrator"
    """Of the scheme: its staff and organisations, no people."""
    MANAGER = "manager"
    """Of another organisation: changes its things and invites colleagues."""
    MEMBER = "member"
    """Of another organisation: looks."""


OF_SCHEME: Final = frozenset({Role.SUPPORT, Role.REVIEWER, Role.SECURITY, Role.AUDITOR, Role.ADMINISTRATOR})
OF_OTHERS: Final = frozenset({Role.MANAGER, Role.MEMBER})


class MemberState(StrEnum):
    """`invited → active → removed`; an invited one has made no passkey yet."""

    INVITED = "invited"
    ACTIVE = "active"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Member:
    """One person's place in one organisation. Times in microseconds UTC."""

    member_id: str
    organisation: Organisation
    organisation_id: str
    """Id of the partner, registrar or mobile operator; empty for the scheme."""
    roles: frozenset[Role]
    name: str
    email: str
    language: str
    state: MemberState
    created_at: int

    @property
    def actor(self) -> str:
        """As the audit log names whoever acts."""
        return f"staff:{self.member_id}"

    def has(self, *roles: Role) -> bool:
        """Whether one of these roles is theirs."""
        return not self.roles.isdisjoint(roles)

    def works_for(self, organisation: Organisation, organisation_id: str = "") -> bool:
        """Whether this is their organisation."""
        return self.organisation is organisation and self.organisation_id == organisation_id


@dataclass(frozen=True, slots=True)
class Invitee:
    """Somebody who is to become a member, as somebody typed it."""

    name: str
    email: str
    roles: tuple[str, ...]
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Invitation:
    """A one-time address at which a member makes a passkey. It is shown once and kept as a hash."""

    member_id: str
    url: str
    expires_at: int
    sent: bool = False
    """Whether a mail has taken it to the member."""


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey of a member. Times in microseconds UTC."""

    passkey_id: str
    member_id: str
    credential_id: str
    public_key: bytes
    sign_count: int
    user_handle: bytes
    made_at: int
    used_at: int | None


class ReviewState(StrEnum):
    """`waiting → approved | refused | withdrawn | expired`."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Review:
    """An act that waits for a second person, or did. Times in microseconds UTC."""

    review_id: str
    kind: str
    """Which act, as `app` registered it: `partner.grant`."""
    subject: str
    """What it is about: an id, never personal data."""
    parameters: Mapping[str, Any]
    """What exactly will be done; ids and values, no personal data."""
    reason: str
    asked_by: str
    """Id of the member who asked."""
    organisation: Organisation
    organisation_id: str
    """Whose member asked."""
    asked_at: int
    expires_at: int
    state: ReviewState
    decided_by: str | None
    decided_at: int | None
    answer: str | None
    """What whoever decided had to say."""
