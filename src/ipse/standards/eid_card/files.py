"""The files as the reader's program hands them over."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ipse.standards.eid_card.errors import CardFilesError

CHALLENGE_BYTES: Final = 48
"""What INTERNAL AUTHENTICATE takes."""

_CHALLENGE: Final = b"ipse card challenge v1\0"
_LARGEST: Final[Mapping[str, int]] = {
    "identity": 2048,
    "identity_signature": 512,
    "address": 512,
    "address_signature": 512,
    "photo": 16_384,
    "rrn_certificate": 4096,
    "basic_key": 512,
    "challenge_signature": 256,
}
_OPTIONAL: Final = frozenset({"basic_key", "challenge_signature"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFiles:
    """The files, byte for byte as the card gave them; see the package for the JSON they come in."""

    identity: bytes = field(repr=False)
    identity_signature: bytes = field(repr=False)
    address: bytes = field(repr=False)
    address_signature: bytes = field(repr=False)
    photo: bytes = field(repr=False)
    rrn_certificate: bytes = field(repr=False)
    """The certificate of the register's signature key, DER."""
    basic_key: bytes | None = field(default=None, repr=False)
    """The card's own public key as DER SubjectPublicKeyInfo; None for cards without."""
    challenge_signature: bytes | None = field(default=None, repr=False)
    """What that key answered to the challenge."""


def challenge_for(nonce: str) -> bytes:
    """The challenge for a card's basic key that goes with a Web eID nonce: one server value binds both answers."""
    return hashlib.sha384(_CHALLENGE + nonce.encode()).digest()


def read_files(value: object) -> CardFiles:
    """Read the JSON object of the reader's program.

    Raises:
        CardFilesError: a member is missing, no base64, empty or too large.
    """
    if not isinstance(value, dict):
        raise CardFilesError("not an object")
    return CardFiles(**{name: _octets(value.get(name), name) for name in _LARGEST})  # type: ignore[arg-type]


def _octets(value: object, name: str) -> bytes | None:
    if value is None and name in _OPTIONAL:
        return None
    if not isinstance(value, str) or len(value) > _LARGEST[name] * 2:
        raise CardFilesError(f"{name} is missing, no text or too large")
    try:
        octets = b64decode(value, validate=True)
    except ValueError as error:
        raise CardFilesError(f"{name} is not base64") from error
    if not 0 < len(octets) <= _LARGEST[name]:
        raise CardFilesError(f"{name} is empty or too large")
    return octets
