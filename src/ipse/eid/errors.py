"""What can go wrong beside the card itself; what is wrong with a card is said by `ipse.standards`."""

from __future__ import annotations

from ipse.standards.web_eid import CertificateExpiredError, CertificateRevokedError, WebEidError


class RevocationUnknownError(Exception):
    """Whether the card was revoked cannot be learnt now: no answer, or none that tells. Trying later may help."""


class AnchorsError(ValueError):
    """Certificates that cannot be trust anchors of this installation; the text says which and why."""


def why_refused(error: RevocationUnknownError | WebEidError) -> str:
    """Name what a person can do about a card that was not accepted: the `why` of every page that asks for one."""
    match error:
        case RevocationUnknownError():
            return "try_later"
        case CertificateRevokedError():
            return "revoked"
        case CertificateExpiredError():
            return "expired"
        case _:
            return "not_accepted"
