"""The service's own keys: in encrypted files, or in a security module (`tokens`)."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from ipse.kernel.settings import SettingsError
from ipse.storage.private_files import read_private, write_private

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
_EXPONENT: Final = 65537
_SHORTEST: Final = 12


def open_key(location: str, passphrase: bytes) -> PrivateKey:
    """The key at `file:/path` or in a token.

    Raises:
        SettingsError: it is missing or does not open; says how to mend it.
    """
    if location.startswith("pkcs11:"):
        from ipse.certification.tokens import token_key  # noqa: PLC0415 - needs an extra that a sandbox may lack

        return token_key(location)
    path = Path(location.removeprefix("file:"))
    try:
        key = load_pem_private_key(read_private(path, what="the key"), passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SettingsError(f"the key {path} does not open: another passphrase, or no encrypted PEM") from error
    if not isinstance(key, PrivateKey):
        raise SettingsError(f"the key {path} is of another kind than RSA or elliptic")
    return key


def make_key(location: str, algorithm: str, passphrase: bytes) -> PrivateKey:
    """Make the key at `file:/path` or in a token; `algorithm` is `P-256`, `P-384` or `RSA-3072`.

    Raises:
        SettingsError: there is one already, it is never overwritten; or the security module refuses.
    """
    if location.startswith("pkcs11:"):
        from ipse.certification.tokens import make_token_key  # noqa: PLC0415 - needs an extra

        return make_token_key(location, algorithm)
    path = Path(location.removeprefix("file:"))
    key = new_key(algorithm)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase))
    try:
        write_private(path, pem, exclusive=True)
    except FileExistsError as error:
        raise SettingsError(f"the key {path} exists already and is never overwritten") from error
    return key


def exists(location: str) -> bool:
    """Whether there is a file or a key in the token already.

    Raises:
        SettingsError: the token cannot be opened.
    """
    if location.startswith("pkcs11:"):
        from ipse.certification.tokens import has_token_key  # noqa: PLC0415 - needs an extra

        return has_token_key(location)
    return Path(location.removeprefix("file:")).exists()


def new_key(algorithm: str) -> PrivateKey:
    """A fresh key in memory."""
    if algorithm == "RSA-3072":
        return rsa.generate_private_key(_EXPONENT, 3072)
    return ec.generate_private_key(ec.SECP384R1() if algorithm == "P-384" else ec.SECP256R1())


def hash_of(key: PrivateKey | PublicKey) -> hashes.SHA256 | hashes.SHA384:
    """The hash that goes with a key: SHA-384 with P-384, SHA-256 with others."""
    is_long = isinstance(key, ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey) and key.key_size > 256
    return hashes.SHA384() if is_long else hashes.SHA256()


def digest_of(key: PublicKey) -> str:
    """SHA-256 of a public key, hexadecimal."""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def passphrase_of(parts: Sequence[bytes]) -> bytes:
    """One passphrase out of the parts that several people keep: all are needed, in any order.

    Raises:
        SettingsError: a part is too short, or two are the same.
    """
    if any(len(part) < _SHORTEST for part in parts):
        raise SettingsError(f"each part of a passphrase has {_SHORTEST} characters or more")
    digests = sorted(hashlib.sha256(part).digest() for part in parts)
    if len(set(digests)) < len(digests):
        raise SettingsError("two parts of the passphrase are the same")
    return b64encode(hashlib.sha256(b"ipse ceremony v1" + b"".join(digests)).digest())


def read_passphrase(path: str) -> bytes:
    """The passphrase in a file, without the line's end; empty where no file is named.

    Raises:
        SettingsError: it is missing, readable by others, or short.
    """
    if not path:
        return b""
    found = read_private(Path(path), what="the passphrase").rstrip(b"\r\n")
    if len(found) < _SHORTEST:
        raise SettingsError(f"the passphrase in {path} is shorter than {_SHORTEST} characters")
    return found
