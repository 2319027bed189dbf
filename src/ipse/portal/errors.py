"""How the portal refuses."""

from __future__ import annotations

from ipse.kernel.errors import PlatformError


class UnknownEntry(PlatformError):
    """Nothing of this person's has that name."""

    code = "unknown_entry"
    status = 404
    title = "There is nothing of yours at this address"


class ApprovalOver(PlatformError):
    """The way back from an approval was used before, is too old, or belongs to another browser or person."""

    code = "approval_over"
    status = 410
    title = "This approval is over; begin again"


class NotOpened(PlatformError):
    """What is asked for holds protected values, and nobody has given the code for them here lately."""

    code = "not_opened"
    status = 403
    title = "Give the code in the app first"


class NothingToWithdraw(PlatformError):
    """This partner has nothing of this person that could be taken back."""

    code = "nothing_to_withdraw"
    status = 409
    title = "There is nothing to take back"
