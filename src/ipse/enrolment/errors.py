"""How an enrolment refuses (device protocol section 6)."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from ipse.kernel.errors import PlatformError


class EndReason(StrEnum):
    """Why an enrolment ended without an identity."""

    FOREIGN_RETURN = "foreign_return"
    """It came back in another browser than the one that began, or its value on another phone."""
    EXPIRED = "expired"
    REFUSED_BY_PERSON = "refused_by_person"
    """The person said no at the registrar."""
    REGISTRAR_ERROR = "registrar_error"
    """The registrar did not answer, or answered nonsense."""
    UNACCEPTABLE_IDENTITY = "unacceptable_identity"
    """The answer is sound, but no identity can rest on it: an expired document, no document, a test number."""
    UNDER_AGE = "under_age"
    MINORS_ELSEWHERE = "minors_elsewhere"
    """A person of 16 or 17 at a registrar that may not vouch for them: another one may."""
    REGISTRAR_STOPPED = "registrar_stopped"
    """The operator has stopped this registrar: choose another."""
    TRY_LATER = "try_later"
    """This registrar has vouched for as many identities as it may for now."""
    ANOTHER_PERSON = "another_person"
    """A renewal whose answer is about somebody else."""
    SIM_SWAPPED = "sim_swapped"
    """The SIM was changed too recently for a bank alone: only the card will do (T-5)."""
    SUPERSEDED = "superseded"
    """The same person finished another enrolment meanwhile."""
    LEVEL_TOO_LOW = "level_too_low"
    """A blocked identity is activated again at its own level at least (B-8): `registrars` names who can."""
    BLOCKED_BY_OPERATOR = "blocked_by_operator"
    """The scheme operator has blocked this identity: an activation does not lift that."""
    OBJECTED = "objected"
    """The person stopped it on the phone that has the identity."""
    NUMBER_NOT_PROVEN = "number_not_proven"
    """Nobody has shown that a new number is the person's: it stays the old one."""
    BLOCKED_MEANWHILE = "blocked_meanwhile"
    """The identity was blocked while the activation waited: begin again, and nothing waits any more."""


class EnrolmentEndedError(PlatformError):
    """This enrolment is over; `why` is one of `EndReason`. Begin again."""

    code = "enrolment_ended"
    status = 410
    title = "This activation is over; begin again"

    def __init__(self, why: str, detail: str = "", **fields: Any) -> None:  # noqa: ANN401 - JSON members
        super().__init__(detail or why, why=why, **fields)
        self.why = why


class UnknownRegistrarError(PlatformError):
    """No registrar of that id."""

    code = "unknown_registrar"
    status = 422
    title = "There is no such registrar"


class RegistrarRefusedError(PlatformError):
    """A registrar as the operator describes it cannot be taken; `public` says what is wrong."""

    code = "registrar_refused"
    status = 422
    title = "This registrar cannot be registered so"

    def __init__(self, what: str) -> None:
        super().__init__(what, public=what)


class DocumentsChangedError(PlatformError):
    """The documents accepted are not the current ones, or one is missing: show them again."""

    code = "documents_changed"
    status = 409
    title = "The terms or the privacy notice have changed; read and accept them again"


class BadPhoneNumberError(PlatformError):
    """Not a phone number in international form."""

    code = "bad_phone_number"
    status = 422
    title = "This is not a phone number with a country code"


class NumberStaysError(PlatformError):
    """The number cannot be changed: it is the same one, or this scheme asks no operator that could prove another."""

    code = "number_stays"
    status = 409
    title = "The number cannot be changed to this one"


class AppTooOldError(PlatformError):
    """This version of the app is no longer accepted."""

    code = "app_too_old"
    status = 426
    title = "This version of the app is too old"


class UnknownStartError(PlatformError):
    """A start address that was used already, is too old, or never existed."""

    code = "unknown_start"
    status = 404
    title = "This address works once and for ten minutes; begin again in the app"


class UnknownReturnError(PlatformError):
    """A registrar's return that belongs to nothing here."""

    code = "unknown_return"
    status = 404
    title = "This answer belongs to no activation; begin again in the app"


class ForeignReturnError(PlatformError):
    """A registrar's return in another browser than the one that began. The enrolment is ended."""

    code = "foreign_return"
    status = 403
    title = "This activation was begun in another browser, so it was stopped"


class ReturnUsedError(PlatformError):
    """A registrar's return whose value the phone has presented already."""

    code = "return_used"
    status = 410
    title = "This answer was received already; go on in the app"


class StaleCodeError(PlatformError):
    """A frame of the moving code on a computer's page, brought too late: read it again. Nothing was changed."""

    code = "stale_return"
    status = 410
    title = "This code has moved on; read it again"


class CardRefusedError(PlatformError):
    """What a card brought was not taken this time; the enrolment goes on. `why` says what to do.

    `try_later` (whether the card is revoked cannot be learnt), `again` (the question was too old), `revoked`,
    `expired`, `not_accepted`, `no_files`, `two_cards`, `files_refused`.
    """

    code = "card_not_taken"
    status = 422
    title = "This card was not taken; try again"

    def __init__(self, why: str, detail: str = "") -> None:
        super().__init__(detail or why, why=why)
        self.why = why


class RefusedAnswerError(Exception):
    """A registrar's return from which no identity comes. The text goes to the log, without personal data."""

    why: ClassVar[EndReason] = EndReason.REGISTRAR_ERROR


class RegistrarError(RefusedAnswerError):
    """A registrar does not answer, or answers what its specification does not allow."""


class RefusedByPersonError(RefusedAnswerError):
    """The person said no at the registrar."""

    why = EndReason.REFUSED_BY_PERSON


class UnacceptableIdentityError(RefusedAnswerError):
    """The registrar's answer is sound, but no identity can rest on it."""

    why = EndReason.UNACCEPTABLE_IDENTITY


class UnderAgeError(RefusedAnswerError):
    """Too young for an identity of their own."""

    why = EndReason.UNDER_AGE


class MinorElsewhereError(RefusedAnswerError):
    """Not of age, at a registrar that may not vouch for minors."""

    why = EndReason.MINORS_ELSEWHERE


class RegistrarStoppedError(RefusedAnswerError):
    """The operator stopped this registrar meanwhile."""

    why = EndReason.REGISTRAR_STOPPED


class TooManyIdentitiesError(RefusedAnswerError):
    """The registrar has vouched for as many identities as it may in an hour or a day (T-12)."""

    why = EndReason.TRY_LATER


class AnotherPersonError(RefusedAnswerError):
    """A renewal whose answer is about somebody else."""

    why = EndReason.ANOTHER_PERSON
