"""How a fingerprint is refused."""

from __future__ import annotations

from ipse.kernel.errors import PlatformError


class BadCredential(PlatformError):
    """What was to be added is no platform credential of this app, made for this message."""

    code = "bad_credential"
    status = 422
    title = "This fingerprint or face cannot be added"


class WrongFingerprint(PlatformError):
    """The assertion beside the message does not hold; give the code instead."""

    code = "wrong_fingerprint"
    status = 403
    title = "The fingerprint was not accepted; give the code"


class CodeNeeded(PlatformError):
    """This request asks for more than a fingerprint."""

    code = "code_needed"
    status = 403
    title = "This request is approved with the code"
