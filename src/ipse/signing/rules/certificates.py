"""What is read of certificates and signatures before they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from ipse.actions.model import Signature
from ipse.kernel.clock import SECOND
from ipse.kernel.ids import b64u_decode
from ipse.signing.model import EndReason
from ipse.standards.certification import Reason

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "SHA-256": hashes.SHA256(),
    "SHA-384": hashes.SHA384(),
    "SHA-512": hashes.SHA512(),
}
_REASONS: dict[EndReason, Reason] = {
    EndReason.PHONE_CHANGED: "superseded",
    EndReason.CODE_CHANGED: "superseded",
    EndReason.DELETED: "cessation_of_operation",
    EndReason.BLOCKED: "privilege_withdrawn",
    EndReason.EXPIRED: "cessation_of_operation",
    EndReason.LOCKED: "key_compromise",
    EndReason.BY_OPERATOR: "privilege_withdrawn",
    EndReason.FAILED: "unspecified",
}


class WrongCertificateError(ValueError):
    """Not the certificate that was asked for."""


class Read(NamedTuple):
    """What is kept beside a certificate."""

    serial: str
    """Hexadecimal."""
    valid_until: int
    """Microseconds."""


def read(certificates: Sequence[bytes], request: bytes) -> Read:
    """Read a person's certificate, the first of those given, and see that it is of the key that asked.

    Raises:
        WrongCertificateError: it is not.
    """
    try:
        certificate = x509.load_der_x509_certificate(certificates[0])
        asked = x509.load_der_x509_csr(request).public_key()
    except (ValueError, IndexError) as error:
        message = "no certificate, or no request"
        raise WrongCertificateError(message) from error
    if _octets(certificate.public_key()) != _octets(asked):
        message = "the certificate is of another key"
        raise WrongCertificateError(message)
    return Read(f"{certificate.serial_number:x}", int(certificate.not_valid_after_utc.timestamp()) * SECOND)


def check_values(certificate: bytes, asked: Signature, values: Sequence[bytes]) -> None:
    """See that values are signatures by the key of a certificate, of the digests asked, in their order.

    Raises:
        WrongCertificateError: they are not.
    """
    key = x509.load_der_x509_certificate(certificate).public_key()
    algorithm = Prehashed(_HASHES[asked.hash_algorithm])
    try:
        for document, value in zip(asked.documents, values, strict=True):
            _verify(key, value, b64u_decode(document.digest), algorithm)
    except (InvalidSignature, ValueError) as error:
        message = "these are not signatures of what was asked"
        raise WrongCertificateError(message) from error


def revocation_reason(reason: EndReason) -> Reason:
    """Why a certificate is revoked (RFC 5280 §5.3.1)."""
    return _REASONS[reason]


def _verify(key: CertificatePublicKeyTypes, value: bytes, digest: bytes, algorithm: Prehashed) -> None:
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(value, digest, padding.PKCS1v15(), algorithm)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(value, digest, ec.ECDSA(algorithm))
    else:
        message = "another kind of key"
        raise WrongCertificateError(message)


def _octets(key: CertificatePublicKeyTypes) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
