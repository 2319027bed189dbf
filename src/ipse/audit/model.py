"""An audit line."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

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


class Fault(StrEnum):
    """What is wrong with a line."""

    CHANGED = "changed"
    MISSING = "missing"
    REWRITTEN = "rewritten"
    """It fits the lines around it, but is not what a head kept elsewhere says: all was written anew."""
    CUT = "cut"
    """It and those after it are gone."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The first line that does not fit."""

    seq: int
    fault: Fault

    def __str__(self) -> str:
        said = {
            Fault.CHANGED: "was changed",
            Fault.MISSING: "is missing",
            Fault.REWRITTEN: "is not the one of which a head was kept: the log was written anew",
            Fault.CUT: "and those after it were cut off",
        }
        return f"line {self.seq} {said[self.fault]}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines are looked for; what is empty does not matter. Times in microseconds."""

    actor: str = ""
    act: str = ""
    """An act, or its beginning: `switch.`."""
    subject: str = ""
    since: int | None = None
    until: int | None = None


def line_digest(seq: int, at: int, *, words: tuple[str, str, str, str], previous: bytes) -> bytes:
    """SHA-256 over the previous digest and the line (`words`: actor, act, subject, details)."""
    return hashlib.sha256(previous + msgspec.json.encode([seq, at, *words])).digest()
