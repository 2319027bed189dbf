"""A credential, a request to sign, and its outcome."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

import msgspec

from ipse.actions.model import AskedAttribute, Signature


class CredentialState(StrEnum):
    """`making → active ⇄ suspended → ended`."""

    MAKING = "making"
    """Approved; key or certificate is not there yet."""
    ACTIVE = "active"
    SUSPENDED = "suspended"
    """The identity is blocked: the certificate is on hold."""
    ENDED = "ended"


class EndReason(StrEnum):
    """Why a credential ended; each becomes a CRL reason (RFC 5280 §5.3.1)."""

    PHONE_CHANGED = "phone_changed"
    CODE_CHANGED = "code_changed"
    DELETED = "deleted"
    BLOCKED = "blocked"
    """The identity was activated anew after a block."""
    EXPIRED = "expired"
    LOCKED = "locked"
    """Signature activation met a wrong proof too often."""
    BY_OPERATOR = "by_operator"
    FAILED = "failed"
    """It could not be certified."""


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """A row. Times in microseconds UTC."""

    credential_id: str
    account_id: str
    phone_id: str
    state: CredentialState
    why: str | None
    algorithm: str
    """`RSA-2048` or `P-256`."""
    attested: bool
    """SCAL2 holds against everybody, the app's page included."""
    certificates: tuple[bytes, ...]
    """DER, the person's first, then its issuers without the root; empty while it is being made."""
    created_at: int
    valid_until: int | None
    serial: str = ""
    """Of its certificate, in hexadecimal."""
    profile: Literal["person", "short_term"] = "person"
    """`person`, or `short_term` for one signature."""

    @property
    def sign_algorithms(self) -> tuple[str, ...]:
        """OIDs, the usual one first."""
        if self.algorithm == "P-256":
            return ("1.2.840.10045.4.3.2", "1.2.840.10045.4.3.3", "1.2.840.10045.4.3.4")
        return ("1.2.840.113549.1.1.11", "1.2.840.113549.1.1.12", "1.2.840.113549.1.1.13")


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What this installation's certificates are, and how long an approval counts."""

    issuer: str
    """Who certifies, as people read it."""
    quality: str
    algorithm: str
    valid_seconds: int
    short_term: bool
    """Whether each certificate is made for one signature, and never revoked."""
    approval_seconds: int


class Paper(msgspec.Struct, frozen=True):
    """A document that we hold, for the person who is asked to sign it."""

    octets: bytes
    media_type: str
    pages: int
    """Of which there are pictures; 0: none."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an approval, as its row keeps it, sealed."""

    credential: str
    subject: str
    signature: Signature | None
    signatures: tuple[bytes, ...]
    approved_at: int
    level: str


class NewSigning(msgspec.Struct, frozen=True, kw_only=True):
    """What a front door asks: a credential, signatures, or both by one approval."""

    kind: str = "signing"
    """Of the action: `signing`, or `identification` where one approval also shares `attributes`."""
    partner_id: str
    partner_name: str
    service_code: str
    service_name: Mapping[str, str]
    purpose: Mapping[str, str] = {}
    create: bool = False
    """Whether a credential is made where the person has none. One who has one is then only asked to agree."""
    signature: Signature | None = None
    attributes: tuple[AskedAttribute, ...] = ()
    account_id: str | None = None
    """Whose request it is, where that is known. It does not reach their phone by itself: see `addressed`."""
    addressed: bool = False
    """Whether it goes to the phone of that person without scan or link; they type two digits."""
    protocol: Mapping[str, Any]
    """The front door's own, with `door`."""
    private: Mapping[str, Any] = {}
    browser_hash: bytes = b""
    language: str = "en"
    address: str = ""
    broker_name: str = ""
    seconds: int | None = None


class Concluded(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an approved request. The same however often it is asked for."""

    action_id: str
    account_id: str
    subject: str
    """As the partner knows the person."""
    credential: Credential
    signature: Signature | None
    """What was asked, as it was shown."""
    signatures: tuple[bytes, ...]
    """In the order of its documents: PKCS #1 v1.5, or ECDSA in DER."""
    approved_at: int
    level: str
