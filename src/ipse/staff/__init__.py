"""Those who work for the scheme, a partner, a registrar or a mobile operator: by invitation and passkey.

None of them needs an identity of the scheme, and they sign in while people cannot. A `Member` belongs to one
organisation; `service.StaffSessions` says whose browser it is. What one of them may not do alone is a `Review`: asked
for with a reason, decided by a second person, and done in the transaction that decides. Start with `model`.
"""

from ipse.staff.errors import (
    AlreadyMember,
    InvitationOver,
    NotAllowed,
    NotStaff,
    PasskeyRefused,
    ReviewRefused,
    StaffRefused,
    UnknownMember,
    UnknownReview,
)
from ipse.staff.model import Invitation, Invitee, Member, MemberState, Organisation, Review, ReviewState, Role

__all__ = [
    "AlreadyMember",
    "Invitation",
    "InvitationOver",
    "Invitee",
    "Member",
    "MemberState",
    "NotAllowed",
    "NotStaff",
    "Organisation",
    "PasskeyRefused",
    "Review",
    "ReviewRefused",
    "ReviewState",
    "Role",
    "StaffRefused",
    "UnknownMember",
    "UnknownReview",
]
