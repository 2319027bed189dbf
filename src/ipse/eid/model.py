"""Trust anchors of two kinds that never meet, and what a validated card says."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography import x509

from ipse.standards.eid_card import CardAddress, CardFiles, CardIdentity


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchors:
    """Whom an installation believes about cards. One of the two kinds below."""

    issuing: tuple[x509.Certificate, ...] = field(repr=False)
    """Authorities that issue the certificates of people."""
    register: tuple[x509.Certificate, ...] = field(repr=False)
    """Authorities that issue the certificates with which the National Register signs cards' files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductionAnchors(Anchors):
    """Anchors of real cards: none carries the sandbox's mark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxAnchors(Anchors):
    """Anchors of play cards: each carries the sandbox's mark, both parts of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """How revocation is asked."""

    responder: str = ""
    """Its address; empty: the one that each certificate names."""
    nonce: bool = True
    """Whether the question carries a nonce, which the answer must then hold."""
    oldest: int = 3600
    """Seconds that a responder's statement counts at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whoever has just typed the PIN of a card that is good now."""

    national_number: str = field(repr=False)
    """The serial number in the subject of the certificate."""
    family_name: str | None = field(repr=False)
    given_name: str | None = field(repr=False)
    certificate_serial: str
    """Of the certificate, hexadecimal."""
    certificate_issuer: str
    algorithm: str
    format: str
    """Of the token."""
    checked_at: int
    """Microseconds UTC: when the card signed and its certificate was good."""
    token: str = field(repr=False)
    """As the page received it: evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """The files of a card, believed."""

    identity: CardIdentity
    address: CardAddress
    files: CardFiles
