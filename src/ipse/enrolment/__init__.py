"""Enrolment: from a new phone to an identity that a registrar vouches for.

The phone begins; the person's browser goes to the registrar and comes back; the same phone presents the one-time value
of that return; then the person sets the code and the identity exists, or moves here from an older phone. Any other
order, browser or phone ends it. Start with `model` (the states), then `service`.
"""

from ipse.enrolment.errors import (
    AppTooOldError,
    BadPhoneNumberError,
    DocumentsChangedError,
    EndReason,
    EnrolmentEndedError,
    UnknownRegistrarError,
)
from ipse.enrolment.model import Activated, Begun, EnrolRequest, Returned, State

__all__ = [
    "Activated",
    "AppTooOldError",
    "BadPhoneNumberError",
    "Begun",
    "DocumentsChangedError",
    "EndReason",
    "EnrolRequest",
    "EnrolmentEndedError",
    "Returned",
    "State",
    "UnknownRegistrarError",
]
