"""How staff are refused."""

from __future__ import annotations

from ipse.kernel.errors import PlatformError


class NotStaff(PlatformError):
    """The page is for staff who have signed in; this browser's session is missing or over."""

    code = "staff_sign_in_required"
    status = 401
    title = "Sign in with your passkey first"


class NotAllowed(PlatformError):
    """A member without the role that this needs."""

    code = "not_allowed"
    status = 403
    title = "Your role does not allow this"


class InvitationOver(PlatformError):
    """An invitation that is unknown, was taken, or is too old."""

    code = "staff_invitation_over"
    status = 410
    title = "This invitation is over; ask for a new one"


class PasskeyRefused(PlatformError):
    """A passkey that proves no member; never says why."""

    code = "staff_passkey_refused"
    status = 401
    title = "This passkey does not belong to a member"


class UnknownMember(PlatformError):
    """No such member."""

    code = "unknown_member"
    status = 404
    title = "There is no such member"


class AlreadyMember(PlatformError):
    """The address belongs to a member of this organisation."""

    code = "already_member"
    status = 409
    title = "Somebody with this e-mail address is a member already"


class StaffRefused(PlatformError):
    """Roles, a name or an address that cannot be, or an act that would leave nobody; says which."""

    code = "staff_refused"
    status = 422
    title = "This cannot be done with these members"


class UnknownReview(PlatformError):
    """No such act waits."""

    code = "unknown_review"
    status = 404
    title = "There is no such review"


class ReviewRefused(PlatformError):
    """An act that cannot be asked for, or that this member cannot decide: over, or asked for by the same person."""

    code = "review_refused"
    status = 409
    title = "This review cannot be decided like that"
