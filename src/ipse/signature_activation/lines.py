"""The audit log: each line is chained to all before it by a key that the database does not have.

A line also holds the digest of the credential's row as it is from then on. So the log says which copy of a row is the
newest, and which approvals have signed: what is older is not believed, wherever it comes from.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

import msgspec

from ipse.signature_activation.errors import Tampered

FIRST: Final = bytes(32)
"""The digest before the first line."""
SIGN: Final = "sign"
_ROW_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Line:
    """What was done with which credential, when (microseconds), and the digest of everything so far."""

    seq: int
    at: int
    act: str
    subject: str
    details: str
    digest: bytes


class Note(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The details of a line; nothing of it is personal."""

    row: bytes = b""
    """Of the credential's row as it is now."""
    approval: bytes = b""
    """SHA-256 of the phone's message."""
    action: bytes = b""
    """SHA-256 of the number of what was approved."""
    shown: str = ""
    """base64url SHA-256 of what was shown."""
    partner: str = ""
    count: int = 0
    """How many signatures."""
    until: int = 0
    """Unix seconds after which the approval would have signed nothing."""
    reason: str = ""


def digest_of_row(octets: bytes) -> bytes:
    """By which a row is known to be the newest."""
    return hashlib.sha256(octets).digest()[:_ROW_BYTES]


def chained(key: bytes, previous: bytes, line: Line) -> bytes:
    """The digest that a line must have."""
    text = msgspec.json.encode([line.seq, line.at, line.act, line.subject, line.details])
    return hmac.digest(key, previous + text, "sha256")


@dataclass(slots=True)
class Register:
    """What the log says, in memory: one process alone has the database, and knows what it has written last."""

    key: bytes = field(repr=False)
    seq: int = 0
    digest: bytes = FIRST
    rows: dict[str, bytes] = field(default_factory=dict)
    """Digest of the newest row by credential."""
    used: dict[bytes, tuple[bytes, int]] = field(default_factory=dict)
    """Approval and its last moment by action, for as long as it could be used again."""

    @property
    def head(self) -> str:
        """Number and digest of the last line, to be noted elsewhere."""
        return f"{self.seq}:{self.digest.hex()}"

    def next(self, at: int, act: str, subject: str, note: Note) -> Line:
        """The line that comes next."""
        bare = Line(self.seq + 1, at, act, subject, msgspec.json.encode(note).decode(), b"")
        digest = chained(self.key, self.digest, bare)
        return Line(bare.seq, bare.at, bare.act, bare.subject, bare.details, digest)

    def follow(self, line: Line, *, now: int) -> None:
        """Take in a line that was written; `now` in seconds.

        Raises:
            Tampered: it is not the one that follows.
        """
        if line.seq != self.seq + 1 or not hmac.compare_digest(chained(self.key, self.digest, line), line.digest):
            raise Tampered(f"audit line {line.seq} does not follow line {self.seq}")
        note = msgspec.json.decode(line.details, type=Note)
        self.seq, self.digest = line.seq, line.digest
        if note.row:
            self.rows[line.subject] = note.row
        if line.act == SIGN and note.until >= now:
            self.used[note.action] = (note.approval, note.until)

    def forget(self, now: int) -> None:
        """Let go of approvals that are too old by themselves."""
        for action in [action for action, (_, until) in self.used.items() if until < now]:
            del self.used[action]
