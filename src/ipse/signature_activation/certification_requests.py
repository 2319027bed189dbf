"""Certification requests (PKCS #10, RFC 2986) signed by keys that never come here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import NoReturn, Self, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric import utils as asymmetric
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
from cryptography.x509.oid import NameOID

from ipse.signature_activation.model import ShownCredential

Buffer: TypeAlias = bytes | bytearray | memoryview
_Signer = Callable[[bytes], bytes]


def build_request(shown: ShownCredential, serial_number: str, public_key: bytes, sign: _Signer) -> bytes:
    """DER of a request with the names that were shown. `sign` signs a SHA-256 digest with the new key."""
    names = (
        (NameOID.COUNTRY_NAME, shown.country),
        (NameOID.COMMON_NAME, shown.common_name),
        (NameOID.GIVEN_NAME, shown.given_name),
        (NameOID.SURNAME, shown.surname),
        (NameOID.SERIAL_NUMBER, serial_number),
    )
    # Lengths are judged by `rules`, in characters (RFC 5280, appendix A.1); the library counts bytes.
    subject = x509.Name([x509.NameAttribute(name, value, _validate=False) for name, value in names if value])
    public = load_der_public_key(public_key)
    key: _EllipticKey | _RsaKey
    if isinstance(public, ec.EllipticCurvePublicKey):
        key = _EllipticKey(public, sign)
    elif isinstance(public, rsa.RSAPublicKey):
        key = _RsaKey(public, sign)
    else:  # pragma: no cover - no other kind is made
        raise TypeError(public_key)
    built = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return built.public_bytes(Encoding.DER)


class _Elsewhere:
    """What a private key can do that is not here."""

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: dict[int, object]) -> Self:
        return self

    def private_numbers(self) -> NoReturn:
        """It has none here."""
        raise NotImplementedError

    def private_bytes(self, *_: object) -> NoReturn:
        """It has none here."""
        raise NotImplementedError


class _EllipticKey(_Elsewhere, ec.EllipticCurvePrivateKey):
    """An EC key elsewhere."""

    curve = ec.SECP256R1()
    key_size = 256

    def __init__(self, public: ec.EllipticCurvePublicKey, sign: _Signer) -> None:
        self._public = public
        self._sign = sign

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Its public half."""
        return self._public

    def sign(self, data: Buffer, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:  # noqa: ARG002
        """Have SHA-256 of the data signed."""
        return self._sign(hashlib.sha256(data).digest())

    def exchange(self, *_: object) -> NoReturn:
        """Not for this."""
        raise NotImplementedError


class _RsaKey(_Elsewhere, rsa.RSAPrivateKey):
    """An RSA key elsewhere."""

    key_size = 2048

    def __init__(self, public: rsa.RSAPublicKey, sign: _Signer) -> None:
        self._public = public
        self._sign = sign

    def public_key(self) -> rsa.RSAPublicKey:
        """Its public half."""
        return self._public

    def sign(
        self,
        data: Buffer,
        padding: padding.AsymmetricPadding,  # noqa: ARG002 - PKCS #1 v1.5 is what the builder asks
        algorithm: asymmetric.Prehashed | hashes.HashAlgorithm | asymmetric.NoDigestInfo,  # noqa: ARG002
    ) -> bytes:
        """Have SHA-256 of the data signed."""
        return self._sign(hashlib.sha256(data).digest())

    def decrypt(self, *_: object) -> NoReturn:
        """Not for this."""
        raise NotImplementedError
