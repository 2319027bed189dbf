"""How the front door refuses a phone before any message is accepted."""

from __future__ import annotations

from ipse.kernel.errors import PlatformError


class UnknownPairing(PlatformError):
    """No new phone shows this code: mistyped, too old, or brought by another phone already."""

    code = "unknown_pairing"
    status = 404
    title = "No new phone shows this code now"


class PairingEnded(PlatformError):
    """The move is over; `why` says how: `expired`, `refused`, `blocked`. Begin again on the new phone."""

    code = "pairing_ended"
    status = 410
    title = "This move is over; begin again on the new phone"

    def __init__(self, why: str) -> None:
        super().__init__(why, why=why)


class NoSuchWait(PlatformError):
    """The activation elsewhere is over: it was stopped, or has finished."""

    code = "nothing_waits"
    status = 409
    title = "That activation is over"


class WatchRefused(PlatformError):
    """The watch token is unknown or too old."""

    code = "unknown_phone"
    status = 401
    title = "Say home again for a new watch token"


class PhoneRefused(PlatformError):
    """This phone may not carry an identity, or not decide now; `why` says so: `rooted`, `debugged`."""

    code = "phone_refused"
    status = 403
    title = "This phone is not safe enough: its protections have been switched off"

    def __init__(self, why: str) -> None:
        super().__init__(why, why=why)


class AttestationRefused(PlatformError):
    """What the phone says of its key's hardware is not true, or not believed here. `why` says more."""

    code = "attestation_refused"
    status = 403
    title = "What this phone says of its hardware was not accepted"

    def __init__(self, why: str) -> None:
        super().__init__(why, public=f"the attestation was refused: {why}")


class UnknownDocument(PlatformError):
    """No such document of a request that this phone has claimed, or it is gone."""

    code = "unknown_document"
    status = 404
    title = "There is no such document"


class DocumentTokenRefused(PlatformError):
    """What opens a document is unknown or too old: ask for it again."""

    code = "document_token_refused"
    status = 401
    title = "Open the document again"
