"""How a phone's message is refused (device protocol §6)."""

from __future__ import annotations

from ipse.kernel.errors import PlatformError


class StaleMessageError(Exception):
    """Between reading and accepting, another message of this phone was accepted: receive again."""


class TamperedRowError(Exception):
    """A phone's row was changed by somebody without the keystore (T-2)."""


class MalformedMessageError(PlatformError):
    """Not a message of the device protocol."""

    code = "malformed_message"
    status = 400
    title = "Not a message of the device protocol"


class UnknownPhoneError(PlatformError):
    """No phone of that name."""

    code = "unknown_phone"
    status = 404
    title = "This phone is not known; activate it again"


class WrongSignatureError(PlatformError):
    """Not signed by the device key of the phone it names."""

    code = "wrong_signature"
    status = 401
    title = "Not signed by this phone"


class PhoneStoppedError(PlatformError):
    """The phone does not carry an identity any more; `why` says how it came to that."""

    code = "phone_stopped"
    status = 403
    title = "This phone does not carry the identity any more"


class PhoneCopiedError(PlatformError):
    """A message with an old chain value: there are two copies of this phone."""

    code = "phone_copied"
    status = 403
    title = "A copy of this phone exists; both were stopped to keep the identity safe"

    def __init__(self, *, phone_id: str, account_id: str | None) -> None:
        super().__init__(f"phone {phone_id}")
        self.account_id = account_id
