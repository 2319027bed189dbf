"""Take a Web eID authentication token apart (Web eID system architecture, "authentication token format")."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ipse.standards.strict_json import JsonError, parse_object
from ipse.standards.web_eid.errors import (
    CertificateParseError,
    TokenFormatError,
    TokenParseError,
    TokenSizeError,
)

NONCE_OCTETS: Final = 48
"""Random bytes in a nonce of ours, sent as 64 characters of base64: the protocol wants 32 bytes at least."""
NONCE_SECONDS: Final = 300
"""How long a nonce counts."""

_SHORTEST: Final = 100
_LONGEST: Final = 10_000
_FORMATS: Final = {"web-eid:1": False, "web-eid:1.0": False, "web-eid:1.1": True}
"""What is read, and whether signing certificates belong to it."""
_MOST_SIGNING: Final = 4
_LONGEST_TEXT: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token, nothing in it checked yet."""

    certificate: x509.Certificate = field(repr=False)
    """The authentication certificate."""
    algorithm: str
    signature: bytes = field(repr=False)
    format: str
    app_version: str | None
    signing_certificates: tuple[x509.Certificate, ...] = field(default=(), repr=False)
    """Format 1.1 alone."""


def read(text: str) -> Token:
    """Read a token as the page received it.

    Raises:
        TokenSizeError, TokenParseError, TokenFormatError, CertificateParseError: as named.
    """
    if not _SHORTEST <= len(text) <= _LONGEST:
        raise TokenSizeError(f"a token has {_SHORTEST} to {_LONGEST} characters")
    try:
        members = parse_object(text, max_bytes=_LONGEST, max_depth=6)
    except JsonError as error:
        raise TokenParseError(f"the token: {error}") from error
    format_ = _text(members, "format")
    if format_ not in _FORMATS:
        raise TokenFormatError("the token has a format that is not read here")
    return Token(
        certificate=_certificate(_base64(members, "unverifiedCertificate")),
        algorithm=_text(members, "algorithm"),
        signature=_base64(members, "signature"),
        format=format_,
        app_version=_text(members, "appVersion") if "appVersion" in members else None,
        signing_certificates=_signing_certificates(members, wanted=_FORMATS[format_]),
    )


def _signing_certificates(members: Mapping[str, Any], *, wanted: bool) -> tuple[x509.Certificate, ...]:
    entries = members.get("unverifiedSigningCertificates")
    if not wanted:
        if entries is not None:
            raise TokenFormatError("signing certificates in a format without them")
        return ()
    if not isinstance(entries, list) or not 1 <= len(entries) <= _MOST_SIGNING:
        raise TokenFormatError("format 1.1 without signing certificates, or with too many")
    return tuple(_signing_certificate(entry) for entry in entries)


def _signing_certificate(entry: object) -> x509.Certificate:
    if not isinstance(entry, dict):
        raise TokenParseError("a signing certificate is no object")
    supported = entry.get("supportedSignatureAlgorithms")
    if not isinstance(supported, list) or not supported or not all(_is_algorithm(each) for each in supported):
        raise TokenFormatError("a signing certificate without the algorithms it supports")
    return _certificate(_base64(entry, "certificate"))


_SUPPORTED: Final[Mapping[str, frozenset[str]]] = {
    "cryptoAlgorithm": frozenset({"ECC", "RSA"}),
    "hashFunction": frozenset(
        {"SHA-224", "SHA-256", "SHA-384", "SHA-512", "SHA3-224", "SHA3-256", "SHA3-384", "SHA3-512"}
    ),
    "paddingScheme": frozenset({"NONE", "PKCS1.5", "PSS"}),
}


def _is_algorithm(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    return all(isinstance(value.get(name), str) and value[name] in known for name, known in _SUPPORTED.items())


def _certificate(der: bytes) -> x509.Certificate:
    """Parse, and read all that is looked at later: what fails to be read lazily would not fail here."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        _ = list(certificate.extensions), list(certificate.subject), list(certificate.issuer)
        key = certificate.public_key()
    except (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise CertificateParseError("the certificate is none") from error
    if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        raise CertificateParseError("the certificate holds a key of another kind")
    return certificate


def _text(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= _LONGEST_TEXT:
        raise TokenParseError(f"{name} is missing, empty, no text or too long")
    return value


def _base64(members: Mapping[str, Any], name: str) -> bytes:
    value = members.get(name)
    if not isinstance(value, str) or not value:
        raise TokenParseError(f"{name} is missing, empty or no text")
    try:
        return b64decode(value, validate=True)
    except ValueError as error:
        raise TokenParseError(f"{name} is not base64") from error
