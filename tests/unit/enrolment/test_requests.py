"""What a phone may ask when it begins, and the documents it must have shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ipse.enrolment.errors import (
    AppTooOldError,
    BadPhoneNumberError,
    DocumentsChangedError,
    UnknownRegistrarError,
)
from ipse.enrolment.model import AppVersion, EnrolRequest
from ipse.enrolment.rules.requests import LANGUAGES, checked
from ipse.enrolment.service.published import VERSIONS, document, documents
from ipse.kernel.errors import PlatformError
from ipse.kernel.ids import sha256
from ipse.people.model import Acceptance
from ipse.phones.errors import MalformedMessageError


def _accepted(*kinds: str, language: str = "nl") -> tuple[Acceptance, ...]:
    found = [document(kind, language) for kind in kinds]
    return tuple(Acceptance(each.kind, each.version, each.language, each.sha256) for each in found if each)


GOOD = EnrolRequest(
    language="nl",
    phone_number="+32 (0)400 00.01.01",
    registrar="bank-vesta",
    accepted=_accepted("terms", "privacy"),
    app=AppVersion(name="ipse-web", version="1.2.0"),
    email="ada@example.org",
)


def _checked(request: EnrolRequest) -> EnrolRequest:
    return checked(request, registrars={"bank-vesta"}, documents=documents(), minimum_app_version="1.2")


def test_a_good_request_comes_back_with_its_number_in_one_form() -> None:
    assert _checked(GOOD).phone_number == "+32 400000101"


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (replace(GOOD, app=AppVersion(name="x", version="1.1.9")), AppTooOldError),
        (replace(GOOD, app=AppVersion(name="x", version="newest")), MalformedMessageError),
        (replace(GOOD, app=AppVersion(name="x" * 65, version="1.2.0")), MalformedMessageError),
        (replace(GOOD, registrar="bank-of-nowhere"), UnknownRegistrarError),
        (replace(GOOD, language="it"), MalformedMessageError),
        (replace(GOOD, phone_number="0400000101"), BadPhoneNumberError),
        (replace(GOOD, email="not an address"), MalformedMessageError),
        (replace(GOOD, email="a@b\n.example"), MalformedMessageError),
        (replace(GOOD, accepted=()), DocumentsChangedError),
        (
            replace(GOOD, accepted=(*GOOD.accepted, *_accepted("terms", language="fr"))),
            MalformedMessageError,
        ),
        (replace(GOOD, accepted=_accepted("terms")), DocumentsChangedError),
        (replace(GOOD, accepted=_accepted("privacy", "practice")), DocumentsChangedError),
        (
            replace(GOOD, accepted=(*_accepted("privacy"), Acceptance("terms", VERSIONS["terms"], "nl", "0" * 64))),
            DocumentsChangedError,
        ),
        (
            replace(
                GOOD,
                accepted=(
                    *_accepted("privacy"),
                    replace(_accepted("terms")[0], version="2025-01"),
                ),
            ),
            DocumentsChangedError,
        ),
    ],
)
def test_what_is_refused(request_: EnrolRequest, error: type[PlatformError]) -> None:
    """B-3: without the current terms and privacy notice, accepted by hash, nobody is enrolled."""
    with pytest.raises(error):
        _checked(request_)


def test_newer_apps_are_welcome() -> None:
    _checked(replace(GOOD, app=AppVersion(name="x", version="1.10")))


def test_documents_are_published_in_four_languages_with_the_hash_of_their_text() -> None:
    """B-3, B-13."""
    published = documents()
    assert {(each.kind, each.language) for each in published} == {
        (kind, language) for kind in VERSIONS for language in LANGUAGES
    }
    for each in published:
        assert each.sha256 == sha256(each.text.encode()).hex()
        assert each.version in each.text.splitlines()[2]


@pytest.mark.parametrize("kind", list(VERSIONS))
def test_documents_say_the_same_in_every_language(kind: str) -> None:
    shapes = {
        tuple(line[:2] for line in each.text.splitlines() if line.startswith(("# ", "## ", "- ")))
        for each in documents()
        if each.kind == kind
    }
    assert len(shapes) == 1
