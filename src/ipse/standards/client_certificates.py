"""Client certificates: the `Client-Cert` header of RFC 9440, and what RFC 8705 compares."""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from ipse.kernel.ids import b64u

_BYTE_SEQUENCE: Final = re.compile(rb"[ \t]*:([A-Za-z0-9+/]+={0,2}):[ \t]*")
_MOST_BYTES: Final = 16_384
_NAMES: Final[Mapping[str, type[x509.DNSName | x509.UniformResourceIdentifier | x509.RFC822Name]]] = {
    "dns": x509.DNSName,
    "uri": x509.UniformResourceIdentifier,
    "email": x509.RFC822Name,
}


class CertificateError(ValueError):
    """It is no certificate, or not one that can be used here. The text repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A certificate whose private key the other end of a TLS connection has proven to hold."""

    parsed: x509.Certificate = field(repr=False)
    thumbprint: str
    """SHA-256 of its DER as base64url (`x5t#S256`, RFC 8705 §3.1)."""
    public_key: bytes = field(repr=False)
    """Its key as DER SubjectPublicKeyInfo."""


def read_header(value: bytes) -> bytes:
    """The DER bytes in a `Client-Cert` header: a Byte Sequence between colons (RFC 9440 §2.2, RFC 8941 §3.3.5).

    Raises:
        CertificateError: another form, or too large.
    """
    found = _BYTE_SEQUENCE.fullmatch(value) if len(value) <= _MOST_BYTES else None
    if found is None:
        raise CertificateError("Client-Cert is no byte sequence")
    try:
        return b64decode(found[1], validate=True)
    except ValueError as error:
        raise CertificateError("Client-Cert is not base64") from error


@lru_cache(maxsize=1024)
def read_certificate(der: bytes) -> ClientCertificate:
    """Parse a certificate; cached, because the same partner's comes with each request.

    Raises:
        CertificateError: it is none.
    """
    try:
        parsed = x509.load_der_x509_certificate(der)
        key = parsed.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, TypeError, x509.UnsupportedGeneralNameType) as error:
        raise CertificateError("not a certificate") from error
    return ClientCertificate(parsed, b64u(hashlib.sha256(der).digest()), key)


def check_subject(expected: str) -> None:
    """Judge what a partner registers as the subject of its certificate (RFC 8705 §2.1.2).

    Raises:
        CertificateError: neither `dns:`, `uri:` or `email:` with a name, nor a distinguished name (RFC 4514).
    """
    kind, colon, name = expected.partition(":")
    if colon and kind in _NAMES:
        if not name:
            raise CertificateError(f"{kind}: without a name")
        return
    try:
        empty = not list(x509.Name.from_rfc4514_string(expected))
    except ValueError as error:
        raise CertificateError("not a distinguished name as RFC 4514 writes it") from error
    if empty:
        raise CertificateError("a distinguished name without any part")


def has_subject(certificate: ClientCertificate, expected: str) -> bool:
    """Whether it is the registered subject: a distinguished name, or `dns:`, `uri:`, `email:` and an alternative name.

    Compared exactly (R-18): a wildcard in a certificate is no match for a name.
    """
    kind, colon, name = expected.partition(":")
    try:
        if colon and kind in _NAMES:
            names = certificate.parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            return bool(name) and name in names.get_values_for_type(_NAMES[kind])
        distinguished = x509.Name.from_rfc4514_string(expected)
        return bool(list(distinguished)) and certificate.parsed.subject == distinguished
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return False


def is_issued_by(certificate: ClientCertificate, authorities: Sequence[x509.Certificate], now: int) -> bool:
    """Whether one of the authorities has issued it, directly, for TLS clients, and both are good at `now`.

    `now` is in seconds UTC. Chains are not built: the operator names the authorities that issue partners' certificates
    (RFC 5280 §6 with a path of one).
    """
    parsed = certificate.parsed
    if not _is_current(parsed, now) or not _for_clients(parsed):
        return False
    for authority in authorities:
        if parsed.issuer != authority.subject or not _is_current(authority, now) or not _is_authority(authority):
            continue
        try:
            parsed.verify_directly_issued_by(authority)
        except (InvalidSignature, ValueError, TypeError):
            continue
        return True
    return False


def read_authorities(pem: bytes) -> tuple[x509.Certificate, ...]:
    """The certificates of a PEM file of authorities.

    Raises:
        CertificateError: none is in it, or one is not an authority's.
    """
    try:
        authorities = tuple(x509.load_pem_x509_certificates(pem))
    except ValueError as error:
        raise CertificateError("no certificates in PEM") from error
    if not all(_is_authority(authority) for authority in authorities):
        raise CertificateError("a certificate that is not an authority's")
    return authorities


def _is_current(certificate: x509.Certificate, now: int) -> bool:
    begin, end = certificate.not_valid_before_utc.timestamp(), certificate.not_valid_after_utc.timestamp()
    return begin <= now <= end


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return False


def _for_clients(certificate: x509.Certificate) -> bool:
    """No extended key usage, or one that names clients (RFC 5280 §4.2.1.12)."""
    try:
        uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return False
    return ExtendedKeyUsageOID.CLIENT_AUTH in uses
