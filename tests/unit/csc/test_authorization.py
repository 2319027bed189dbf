"""What a round of authorization may ask."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from typing import Any

import pytest

from ipse.csc.errors import CscError
from ipse.csc.model import Scope, Version
from ipse.csc.rules.authorization import check_request
from ipse.kernel.ids import b64u
from tests.unit.csc.asking import (
    DIGESTS,
    b64url,
    credential_round,
    details,
    modern_round,
    request,
    service_round,
)

ONE, TWO = Version.ONE, Version.TWO


def test_the_first_way_knows_whom_the_partner_sends() -> None:
    judged = check_request(request(ONE, service_round(state="s 1", clientData="ignored", unknown="ignored")))
    assert (judged.scope, judged.asked.account, judged.asked.state) == (Scope.SERVICE, "ada", "s 1")


@pytest.mark.parametrize("write", [b64encode, urlsafe_b64encode, lambda octets: b64url(octets).encode()])
def test_digests_are_taken_with_padding_and_without_in_their_order(write: Any) -> None:
    written = ",".join(write(digest).decode() for digest in DIGESTS[:70])
    judged = check_request(request(ONE, credential_round(hash=written, numSignatures="70")))
    assert [each.digest for each in judged.asked.digests] == [b64u(digest) for digest in DIGESTS[:70]]
    assert judged.asked.digests[69].label == "Document 70"
    assert judged.asked.hash_algorithm == "SHA-256"


def test_authorization_details_bring_labels() -> None:
    asked = {name: value for name, value in modern_round().items() if name.startswith(("code", "response"))}
    judged = check_request(request(TWO, {**asked, "authorization_details": details(2, unknown={"x": 1})}))
    assert judged.scope is Scope.CREDENTIAL
    assert [each.label for each in judged.asked.digests] == ["Deed 0", "Deed 1"]
    assert judged.asked.details


def test_a_kind_of_signature_stands_for_a_credential() -> None:
    asked = modern_round(credentialID=None, signatureQualifier="eu_eidas_aes")
    assert check_request(request(TWO, asked)).asked.qualifier == "eu_eidas_aes"


def test_description_is_latin_9_and_euro_signs_belong_to_it() -> None:
    judged = check_request(
        request(ONE, credential_round(description="Verkoop van een huis, 250 000 € — žŒ".replace("—", "-")))
    )
    assert "€" in judged.asked.description


REFUSED_ONE = [
    ({"response_type": None}, "invalid_request", "Missing parameter response_type"),
    ({"response_type": "token"}, "unsupported_response_type", ""),
    ({"scope": "openid"}, "invalid_scope", ""),
    ({"state": "a\nb"}, "invalid_request", "Invalid parameter state"),
    ({"state": "s" * 4097}, "invalid_request", "Invalid parameter state"),
    ({"account_token": None}, "invalid_request", "Missing parameter account_token"),
    (
        {"code_challenge": "plain", "code_challenge_method": "plain"},
        "invalid_request",
        "Invalid parameter code_challenge",
    ),
    ({"credentialID": None}, "invalid_request", "Missing (or invalid type) string parameter credentialID"),
    (
        {"credentialID": None, "signatureQualifier": "eu_eidas_aes"},
        "invalid_request",
        "Missing (or invalid type) string",
    ),
    ({"credentialID": "c" * 65}, "invalid_request", "Invalid parameter credentialID"),
    ({"numSignatures": None}, "invalid_request", "Missing (or invalid type) integer parameter numSignatures"),
    ({"numSignatures": "two"}, "invalid_request", "Missing (or invalid type) integer parameter numSignatures"),
    ({"numSignatures": "٢"}, "invalid_request", "Missing (or invalid type) integer parameter numSignatures"),
    ({"numSignatures": "0"}, "invalid_request", "Invalid value for parameter numSignatures"),
    ({"numSignatures": "-3"}, "invalid_request", "Invalid value for parameter numSignatures"),
    ({"numSignatures": "3"}, "invalid_request", "Invalid value for parameter numSignatures"),
    ({"numSignatures": "71"}, "invalid_request", "Numbers of signatures is too high"),
    ({"hash": None}, "invalid_request", "Missing (or invalid type) array parameter hash"),
    ({"hash": "a,b"}, "invalid_request", "Invalid Base64 hash string parameter"),
    ({"hash": "!!,??"}, "invalid_request", "Invalid Base64 hash string parameter"),
    ({"hash": b64url(b"short") + "," + b64url(b"short")}, "invalid_request", "Invalid digest value length"),
    ({"description": "d" * 256}, "invalid_request", "Invalid parameter description"),
    ({"description": "Zażółć"}, "invalid_request", "Invalid parameter description"),
    ({"description": "契約"}, "invalid_request", "Invalid parameter description"),
    ({"description": "two\nlines"}, "invalid_request", "Invalid parameter description"),
]


@pytest.mark.parametrize(("changes", "code", "words"), REFUSED_ONE)
def test_version_1_refuses(changes: dict[str, str | None], code: str, words: str) -> None:
    with pytest.raises(CscError) as refused:
        check_request(request(ONE, credential_round(**changes)))
    assert refused.value.code == code
    assert refused.value.public.startswith(words or refused.value.title)
    assert refused.value.check


def _only_details(text: str) -> dict[str, str | None]:
    return {"authorization_details": text}


REFUSED_TWO = [
    ({"code_challenge": None, "code_challenge_method": None}, "Missing parameter code_challenge"),
    ({"credentialID": None}, "Missing (or invalid type) string parameter credentialID"),
    ({"credentialID": None, "signatureQualifier": "eu_eidas_qes"}, "Invalid parameter signatureQualifier"),
    ({"hashAlgorithmOID": None}, "Missing (or invalid type) string parameter hashAlgorithmOID"),
    ({"hashAlgorithmOID": "1.3.14.3.2.26"}, "Invalid parameter hashAlgorithmOID"),
    ({"hashAlgorithmOID": "2.16.840.1.101.3.4.2.3"}, "Invalid digest value length"),
    ({"description": "d" * 501}, "Invalid parameter description"),
    (_only_details("not json"), "Invalid parameter authorization_details"),
    (_only_details("[]"), "Invalid parameter authorization_details"),
    (_only_details('[{"type":"payment"}]'), "Invalid parameter authorization_details"),
    (_only_details(details(1)[:-1] + ", {}]"), "Invalid parameter authorization_details"),
    (_only_details(details(71)), "Numbers of signatures is too high"),
    (_only_details(details(0)), "Empty hash array"),
    (_only_details(details(documentDigests="x")), "Missing (or invalid type) array parameter documentDigests"),
    (_only_details(details(documentDigests=[{"label": "x"}])), "Invalid parameter documentDigests"),
    (_only_details(details(documentDigests=[{"hash": "x", "label": 3}])), "Invalid parameter documentDigests"),
    (_only_details(details(documentDigests=[{"hash": "!", "label": ""}])), "Invalid Base64 hash string parameter"),
    (_only_details(details(documentDigests=[{"hash": "AA", "label": "a\u202eb"}])), "Invalid parameter label"),
    (_only_details(details(hashAlgorithmOID=None)), "Missing (or invalid type) string parameter hashAlgorithmOID"),
    (_only_details(details(credentialID=None)), "Missing (or invalid type) string parameter credentialID"),
    (_only_details(details(credentialID=7)), "Invalid parameter credentialID"),
]


@pytest.mark.parametrize(("changes", "words"), REFUSED_TWO)
def test_version_2_refuses(changes: dict[str, str | None], words: str) -> None:
    with pytest.raises(CscError) as refused:
        check_request(request(TWO, modern_round(**changes)))
    assert refused.value.public == words


def test_a_batch_needs_a_contract() -> None:
    with pytest.raises(CscError, match="Numbers of signatures is too high"):
        check_request(request(ONE, credential_round(), batch=1))


def test_qualified_signatures_are_offered_by_qualified_services_alone() -> None:
    asked = modern_round(credentialID=None, signatureQualifier="eu_eidas_qes")
    assert check_request(request(TWO, asked, quality="qualified")).asked.qualifier == "eu_eidas_qes"
