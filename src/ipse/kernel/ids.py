"""Identifiers, random values and base64url. Randomness comes in from outside."""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from binascii import a2b_base64
from typing import Protocol

# What is not base64url becomes a character that base64 does not know either.
_TO_BASE64 = bytes.maketrans(b"-_+/=", b"+/!!!")
_PADDING = (b"", b"", b"==", b"=")
_LAST = {2: frozenset(b"AQgw"), 3: frozenset(b"AEIMQUYcgkosw048")}
"""Last characters whose unused bits are zero, by the length of the last group (RFC 4648 §3.5)."""
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


def b64u(octets: bytes) -> str:
    """base64url without padding (RFC 4648 §5)."""
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def b64u_decode(text: str) -> bytes:
    """Strict inverse of `b64u`.

    Raises:
        ValueError: other characters, padding, or bits that do not belong to any byte.
    """
    octets = text.encode("ascii", "replace")  # a question mark is refused below
    rest = len(octets) % 4
    decoded: bytes | None = None
    if not rest or (rest != 1 and octets[-1] in _LAST[rest]):
        try:
            decoded = a2b_base64(octets.translate(_TO_BASE64) + _PADDING[rest], strict_mode=True)
        except ValueError:
            decoded = None
    if decoded is None:
        message = "not base64url"
        raise ValueError(message)
    return decoded


def sha256(value: str | bytes) -> bytes:
    """SHA-256 of bytes, or of a text's UTF-8."""
    return hashlib.sha256(value.encode() if isinstance(value, str) else value).digest()


def alphanumerics(octets: bytes, length: int) -> str:
    """`length` lower-case letters and digits drawn from `octets` (about 5.17 bits each)."""
    number = int.from_bytes(octets, "big")
    characters = []
    for _ in range(length):
        number, index = divmod(number, 36)
        characters.append(_ALPHABET[index])
    return "".join(characters)


class Ids(Protocol):
    """Source of randomness."""

    def identifier(self) -> str:
        """22 characters of base64url: 16 random bytes. Names a thing; authorises nothing."""

    def secret(self) -> str:
        """43 characters of base64url: 32 random bytes. A bearer value."""

    def code(self) -> str:
        """36 lower-case letters and digits: a subject (186 bits)."""

    def octets(self, count: int) -> bytes:
        """`count` random bytes."""


class RandomIds:
    """The operating system's randomness."""

    def identifier(self) -> str:
        """22 characters of base64url: 16 random bytes."""
        return b64u(secrets.token_bytes(16))

    def secret(self) -> str:
        """43 characters of base64url: 32 random bytes."""
        return b64u(secrets.token_bytes(32))

    def code(self) -> str:
        """36 lower-case letters and digits."""
        return alphanumerics(secrets.token_bytes(32), 36)

    def octets(self, count: int) -> bytes:
        """`count` random bytes."""
        return secrets.token_bytes(count)
