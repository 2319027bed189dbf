"""An audit line."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec

FIRST = b"\x00" * 32
"""The digest before the first line."""


@dataclass(frozen=True, slots=True)
class Line:
    """Who did what to what, when (microseconds), and the digest of everything so far."""

    seq: int
    at: int
    actor: str
    act: str
    subject: str
    details: str
    previous: bytes
    digest: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """A line's number and digest, as somebody keeps them outside the database."""

    seq: int
    digest: bytes

    def __str__(self) -> str:
        return f"{self.seq}:{self.digest.hex()}"

    @classmethod
    def read(cls, text: str) -> Head:
        """Inverse of `str`.

        Raises:
            ValueError: not a number, a colon and 64 hexadecimal digits.
        """
        seq, _, digest = text.partition(":")
        head = cls(int(seq), bytes.fromhex(digest))
        if head.seq < 0 or len(head.digest) != len(FIRST):
            message = "not the head of an audit log"
            raise ValueError(message)
        return head


def line_digest(seq: int, at: int, *, words: tuple[str, str, str, str], previous: bytes) -> bytes:
    """SHA-256 over the previous digest and the line (`words`: actor, act, subject, details)."""
    return hashlib.sha256(previous + msgspec.json.encode([seq, at, *words])).digest()
