"""Judge what a phone asks when it begins."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from typing import Final

from ipse.enrolment.errors import (
    AppTooOldError,
    BadPhoneNumberError,
    DocumentsChangedError,
    UnknownRegistrarError,
)
from ipse.enrolment.model import AppVersion, EnrolRequest, PublishedDocument
from ipse.people.model import Acceptance
from ipse.phones.errors import MalformedMessageError
from ipse.standards.phone_numbers import normalised

LANGUAGES: Final = ("nl", "fr", "de", "en")
MUST_ACCEPT: Final = frozenset({"terms", "privacy"})
"""The documents without whose acceptance nobody is enrolled (B-3)."""

# One at sign, a dot in the domain, nothing that could end a header line: whether it exists, only a message would tell.
_EMAIL: Final = re.compile(r"[^@\s<>()\[\],;:\\\"]{1,64}@[^@\s<>()\[\],;:\\\"]+\.[^@\s.<>()\[\],;:\\\"]{2,}")
_LONGEST_EMAIL: Final = 254
_LONGEST_NAME: Final = 64
_VERSION: Final = re.compile(r"[0-9]{1,5}(\.[0-9]{1,5}){0,3}")


def checked(
    request: EnrolRequest,
    *,
    registrars: Collection[str],
    documents: Collection[PublishedDocument],
    minimum_app_version: str,
) -> EnrolRequest:
    """Return the request with its phone number in the one form we keep.

    Raises:
        AppTooOldError, MalformedMessageError, UnknownRegistrarError, DocumentsChangedError, BadPhoneNumberError: as
            named; nothing was changed.
    """
    _check_app(request.app, minimum_app_version)
    if request.language not in LANGUAGES:
        raise MalformedMessageError(public="language must be one of " + ", ".join(LANGUAGES))
    if request.registrar not in registrars:
        raise UnknownRegistrarError
    _check_accepted(request.accepted, documents)
    _check_email(request.email)
    try:
        number = normalised(request.phone_number)
    except ValueError as error:
        raise BadPhoneNumberError(str(error)) from error
    return replace(request, phone_number=number)


def _check_app(app: AppVersion, minimum: str) -> None:
    if len(app.name) > _LONGEST_NAME:
        raise MalformedMessageError(public=f"app.name must be at most {_LONGEST_NAME} characters long")
    if not _VERSION.fullmatch(app.version):
        raise MalformedMessageError(public="app.version must be numbers with dots")
    if _numbers(app.version) < _numbers(minimum):
        raise AppTooOldError(f"app {app.version} is older than {minimum}", minimum_app_version=minimum)


def _numbers(version: str) -> tuple[int, ...]:
    numbers = [int(part) for part in version.split(".")]
    return tuple(numbers + [0] * (4 - len(numbers)))


def _check_accepted(accepted: tuple[Acceptance, ...], documents: Collection[PublishedDocument]) -> None:
    current = {
        Acceptance(document.kind, document.version, document.language, document.sha256) for document in documents
    }
    kinds = [acceptance.kind for acceptance in accepted]
    if len(set(kinds)) != len(kinds):
        raise MalformedMessageError(public="accepted must hold each kind of document once")
    if not current.issuperset(accepted):
        raise DocumentsChangedError("accepted is not what is published")
    if MUST_ACCEPT.difference(kinds):
        raise DocumentsChangedError("terms and privacy must both be accepted")


def _check_email(email: str | None) -> None:
    if email is not None and (len(email) > _LONGEST_EMAIL or not _EMAIL.fullmatch(email)):
        raise MalformedMessageError(public="email is not an e-mail address")
