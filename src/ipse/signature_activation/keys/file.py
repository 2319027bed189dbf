"""Keys for development: wrapped by a key that lies in a file, used in this process's own memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap_with_padding,
    aes_key_wrap_with_padding,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from ipse.signature_activation.keys.port import KeysUnavailable, MadeKey

HASHES: dict[str, hashes.HashAlgorithm] = {
    "SHA-256": hashes.SHA256(),
    "SHA-384": hashes.SHA384(),
    "SHA-512": hashes.SHA512(),
}


@dataclass(frozen=True)
class FileKeys:
    """The key store without a security module."""

    wrapping: bytes = field(repr=False)

    def make(self, kind: str) -> MadeKey:
        """A new key."""
        key = (
            ec.generate_private_key(ec.SECP256R1())
            if kind == "P-256"
            else rsa.generate_private_key(public_exponent=65537, key_size=2048)
        )
        private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return MadeKey(aes_key_wrap_with_padding(self.wrapping, private), public)

    def sign(self, wrapped: bytes, kind: str, hash_name: str, digests: Sequence[bytes]) -> tuple[bytes, ...]:
        """Unwrap, sign, forget."""
        try:
            private = aes_key_unwrap_with_padding(self.wrapping, wrapped)
            # Nobody else can have wrapped it: testing its primes each time would cost fifty signatures.
            key = load_der_private_key(private, password=None, unsafe_skip_rsa_key_validation=True)
        except (InvalidUnwrap, ValueError) as error:
            raise KeysUnavailable("a key was wrapped by another key file") from error
        prehashed = Prehashed(HASHES[hash_name])
        if isinstance(key, ec.EllipticCurvePrivateKey) and kind == "P-256":
            return tuple(key.sign(digest, ec.ECDSA(prehashed)) for digest in digests)
        if isinstance(key, rsa.RSAPrivateKey) and kind == "RSA-2048":
            return tuple(key.sign(digest, padding.PKCS1v15(), prehashed) for digest in digests)
        raise KeysUnavailable("a key is of another kind than its credential")

    def check(self) -> None:
        """Always."""

    def close(self) -> None:
        """Nothing is held."""
