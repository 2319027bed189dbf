"""Certificates as two libraries know them, and whether a signature value is by one's key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from ipse.documents.errors import DocumentNotSignable, SignatureUnfit
from ipse.documents.model import Hash

HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    Hash.SHA_256: hashes.SHA256(),
    Hash.SHA_384: hashes.SHA384(),
    Hash.SHA_512: hashes.SHA512(),
}
BY_LENGTH: Final = {32: Hash.SHA_256, 48: Hash.SHA_384, 64: Hash.SHA_512}
"""Which hash a digest of so many bytes is by."""


def read(certificates: Iterable[bytes]) -> tuple[x509.Certificate, ...]:
    """Certificates from DER.

    Raises:
        DocumentNotSignable: one is none.
    """
    try:
        return tuple(x509.load_der_x509_certificate(certificate) for certificate in certificates)
    except ValueError as error:
        raise DocumentNotSignable("a certificate cannot be read") from error


def parsed(certificates: Iterable[bytes]) -> list[asn1.Certificate]:
    """The same, as what writes CMS wants them."""
    return [asn1.Certificate.load(certificate) for certificate in certificates]


def is_root(certificate: x509.Certificate) -> bool:
    """Whether it is its own issuer, and so left out of signatures: who judges them brings it along."""
    return certificate.issuer == certificate.subject


def without_roots(certificates: Iterable[bytes]) -> tuple[bytes, ...]:
    """What a signature carries, each once, in the order given."""
    kept = dict.fromkeys(certificates)
    return tuple(one for number, one in enumerate(kept) if number == 0 or not is_root(read([one])[0]))


def digest_of(content: bytes, hash_: Hash) -> bytes:
    """The digest of some bytes."""
    state = hashes.Hash(HASHES[hash_])
    state.update(content)
    return state.finalize()


def is_elliptic(certificate: x509.Certificate) -> bool:
    """Whether its key is elliptic; else it is RSA.

    Raises:
        DocumentNotSignable: it is neither.
    """
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        raise DocumentNotSignable("keys of this kind do not sign documents")
    return isinstance(key, ec.EllipticCurvePublicKey)


def check(certificate: x509.Certificate, signature: bytes, signed: bytes, hash_: Hash) -> None:
    """See to it that a signature value is by the certificate's key over these bytes: PKCS #1 v1.5, or ECDSA in DER.

    Raises:
        SignatureUnfit: it is not.
    """
    key = certificate.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, padding.PKCS1v15(), HASHES[hash_])
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed, ec.ECDSA(HASHES[hash_]))
        else:
            raise SignatureUnfit("keys of this kind do not sign documents")
    except InvalidSignature as error:
        raise SignatureUnfit("the value is not by this key over this document") from error
