"""What a partner's request is refused for, word by word (partner protocol 2.2)."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from base64 import b64encode, urlsafe_b64encode
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ipse.dss import rules
from ipse.dss.errors import DssRefused
from ipse.dss.model import (
    COMMITMENT_TYPES,
    LANGUAGES,
    POLICY_OID,
    POLICY_TEXTS,
    SHA256_URI,
    SentDescription,
    SentDigest,
    SentDocument,
    SentDocuments,
    SentPolicy,
    policy_digest,
    policy_document,
)
from ipse.partners.model import AuthMethod, Partner, Preset, Service, ServiceType, preset_algorithms

_ALGORITHMS = preset_algorithms(Preset.NEW, AuthMethod.TLS_CLIENT_AUTH, encryption_key_type=None)
_PARTNER = Partner("notary", "Notary", "active", AuthMethod.TLS_CLIENT_AUTH, None, _ALGORITHMS)
_BACK = "https://notary.example/back?deed=7"
_SERVICE = Service(
    code="SIGN",
    partner_id="notary",
    type=ServiceType.SIGNING,
    state="active",
    name={"en": "Sign"},
    purpose={},
    redirect_uris=(_BACK,),
    contract={},
    batch=3,
)
_CALL = rules.Call(
    partner=_PARTNER, service=_SERVICE, partner_code="notary", service_code="SIGN", redirect_url=_BACK, lang="FR"
)
_DIGEST = hashlib.sha256(b"a deed").digest()


def _document(name: str = "1", *, alg: str = SHA256_URI, value: bytes = _DIGEST, times: int = 1) -> SentDocument:
    return SentDocument(name, (SentDigest(alg, b64encode(value).decode()),) * times)


def _refusal(work: object) -> str:
    with pytest.raises(DssRefused) as refused:
        work()  # type: ignore[operator]
    return refused.value.reason


@pytest.mark.parametrize("lang", ["", "FR", "fr", "nl-BE", "DE", "en"])
def test_a_good_call_passes(lang: str) -> None:
    assert rules.check_call(dataclasses.replace(_CALL, lang=lang)) is _SERVICE


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"partner_code": ""}, "MISSING_PARTNER_CODE"),
        ({"partner_code": "shop"}, "INVALID_REQUESTOR"),
        ({"partner_code": "notary-of-the-town"}, "INVALID_REQUESTOR"),
        ({"service_code": ""}, "MISSING_SERVICE_CODE"),
        ({"service_code": "S" * 46}, "INVALID_REQUESTOR"),
        ({"service": None}, "INVALID_REQUESTOR"),
        ({"service": msgspec.structs.replace(_SERVICE, partner_id="shop")}, "INVALID_REQUESTOR"),
        ({"service": msgspec.structs.replace(_SERVICE, type=ServiceType.AUTHENTICATION)}, "INVALID_REQUESTOR"),
        ({"service": msgspec.structs.replace(_SERVICE, state="stopped")}, "INVALID_REQUESTOR"),
        ({"redirect_url": "javascript:alert(1)"}, "INVALID_URL"),
        ({"redirect_url": ""}, "INVALID_URL"),
        ({"redirect_url": "https://notary.example/" + "x" * 250}, "INVALID_URL"),
        ({"redirect_url": _BACK + "8"}, "UNAUTHORIZED_URL"),
        ({"redirect_url": "https://notary.example/back"}, "UNAUTHORIZED_URL"),
        ({"lang": "IT"}, "INVALID_LANG"),
        ({"user_code": "ada"}, "UNKNOWN"),
    ],
)
def test_a_wrong_call_has_its_word(changed: dict[str, Any], reason: str) -> None:
    assert _refusal(lambda: rules.check_call(dataclasses.replace(_CALL, **changed))) == reason


@pytest.mark.parametrize("encode", [b64encode, urlsafe_b64encode])
@pytest.mark.parametrize("padding", ["", "="])
def test_digests_come_as_base64_or_base64url(encode: object, padding: str) -> None:
    value = b"\xfb\xff\xfe" * 10 + b"ab"
    text = encode(value).decode().rstrip("=") + padding  # type: ignore[operator]
    sent = SentDocuments((SentDocument("1", (SentDigest(SHA256_URI, text),)),))
    assert [each.value for each in rules.read_documents(sent, most=1)] == [value]


def test_digests_keep_their_order() -> None:
    sent = SentDocuments(tuple(_document(name) for name in ("b", "a", "c")))
    assert [each.id for each in rules.read_documents(sent, most=3)] == ["b", "a", "c"]


@pytest.mark.parametrize(
    ("documents", "most", "reason"),
    [
        ((), 70, "NO_HASH_PROVIDED"),
        (tuple(_document(str(each)) for each in range(71)), 70, "BATCH_TOO_LARGE"),
        (tuple(_document(str(each)) for each in range(4)), 3, "BATCH_TOO_LARGE"),
        ((_document("1"), _document("2")), 1, "ONLY_SINGLE_HASH_SUPPORTED"),
        ((SentDocument("1"),), 1, "NO_DIGEST_INFO_PROVIDED"),
        ((_document(times=2),), 1, "ONLY_SINGLE_DIGEST_INFO_SUPPORTED"),
        ((_document(alg="http://www.w3.org/2000/09/xmldsig#sha1"),), 1, "INVALID_DIGEST_INFO"),
        ((_document(value=_DIGEST[:31]),), 1, "INVALID_DIGEST_INFO"),
        ((SentDocument("1", (SentDigest(SHA256_URI, "not base64!"),)),), 1, "INVALID_DIGEST_INFO"),
        ((_document(""),), 1, "INCOMPLETE_REQUEST"),
        ((_document("1"), _document("1")), 2, "INCOMPLETE_REQUEST"),
    ],
)
def test_wrong_documents_have_their_word(documents: tuple[SentDocument, ...], most: int, reason: str) -> None:
    assert _refusal(lambda: rules.read_documents(SentDocuments(documents), most=most)) == reason


def test_a_description_comes_in_all_languages_or_not_at_all() -> None:
    whole = [SentDescription(language, f"Akte {language} €") for language in LANGUAGES]
    assert rules.read_description(whole)["nl"] == "Akte NL €"
    assert rules.read_description([]) == {}
    assert _refusal(lambda: rules.read_description(whole[:3])) == "INCOMPLETE_REQUEST"
    assert _refusal(lambda: rules.read_description([SentDescription("IT", "Atto")])) == "INVALID_LANGUAGE"
    for value in ("", "x" * 256, "дело", "a\x07b"):
        assert _refusal(lambda value=value: rules.read_description([SentDescription("EN", value)])) == (
            "INCOMPLETE_REQUEST"
        )


def test_policies_commitments_and_roles_are_known_ones() -> None:
    for oid in COMMITMENT_TYPES:
        rules.check_policy(SentPolicy(POLICY_OID, oid, ("Directrice",)))
    rules.check_policy(SentPolicy("ITSME_DEFAULT"))
    rules.check_policy(SentPolicy())
    assert _refusal(lambda: rules.check_policy(SentPolicy("1.2.3"))) == "INVALID_POLICY"
    assert _refusal(lambda: rules.check_policy(SentPolicy("", "1.2.3"))) == "INVALID_POLICY"
    for roles in (("x" * 51,), ("",), ("директор",), ("a",) * 11):
        assert _refusal(lambda roles=roles: rules.check_policy(SentPolicy("", "", roles))) == "INCOMPLETE_REQUEST"


def test_the_policy_is_published_as_its_digest_says() -> None:
    assert policy_digest() == hashlib.sha256(policy_document()).hexdigest()
    assert all(text in policy_document().decode() for text in POLICY_TEXTS.values())
    assert set(POLICY_TEXTS) == set(LANGUAGES)
    assert all(set(texts) == set(LANGUAGES) for texts in COMMITMENT_TYPES.values())


def test_every_reason_is_documented() -> None:
    told = Path("docs/reference/dss.md").read_text(encoding="utf-8")
    for source in Path("src/ipse/dss").glob("*.py"):
        for reason in re.findall(r'(?:DssRefused|_state)\(\s*"([A-Z_]+)"', source.read_text(encoding="utf-8")):
            assert f"`{reason}`" in told
