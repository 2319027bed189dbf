"""Who may do what, what was typed to find somebody, and what needs a second person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ipse.console.model import SwitchKind, What
from ipse.staff.errors import NotAllowed
from ipse.staff.model import Member, Organisation, Role

SUPPORT, REVIEWER, SECURITY, AUDITOR, ADMINISTRATOR = (
    Role.SUPPORT,
    Role.REVIEWER,
    Role.SECURITY,
    Role.AUDITOR,
    Role.ADMINISTRATOR,
)
EVERYBODY: Final = (SUPPORT, REVIEWER, SECURITY, AUDITOR, ADMINISTRATOR)
"""The roles of the scheme."""
_EVERYBODY: Final = frozenset(EVERYBODY)

PERMISSIONS: Final[Mapping[What, frozenset[Role]]] = {
    What.READ_REVIEWS: _EVERYBODY,
    What.FIND_PERSON: frozenset({SUPPORT, SECURITY}),
    What.BLOCK_PERSON: frozenset({SUPPORT, SECURITY}),
    What.RELEASE_PERSON: frozenset({SUPPORT, SECURITY}),
    What.VIEW_DATA: frozenset({SUPPORT, SECURITY}),
    What.READ_SWITCHES: frozenset({SECURITY, SUPPORT, AUDITOR}),
    What.TURN_SWITCH: frozenset({SECURITY}),
    What.READ_PARTNERS: frozenset({REVIEWER, SECURITY, SUPPORT, AUDITOR}),
    What.CHANGE_PARTNER: frozenset({REVIEWER, SECURITY}),
    What.READ_LOG: frozenset({AUDITOR, SECURITY}),
    What.EXPORT_LOG: frozenset({AUDITOR}),
    What.READ_INCIDENTS: _EVERYBODY,
    What.WRITE_INCIDENTS: frozenset({SECURITY, SUPPORT}),
    What.READ_FIGURES: _EVERYBODY,
    What.READ_STAFF: frozenset({ADMINISTRATOR, AUDITOR}),
    What.CHANGE_STAFF: frozenset({ADMINISTRATOR}),
    What.GIVE_POWER: frozenset({ADMINISTRATOR}),
}
"""Roles of the scheme that may do each thing, or ask for it where a second person is needed."""

DECIDING: Final[Mapping[What, frozenset[Role]]] = {
    What.RELEASE_PERSON: frozenset({SECURITY}),
    What.VIEW_DATA: frozenset({SECURITY}),
    What.TURN_SWITCH: frozenset({SECURITY}),
    What.CHANGE_PARTNER: frozenset({REVIEWER, SECURITY}),
    What.GIVE_POWER: frozenset({ADMINISTRATOR, SECURITY}),
}
"""What one person may never do alone, and the roles of the second one, who is never the first."""

CHANGING: Final = frozenset(What) - {what for what in What if what.startswith("read_")} - {What.EXPORT_LOG}
"""What changes something: nothing that an auditor may do is among it (T-4)."""
OF_PEOPLE: Final = frozenset({What.FIND_PERSON, What.BLOCK_PERSON, What.RELEASE_PERSON, What.VIEW_DATA})
"""What is about one person: nothing that an administrator may do is among it."""
POWERFUL: Final = frozenset({REVIEWER, SECURITY, ADMINISTRATOR})
"""Roles that decide as a second person: one administrator alone must not be able to hand them out to two addresses of
their own."""
KEPT: Final = POWERFUL | {AUDITOR}
"""Roles that one administrator alone does not take away either: whoever would object must not be let go first."""

_ACCOUNT: Final = re.compile(r"[A-Za-z0-9_-]{16,64}")
_NUMBER: Final = re.compile(r"\+?[0-9][0-9 ()./-]{5,24}")


def may(member: Member, what: What) -> bool:
    """Whether a member may do this, or ask for it."""
    return member.organisation is Organisation.SCHEME and member.has(*PERMISSIONS[what])


def check(member: Member, what: What) -> None:
    """See that a member may do this, or ask for it.

    Raises:
        NotAllowed: they may not.
    """
    if not may(member, what):
        names = ", ".join(sorted(PERMISSIONS[what]))
        raise NotAllowed(f"{what} needs {names}", public=f"this needs the role {names}")


def is_number(typed: str) -> bool:
    """Whether this looks like a phone number."""
    return _NUMBER.fullmatch(typed.strip()) is not None


def is_account(typed: str) -> bool:
    """Whether this may be the id of an account, or of a request."""
    return _ACCOUNT.fullmatch(typed.strip()) is not None


def international(typed: str) -> str:
    """A number as people type it, with its country code; `0…` and `00…` are left as they are to be refused."""
    found = re.sub(r"[^0-9+]", "", typed.strip())
    return f"+{found[2:]}" if found.startswith("00") else found


def hint(account_id: str) -> str:
    """What of an account's id is enough to tell two apart on the phone."""
    return account_id[-6:]


def switch_kind(word: str) -> SwitchKind | None:
    """A kind of switch by its word."""
    return SwitchKind(word) if word in set(SwitchKind) else None
