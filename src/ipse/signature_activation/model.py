"""What signature activation keeps, and what it reads of the bytes that a phone has shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import msgspec

from ipse.standards.phone_channel import OpenedActivation


class State(StrEnum):
    """`made → certified`, then `locked` by wrong proofs, or `ended`: its key is destroyed."""

    MADE = "made"
    CERTIFIED = "certified"
    LOCKED = "locked"
    ENDED = "ended"


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A credential, as its row is sealed."""

    credential: str
    state: State
    algorithm: str
    phone: str
    """By which its messages name their key."""
    device_key: Mapping[str, str]
    code_key: bytes
    wrapped: bytes
    """The key, under a key that only the key store has; empty once it is destroyed."""
    public_key: bytes
    """DER."""
    request: bytes
    """PKCS #10, DER."""
    approval: bytes
    """SHA-256 of the message that asked for it."""
    attested: bool
    tries: int = 0
    """Wrong proofs in a row; one that is being judged counts."""
    trying: bytes = b""
    """What is being judged: after a crash in the middle it does not count once more."""
    certificate: bytes = b""
    """SHA-256 of it; empty before."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an approval, as its row is sealed."""

    credential: str
    signatures: tuple[bytes, ...]
    """Empty: its proof was wrong."""


class ShownCredential(msgspec.Struct, frozen=True, tag="credential", tag_field="type"):
    """A key to be made, as it was shown."""

    credential: str
    algorithm: str
    common_name: str
    given_name: str = ""
    surname: str = ""
    country: str = ""
    serial_number: str = ""
    """Masked but for its first six characters and its last two."""


class ShownDocument(msgspec.Struct, frozen=True):
    """One thing to sign, as it was shown."""

    label: str
    digest: str


class ShownSignature(msgspec.Struct, frozen=True, tag="signature", tag_field="type"):
    """What to sign, as it was shown."""

    credential: str
    documents: tuple[ShownDocument, ...]
    hash_algorithm: str
    sign_algorithm: str
    expires_at: int


Content: TypeAlias = ShownCredential | ShownSignature


class ShownPartner(msgspec.Struct, frozen=True):
    """Who asked."""

    id: str


class ShownStart(msgspec.Struct, frozen=True):
    """When it was asked."""

    at: int


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """What of the shown bytes decides here. The phone shows and digests them whole."""

    v: int
    action: str
    type: str
    partner: ShownPartner
    started: ShownStart
    confirms: tuple[Content, ...]

    @property
    def creation(self) -> ShownCredential | None:
        """The key it asks for."""
        return next((content for content in self.confirms if isinstance(content, ShownCredential)), None)

    @property
    def signature(self) -> ShownSignature | None:
        """The signatures it asks for."""
        return next((content for content in self.confirms if isinstance(content, ShownSignature)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """An approval before anything of it is believed."""

    octets: bytes
    """What was shown."""
    document: Document
    activation: OpenedActivation

    @property
    def approval(self) -> bytes:
        """By which it is known: SHA-256 of the signed message."""
        return self.activation.message.digest
