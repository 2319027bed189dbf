"""Web eID tokens: form, certificate, signature, and format 1.1. Each test is named by what is wrong."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from ipse.standards.web_eid import (
    CERTIFICATE_CHECKS,
    AlgorithmError,
    CertificateExpiredError,
    CertificateNotYetValidError,
    CertificateParseError,
    DisallowedPolicyError,
    ExtendedKeyUsageError,
    KeyUsageError,
    Presented,
    SignatureError,
    SigningCertificateError,
    TokenFormatError,
    TokenParseError,
    TokenSizeError,
    UntrustedIssuerError,
    WebEidError,
    read,
)
from ipse.standards.web_eid.signatures import check as check_signature
from tests.support import eid_pki as pki
from tests.support.eid_pki import NONCE, NOW, ORIGIN, Draft

DAY = timedelta(days=1)


def judge(token: dict[str, Any], *, authorities: tuple[x509.Certificate, ...] = (), **how: Any) -> None:
    """Everything but revocation, in order."""
    parsed = read(pki.text(token))
    presented = Presented(parsed, authorities or (pki.citizen(), pki.citizen_rsa()), how.get("now", NOW))
    for each in CERTIFICATE_CHECKS:
        each(presented)
    check_signature(parsed, origin=how.get("origin", ORIGIN), nonce=how.get("nonce", NONCE))


def refused(error: type[WebEidError], token: dict[str, Any] | None = None, **how: Any) -> None:
    with pytest.raises(error) as raised:
        judge(pki.members() if token is None else token, **how)
    # What reaches a log repeats nothing of the person.
    assert "Peeters" not in str(raised.value)
    assert pki.NUMBER not in str(raised.value)


# -- specimens that must pass


def test_an_elliptic_card_of_format_1_0() -> None:
    judge(pki.members())


def test_an_rsa_card_with_rs256() -> None:
    judge(pki.members(pki.rsa_card(), algorithm="RS256"))


def test_format_1_without_a_minor_version() -> None:
    judge(pki.members() | {"format": "web-eid:1"})


def test_format_1_1_of_a_belgian_card_whose_subjects_differ_in_their_purpose() -> None:
    judge(pki.members_1_1())


def test_a_token_without_app_version_and_with_unknown_members() -> None:
    token = pki.members() | {"newMember": {"later": True}}
    del token["appVersion"]
    judge(token)


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"])
def test_every_rsa_algorithm(algorithm: str) -> None:
    judge(pki.members(pki.rsa_card(), algorithm=algorithm))


@pytest.mark.parametrize(("algorithm", "kind"), [("ES256", "P-256"), ("ES384", "P-384"), ("ES512", "P-521")])
def test_every_elliptic_algorithm(algorithm: str, kind: str) -> None:
    judge(pki.members(Draft(holder=f"card-{kind}", kind=kind), algorithm=algorithm))


# -- form


def test_too_short() -> None:
    with pytest.raises(TokenSizeError):
        read("{}")


def test_too_long() -> None:
    refused(TokenSizeError, pki.members() | {"padding": "x" * 10_000})


def test_no_json() -> None:
    with pytest.raises(TokenParseError):
        read("x" * 200)


def test_a_json_list() -> None:
    with pytest.raises(TokenParseError):
        read("[" + pki.text(pki.members()) + "]")


def test_a_member_twice() -> None:
    with pytest.raises(TokenParseError):
        read('{"format": "web-eid:1.0", ' + pki.text(pki.members())[1:])


def test_nested_too_deep() -> None:
    with pytest.raises(TokenParseError):
        read(pki.text(pki.members())[:-1] + ', "x": ' + "[" * 30 + "]" * 30 + "}")


@pytest.mark.parametrize("member", ["unverifiedCertificate", "algorithm", "signature", "format"])
@pytest.mark.parametrize("value", [None, "", 5, ["x"], {}])
def test_a_member_missing_empty_or_no_text(member: str, value: object) -> None:
    token = pki.members() | {member: value}
    if value is None:
        del token[member]
    refused(TokenParseError, token)


def test_an_app_version_that_is_no_text() -> None:
    refused(TokenParseError, pki.members() | {"appVersion": 2})


@pytest.mark.parametrize("format_", ["web-eid:0.9", "web-eid:2.0", "web-eid", "web-eid:1.2", "web-eid:10", "other"])
def test_a_format_that_is_not_read(format_: str) -> None:
    refused(TokenFormatError, pki.members() | {"format": format_})


@pytest.mark.parametrize("member", ["unverifiedCertificate", "signature"])
def test_a_member_that_is_not_base64(member: str) -> None:
    refused(TokenParseError, pki.members() | {member: "ab*cd"})


def test_a_member_in_base64url() -> None:
    refused(TokenParseError, pki.members() | {"signature": "-_" * 64})


# -- the certificate


def test_a_certificate_that_is_none() -> None:
    refused(CertificateParseError, pki.members() | {"unverifiedCertificate": b64encode(b"x" * 100).decode()})


def test_a_certificate_cut_short() -> None:
    der = pki.certificate(Draft()).public_bytes(Encoding.DER)
    refused(CertificateParseError, pki.members() | {"unverifiedCertificate": b64encode(der[:-1]).decode()})


def test_a_certificate_with_bytes_behind_it() -> None:
    der = pki.certificate(Draft()).public_bytes(Encoding.DER)
    refused(CertificateParseError, pki.members() | {"unverifiedCertificate": b64encode(der + b"\0").decode()})


def test_a_key_instead_of_a_certificate() -> None:
    refused(CertificateParseError, pki.members() | {"unverifiedCertificate": b64encode(pki.basic_spki()).decode()})


def test_a_certificate_with_a_key_of_another_kind() -> None:
    strange = ed25519.Ed25519PrivateKey.generate()
    builder = x509.CertificateBuilder().subject_name(Draft().subject).issuer_name(pki.name("Citizen CA"))
    built = builder.public_key(strange.public_key()).serial_number(5)
    issuer = pki.key("citizen")
    certificate = built.not_valid_before(NOW - DAY).not_valid_after(NOW + DAY).sign(issuer, hashes.SHA384())
    der = b64encode(certificate.public_bytes(Encoding.DER)).decode()
    refused(CertificateParseError, pki.members() | {"unverifiedCertificate": der})


def test_a_certificate_that_begins_tomorrow() -> None:
    refused(CertificateNotYetValidError, pki.members(Draft(begins=NOW + DAY)))


def test_a_certificate_that_ended_yesterday() -> None:
    refused(CertificateExpiredError, pki.members(Draft(ends=NOW - DAY)))


def test_the_last_second_of_a_certificate_still_counts() -> None:
    judge(pki.members(Draft(ends=NOW)))
    refused(CertificateExpiredError, pki.members(Draft(ends=NOW)), now=NOW + timedelta(seconds=1))


def test_no_key_usage() -> None:
    refused(KeyUsageError, pki.members(Draft(usage=None)))


def test_the_key_usage_of_the_signing_certificate() -> None:
    refused(KeyUsageError, pki.members(Draft(usage=("content_commitment",))))


def test_the_key_usage_of_an_authority() -> None:
    refused(KeyUsageError, pki.members(Draft(usage=("key_cert_sign", "crl_sign"))))


def test_an_authoritys_own_certificate() -> None:
    refused(KeyUsageError, pki.members(Draft(usage=("digital_signature", "key_cert_sign"), authority=True)))


def test_an_extended_key_usage_for_servers_only() -> None:
    refused(ExtendedKeyUsageError, pki.members(Draft(uses=(ExtendedKeyUsageOID.SERVER_AUTH,))))


def test_an_extended_key_usage_for_ocsp_only() -> None:
    refused(ExtendedKeyUsageError, pki.members(Draft(uses=(ExtendedKeyUsageOID.OCSP_SIGNING,))))


def test_no_extended_key_usage_is_as_on_older_belgian_cards() -> None:
    judge(pki.members(Draft(uses=None)))


def test_clients_among_other_uses() -> None:
    judge(pki.members(Draft(uses=(ExtendedKeyUsageOID.EMAIL_PROTECTION, ExtendedKeyUsageOID.CLIENT_AUTH))))


@pytest.mark.parametrize("policy", ["1.3.6.1.4.1.10015.1.3", "1.3.6.1.4.1.10015.1.3.2", "1.3.6.1.4.1.10015.18.1"])
def test_a_policy_for_telephones(policy: str) -> None:
    refused(DisallowedPolicyError, pki.members(Draft(policies=("2.16.56.12.1.1.2.2", policy))))


def test_a_policy_that_only_begins_like_a_refused_one() -> None:
    judge(pki.members(Draft(policies=("1.3.6.1.4.1.10015.1.30",))))


def test_no_policy_at_all() -> None:
    judge(pki.members(Draft(policies=())))


def test_an_authority_that_is_not_configured() -> None:
    refused(UntrustedIssuerError, authorities=(pki.citizen_rsa(),))


def test_no_authority_is_configured() -> None:
    parsed = read(pki.text(pki.members()))
    with pytest.raises(UntrustedIssuerError):
        CERTIFICATE_CHECKS[4](Presented(parsed, (), NOW))


def test_an_authority_of_the_same_name_with_another_key() -> None:
    impostor = pki.certificate(pki.authority_draft(holder="impostor"))
    refused(UntrustedIssuerError, authorities=(impostor,))


def test_a_certificate_signed_by_itself() -> None:
    own = Draft(issuer="Ada Peeters (Authentication)", issuer_key="card")
    refused(UntrustedIssuerError, pki.members(own))


def test_a_certificate_issued_by_another_card() -> None:
    """A citizen's key signs, and the name of the authority is put in: no card is an authority."""
    refused(UntrustedIssuerError, pki.members(Draft(issuer_key="card")))
    card = pki.certificate(Draft(subject=pki.name("Citizen CA"), usage=("digital_signature",)))
    refused(UntrustedIssuerError, pki.members(Draft(issuer_key="card")), authorities=(card,))


def test_an_authority_that_has_ended() -> None:
    over = pki.certificate(replace(pki.authority_draft(), ends=NOW - DAY))
    refused(UntrustedIssuerError, authorities=(over,))


def test_an_authority_that_has_not_begun() -> None:
    refused(UntrustedIssuerError, authorities=(pki.certificate(replace(pki.authority_draft(), begins=NOW + DAY)),))


def test_an_authority_that_may_not_issue() -> None:
    for wrong in ({"authority": False}, {"authority": None}, {"usage": ("crl_sign",)}):
        authority = pki.certificate(replace(pki.authority_draft(), **wrong))
        refused(UntrustedIssuerError, authorities=(authority,))


def test_a_root_above_the_authority_is_not_enough() -> None:
    """Paths are not built: the operator names the authorities that issue cards themselves."""
    refused(UntrustedIssuerError, authorities=(pki.root(),))


# -- the signature


def test_a_signature_for_another_origin() -> None:
    refused(SignatureError, pki.members(origin="https://phishing.example"))


@pytest.mark.parametrize("origin", [f"{ORIGIN}/", "https://id.example", "http://id.example:8443", ORIGIN.upper()])
def test_a_signature_for_almost_our_origin(origin: str) -> None:
    refused(SignatureError, pki.members(origin=origin))


def test_a_signature_for_another_nonce() -> None:
    refused(SignatureError, pki.members(nonce=NONCE[:-1] + "A"))


def test_a_signature_for_the_decoded_nonce() -> None:
    refused(SignatureError, pki.members(nonce=NONCE.rstrip("=") + " "))


def test_a_signature_by_another_card() -> None:
    refused(SignatureError, pki.members() | {"signature": pki.members(Draft(holder="other"))["signature"]})


def test_another_persons_certificate_beside_the_signature() -> None:
    other = pki.members(Draft(holder="other"))["unverifiedCertificate"]
    refused(SignatureError, pki.members() | {"unverifiedCertificate": other})


def test_a_signature_with_a_byte_changed() -> None:
    signature = pki.signature(Draft(), "ES384")
    for place in (0, 47, 48, 95):
        changed = bytearray(signature)
        changed[place] ^= 1
        refused(SignatureError, pki.members() | {"signature": b64encode(bytes(changed)).decode()})


def test_a_signature_in_der_or_of_another_length() -> None:
    signature = pki.signature(Draft(), "ES384")
    for wrong in (b"\x30\x64" + signature, signature[:-1], signature + b"\0", b"\0"):
        refused(SignatureError, pki.members() | {"signature": b64encode(wrong).decode()})


def test_a_signature_of_zeros() -> None:
    refused(SignatureError, pki.members() | {"signature": b64encode(bytes(96)).decode()})


# -- the algorithm


@pytest.mark.parametrize("algorithm", ["none", "HS256", "ES256K", "EdDSA", "es384", "RS1", "ES384 "])
def test_an_algorithm_that_is_not_of_web_eid(algorithm: str) -> None:
    refused(AlgorithmError, pki.members() | {"algorithm": algorithm})


@pytest.mark.parametrize("algorithm", ["RS256", "PS384", "ES256", "ES512"])
def test_an_algorithm_of_another_key_on_an_elliptic_card(algorithm: str) -> None:
    refused(AlgorithmError, pki.members() | {"algorithm": algorithm})


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "ES512"])
def test_an_elliptic_algorithm_on_an_rsa_card(algorithm: str) -> None:
    refused(AlgorithmError, pki.members(pki.rsa_card(), algorithm="RS256") | {"algorithm": algorithm})


def test_another_hash_or_padding_than_the_token_says() -> None:
    for said in ("RS384", "RS512", "PS256"):
        refused(SignatureError, pki.members(pki.rsa_card(), algorithm="RS256") | {"algorithm": said})


def test_an_rsa_key_that_is_too_short() -> None:
    weak = replace(pki.rsa_card(), holder="weak", kind="RSA-1024")
    refused(AlgorithmError, pki.members(weak, algorithm="RS256"))


# -- format 1.1


def test_1_1_without_signing_certificates() -> None:
    refused(TokenFormatError, pki.members() | {"format": "web-eid:1.1"})


@pytest.mark.parametrize("entries", [[], {}, "x", None])
def test_1_1_with_something_else_in_their_place(entries: object) -> None:
    refused(TokenFormatError, pki.members_1_1(unverifiedSigningCertificates=entries))


def test_1_1_with_too_many() -> None:
    entry = pki.members_1_1()["unverifiedSigningCertificates"][0]
    refused((TokenFormatError, TokenSizeError), pki.members_1_1(unverifiedSigningCertificates=[entry] * 5))  # type: ignore[arg-type]


def test_1_0_with_signing_certificates() -> None:
    refused(TokenFormatError, pki.members_1_1(format="web-eid:1.0"))


@pytest.mark.parametrize(
    "supported",
    [
        None,
        [],
        ["ES384"],
        [{"cryptoAlgorithm": "ECC"}],
        [{"cryptoAlgorithm": "DSA", "hashFunction": "SHA-384", "paddingScheme": "NONE"}],
        [{"cryptoAlgorithm": "ECC", "hashFunction": "MD5", "paddingScheme": "NONE"}],
        [{"cryptoAlgorithm": "RSA", "hashFunction": "SHA-256", "paddingScheme": "OAEP"}],
    ],
)
def test_1_1_with_algorithms_that_are_none(supported: object) -> None:
    entry = dict(pki.members_1_1()["unverifiedSigningCertificates"][0]) | {"supportedSignatureAlgorithms": supported}
    refused(TokenFormatError, pki.members_1_1(unverifiedSigningCertificates=[entry]))


def test_1_1_with_an_entry_that_is_no_object() -> None:
    refused(TokenParseError, pki.members_1_1(unverifiedSigningCertificates=["x"]))


@pytest.mark.parametrize("part", [{"serial": "88051799808"}, {"surname": "Peters"}, {"given": "Eva"}])
def test_1_1_with_the_signing_certificate_of_somebody_else(part: dict[str, str]) -> None:
    whole = {"serial": pki.NUMBER, "surname": "Peeters", "given": "Ada"} | part
    signing = replace(pki.signing_draft(), subject=pki.name("Ada Peeters (Signature)", **whole))
    refused(SigningCertificateError, pki.members_1_1(signing))


def test_1_1_with_a_signing_certificate_that_names_nobody() -> None:
    refused(SigningCertificateError, pki.members_1_1(replace(pki.signing_draft(), subject=pki.name("Ada Peeters"))))


def test_1_1_with_another_authority_key() -> None:
    refused(SigningCertificateError, pki.members_1_1(replace(pki.signing_draft(), authority_key="another")))
    refused(SigningCertificateError, pki.members_1_1(replace(pki.signing_draft(), authority_key=None)))


def test_1_1_with_a_signing_certificate_that_has_run_out() -> None:
    refused(SigningCertificateError, pki.members_1_1(replace(pki.signing_draft(), ends=NOW - DAY)))
    refused(SigningCertificateError, pki.members_1_1(replace(pki.signing_draft(), begins=NOW + DAY)))


def test_1_1_with_a_signing_certificate_that_cannot_commit() -> None:
    refused(SigningCertificateError, pki.members_1_1(replace(pki.signing_draft(), usage=("digital_signature",))))
    refused(SigningCertificateError, pki.members_1_1(replace(pki.signing_draft(), usage=None)))


def test_1_1_with_a_signing_certificate_of_another_authority() -> None:
    refused(SigningCertificateError, pki.members_1_1(replace(pki.signing_draft(), issuer_key="impostor")))
