"""Client certificates: the RFCs' own examples, real ones, and what is none (RFC 8705, RFC 9440)."""

from __future__ import annotations

import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from ipse.standards.client_certificates import (
    CertificateError,
    check_subject,
    has_subject,
    is_issued_by,
    read_authorities,
    read_certificate,
    read_header,
)
from tests.support.certificates import issue

# RFC 8705, appendix A.
EXAMPLE = (
    b":MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAxODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwE"
    b"bXRsczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsD"
    b"Sb0tH6IxLm8wCgYIKoZIzj0EAwIDSQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOVbUlJSGQgjwD5vaUaKlLR50Q2"
    b"DmFfQj1L+SY=:"
)
NOW = int(time.time())
AUTHORITY = issue("CN=Authority,O=Ipse", authority=True)
PARTNER = issue(
    "CN=shop,O=Shop,C=BE",
    by=AUTHORITY,
    names=(
        x509.DNSName("shop.example"),
        x509.UniformResourceIdentifier("https://shop.example/id"),
        x509.RFC822Name("keys@shop.example"),
    ),
)


def test_the_thumbprint_of_the_example() -> None:
    read = read_certificate(read_header(EXAMPLE))
    assert read.thumbprint == "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"
    assert has_subject(read, "CN=mtls")


def test_a_header_carries_bytes_between_colons() -> None:
    assert read_header(PARTNER.header.encode()) == PARTNER.der
    assert read_header(f" {PARTNER.header}\t".encode()) == PARTNER.der


@pytest.mark.parametrize(
    "value",
    [b"", b"::", b":AA", b"AA:", b"AA==", b":A:", b":AA==:;a=1", b":AA==:,:AA==:", b":AA-_:", b":A A=:", b":\xff:"],
)
def test_no_byte_sequence(value: bytes) -> None:
    with pytest.raises(CertificateError):
        read_header(value)


def test_a_header_is_bounded() -> None:
    with pytest.raises(CertificateError):
        read_header(b":" + b"A" * 16_384 + b":")


@pytest.mark.parametrize("der", [b"", b"x", PARTNER.der[:-1], PARTNER.der + b"x", b"\x30" * 200])
def test_no_certificate(der: bytes) -> None:
    with pytest.raises(CertificateError):
        read_certificate(der)


@pytest.mark.parametrize(
    ("expected", "matches"),
    [
        ("CN=shop,O=Shop,C=BE", True),
        ("CN=shop, O=Shop, C=BE", False),
        ("CN=shop,O=Shop", False),
        ("O=Shop,CN=shop,C=BE", False),
        ("CN=Shop,O=Shop,C=BE", False),
        ("dns:shop.example", True),
        ("dns:SHOP.example", False),
        ("dns:example", False),
        ("dns:*.example", False),
        ("uri:https://shop.example/id", True),
        ("uri:shop.example", False),
        ("email:keys@shop.example", True),
        ("email:shop.example", False),
        ("", False),
        ("dns:", False),
        ("nonsense", False),
    ],
)
def test_a_subject_is_compared_exactly(expected: str, matches: bool) -> None:
    """R-18."""
    assert has_subject(read_certificate(PARTNER.der), expected) is matches


def test_no_alternative_names() -> None:
    assert not has_subject(read_certificate(AUTHORITY.der), "dns:shop.example")


@pytest.mark.parametrize("expected", ["CN=shop", "dns:shop.example", "uri:urn:x", "email:a@b"])
def test_subjects_that_can_be_registered(expected: str) -> None:
    check_subject(expected)


@pytest.mark.parametrize("expected", ["", "dns:", "shop.example", "CN", "=x"])
def test_subjects_that_cannot(expected: str) -> None:
    with pytest.raises(CertificateError):
        check_subject(expected)


def issued(der: bytes, *authorities: x509.Certificate, now: int = NOW) -> bool:
    return is_issued_by(read_certificate(der), authorities, now)


def test_issued_by_an_authority() -> None:
    assert issued(PARTNER.der, AUTHORITY.certificate)
    other = issue("CN=Other", authority=True)
    assert issued(PARTNER.der, other.certificate, AUTHORITY.certificate)
    rsa_authority = issue("CN=R", authority=True, key=rsa.generate_private_key(65537, 2048))
    assert issued(issue("CN=x", by=rsa_authority).der, rsa_authority.certificate)


def test_not_issued_by_an_authority() -> None:
    namesake = issue("CN=Authority,O=Ipse", authority=True)
    assert not issued(PARTNER.der)
    assert not issued(PARTNER.der, namesake.certificate)
    assert not issued(issue("CN=shop,O=Shop,C=BE").der, AUTHORITY.certificate)
    assert not issued(issue("CN=x", by=PARTNER).der, AUTHORITY.certificate, PARTNER.certificate)


def test_not_good_now() -> None:
    day = 86_400
    assert not issued(PARTNER.der, AUTHORITY.certificate, now=NOW - 2 * day)
    assert not issued(PARTNER.der, AUTHORITY.certificate, now=NOW + 31 * day)
    ended = issue("CN=Ended", authority=True, days=(-9, -1))
    assert not issued(issue("CN=x", by=ended).der, ended.certificate)


def test_not_for_clients() -> None:
    server = issue("CN=x", by=AUTHORITY, uses=(ExtendedKeyUsageOID.SERVER_AUTH,))
    assert not issued(server.der, AUTHORITY.certificate)
    assert issued(issue("CN=x", by=AUTHORITY, uses=()).der, AUTHORITY.certificate)


def test_a_file_of_authorities() -> None:
    other = issue("CN=Other", authority=True)
    assert read_authorities(AUTHORITY.pem + other.pem) == (AUTHORITY.certificate, other.certificate)
    for pem in (b"", b"x", PARTNER.pem, AUTHORITY.pem + PARTNER.pem):
        with pytest.raises(CertificateError):
            read_authorities(pem)
