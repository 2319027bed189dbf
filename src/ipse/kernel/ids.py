"""Identifiers, random values and base64url. Randomness comes in from outside."""

from __future__ import annotations

import hashlib
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Protocol

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


def b64u(octets: bytes) -> str:
    """base64url without padding (RFC 4648 §5)."""
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def b64u_decode(text: str) -> bytes:
    """Strict inverse of `b64u`.

    Raises:
        ValueError: other characters, padding, or bits that do not belong to any byte.
    """
    if not _BASE64URL.fullmatch(text) or len(text) % 4 == 1:
        message = "not base64url"
        raise ValueError(message)
    octets = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if b64u(octets) != text:
        message = "not canonical base64url"
        raise ValueError(message)
    return octets


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
