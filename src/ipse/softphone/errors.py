"""How a soft phone fails. Every failure is one of these; nothing is answered by an empty value."""

from __future__ import annotations

from collections.abc import Mapping


class PhoneError(Exception):
    """Something the phone could not do. `code` is one word for programs."""

    code = "phone_error"


class NoPhone(PhoneError):
    """The store holds no activated phone."""

    code = "no_phone"


class PhoneExists(PhoneError):
    """The store already holds a phone; activating would lose its keys."""

    code = "phone_exists"


class PhoneBusy(PhoneError):
    """Another process holds the store for longer than this one waits."""

    code = "phone_busy"


class DamagedStore(PhoneError):
    """The store's content is not a phone."""

    code = "damaged_store"


class WeakCode(PhoneError):
    """The code is too easy to guess; nothing was sent."""

    code = "weak_code"


class UnusableLink(PhoneError):
    """Neither a QR's content nor an app link."""

    code = "unusable_link"


class UnknownInWorld(PhoneError):
    """The sandbox's description of its world lacks this bank or person, or cannot be read."""

    code = "unknown_in_world"


class BankRefused(PhoneError):
    """The browser part of an activation did not come back to the app."""

    code = "bank_failed"


class NoAnswer(PhoneError):
    """The scheme did not answer in time. The message is kept and will be sent again as it is."""

    code = "no_answer"


class Refused(PhoneError):
    """The scheme said no.

    `code` is a word of the protocol's section 6, `status` the HTTP status, `fields` the whole problem document.
    """

    def __init__(self, code: str, *, status: int, fields: Mapping[str, object]) -> None:
        super().__init__(str(fields.get("detail") or fields.get("title") or code))
        self.code = code
        self.status = status
        self.fields = dict(fields)

    @property
    def why(self) -> str | None:
        """The `why` member, where the error has one."""
        why = self.fields.get("why")
        return why if isinstance(why, str) else None

    @property
    def tries_left(self) -> int | None:
        """How many wrong codes are left, after a wrong code."""
        left = self.fields.get("tries_left")
        return left if isinstance(left, int) else None


class NotUnderstood(PhoneError):
    """Part of the request is of a kind this phone cannot show: it can only be refused. Nothing was sent."""

    code = "not_understood"


class OtherActivationKey(PhoneError):
    """A certificate is to be made under another key than the scheme publishes: refuse. Nothing was sent."""

    code = "other_activation_key"


class SignerLost(PhoneError):
    """This phone does not hold the certificate that is to sign. Nothing was sent."""

    code = "signer_lost"


class CodeNeeded(PhoneError):
    """Only the code signs. Nothing was sent."""

    code = "code_needed"


class NoDocument(PhoneError):
    """The request has no such document, or nobody holds it here."""

    code = "no_document"


class OtherFile(PhoneError):
    """What was opened is not the file whose digest was shown: refuse. Nothing was kept."""

    code = "other_file"


class NothingAsked(PhoneError):
    """A scan said who is here, and the partner asked nothing in time."""

    code = "nothing_asked"


class CannotDecline(PhoneError):
    """The person switched off an attribute that is required, or that nobody asked for."""

    code = "cannot_decline"


class NoFingerprint(PhoneError):
    """This phone has no fingerprint to approve with. Nothing was sent."""

    code = "no_fingerprint"


class NotWoken(PhoneError):
    """The scheme or the push service does not wake this phone."""

    code = "not_woken"
