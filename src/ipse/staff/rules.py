"""Who may be a member, and who may decide what."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ipse.kernel.clock import SECOND
from ipse.staff.errors import NotAllowed, ReviewRefused, StaffRefused
from ipse.staff.model import IDLE_SECONDS, NOTED_SECONDS, OF_OTHERS, OF_SCHEME, SIGN_IN, Organisation, Role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ipse.staff.model import Member, Review

_EMAIL: Final = re.compile(r"[^\s@<>\"',;:]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")
_ONWARD: Final = re.compile(r"(/[A-Za-z0-9_.~-]{1,80}){1,8}(\?lang=(nl|fr|de|en))?")
_LONGEST_NAME: Final = 80
_LONGEST_REASON: Final = 500
_SHORTEST_REASON: Final = 5
SAME_PERSON: Final = "waiting for a second person: whoever asked cannot decide"


def email(typed: str) -> str:
    """An address as it is kept: its host in lower case.

    Raises:
        StaffRefused: it is none.
    """
    local, _, host = typed.strip().rpartition("@")
    found = f"{local}@{host.lower()}"
    if not _EMAIL.fullmatch(found):
        raise StaffRefused("address", public="the e-mail address is not one", field="email")
    return found


def person_name(typed: str) -> str:
    """A name on one line.

    Raises:
        StaffRefused: none, or too long.
    """
    found = " ".join(typed.split())
    if not 0 < len(found) <= _LONGEST_NAME or not found.isprintable():
        raise StaffRefused("name", public=f"a name has 1 to {_LONGEST_NAME} characters", field="name")
    return found


def roles(organisation: Organisation, wanted: Iterable[str]) -> frozenset[Role]:
    """The roles that a member of this organisation is to have.

    Raises:
        StaffRefused: none, unknown ones, another organisation's, or audit together with what it audits (T-4).
    """
    try:
        found = frozenset(Role(each) for each in wanted)
    except ValueError as error:
        raise StaffRefused("role", public="there is no such role", field="roles") from error
    possible = OF_SCHEME if organisation is Organisation.SCHEME else OF_OTHERS
    if not found or not found <= possible:
        known = ", ".join(sorted(possible))
        raise StaffRefused("roles", public=f"choose at least one role of: {known}", field="roles")
    if Role.AUDITOR in found and len(found) > 1:
        raise StaffRefused("auditor", public="an auditor has no other role", field="roles")
    return found


def reason(typed: str) -> str:
    """Why something is to be done, for the audit log.

    Raises:
        ReviewRefused: too short to be one, or too long.
    """
    found = " ".join(typed.split())
    if not _SHORTEST_REASON <= len(found) <= _LONGEST_REASON:
        public = f"a reason has {_SHORTEST_REASON} to {_LONGEST_REASON} characters: a case number, never a name"
        raise ReviewRefused("reason", public=public, field="reason")
    return found


def check_allowed(member: Member, organisation: Organisation, wanted: Iterable[Role]) -> None:
    """See that a member may be here at all.

    Raises:
        NotAllowed: another organisation's, or without any of these roles, if there are some.
    """
    needed = frozenset(wanted)
    if member.organisation is not organisation or (needed and not member.has(*needed)):
        names = ", ".join(sorted(needed)) or organisation
        raise NotAllowed(f"needs {names}", public=f"this needs the role {names}")


def check_decider(review: Review, member: Member, may_decide: frozenset[Role], *, same_email: bool) -> None:
    """See that a second person decides, of the scheme, with a role for it.

    Raises:
        NotAllowed: without the role.
        ReviewRefused: the one who asked, under whatever membership.
    """
    check_allowed(member, Organisation.SCHEME, may_decide)
    if review.asked_by == member.member_id or same_email:
        raise ReviewRefused("the same person", public=SAME_PERSON)


def onward(wanted: str, home: str) -> str:
    """A place on the staff's pages to go on to; anything else leads home."""
    return wanted if _ONWARD.fullmatch(wanted) and not wanted.startswith("/staff/") else home


def sign_in_for(path: str) -> str:
    """The page to sign in, leading back."""
    return f"{SIGN_IN}?onward={path}" if _ONWARD.fullmatch(path) else SIGN_IN


def idle_since(now: int) -> int:
    """Sessions that were last used before this moment are over."""
    return now - IDLE_SECONDS * SECOND


def to_be_noted(seen_at: int, now: int) -> bool:
    """Whether a new use is written down; not each one, so that reading a page usually writes nothing."""
    return now - seen_at >= NOTED_SECONDS * SECOND
