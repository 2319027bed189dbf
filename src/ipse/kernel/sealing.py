"""Encryption at rest: AES-256-GCM bound to the place where the value is stored.

A sealed value moved to another table, row or column does not open.
"""

from __future__ import annotations

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class UnsealError(Exception):
    """The value was changed, moved, or sealed under another key."""


def _place(table: str, row: str, column: str, extra: bytes) -> bytes:
    return b"\x00".join((table.encode(), row.encode(), column.encode(), extra))


def seal(key: bytes, plaintext: bytes, *, table: str, row: str, column: str, extra: bytes = b"") -> bytes:
    """Seal bytes for one column of one row: 12-byte nonce, ciphertext, 16-byte tag.

    `extra` binds the value to something more, as a code key to its device key.
    """
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, _place(table, row, column, extra))


def unseal(key: bytes, sealed: bytes, *, table: str, row: str, column: str, extra: bytes = b"") -> bytes:
    """Inverse of `seal`.

    Raises:
        UnsealError: not what was sealed for this place with this key.
    """
    try:
        return AESGCM(key).decrypt(sealed[:12], sealed[12:], _place(table, row, column, extra))
    except (InvalidTag, ValueError) as error:
        message = f"{table}.{column} does not open"
        raise UnsealError(message) from error


def blind_index(key: bytes, value: str) -> bytes:
    """Find a value without storing it: HMAC-SHA-256 under a key of that attribute alone, 32 bytes."""
    return hmac.digest(key, value.encode(), "sha256")
