"""What is asked of documents, and what is answered.

Times are microseconds UTC; certificates, time stamps and revocation answers are DER.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Protocol

import msgspec


class Level(StrEnum):
    """Baseline levels (EN 319 142-1, 319 122-1, 319 132-1), the least first."""

    B_B = "B-B"
    """The signature and the certificates."""
    B_T = "B-T"
    """And a time stamp, which proves that it existed then."""
    B_LT = "B-LT"
    """And every certificate and revocation answer that judging it takes."""
    B_LTA = "B-LTA"
    """And a time stamp over all of that, for PDF alone."""

    @property
    def rank(self) -> int:
        """To compare levels by."""
        return tuple(Level).index(self)


class Hash(StrEnum):
    """The hash that a signature is made with."""

    SHA_256 = "sha256"
    SHA_384 = "sha384"
    SHA_512 = "sha512"


class Problem(StrEnum):
    """What was found in a PDF that a signer should know, or that forbids signing it (`REFUSED`)."""

    ENCRYPTED = "encrypted"
    """It needs a password, or hides its content from us."""
    TOO_MANY_PAGES = "too_many_pages"
    NO_PAGES = "no_pages"
    DAMAGED = "damaged"
    """It does not keep to its own format; readers may show different things."""
    HYBRID_REFERENCES = "hybrid_references"
    """Two tables of contents: readers may show different things."""
    CERTIFIED_FINAL = "certified_final"
    """An earlier signature forbids every change, another signature too."""
    CHANGED_AFTER_SIGNATURE = "changed_after_signature"
    """An earlier signature does not hold for what the file says now."""
    SCRIPTS = "scripts"
    """JavaScript, which can change what is shown."""
    LAUNCHES = "launches"
    """It starts programs, fetches other files or sends forms."""
    XFA = "xfa"
    """A form in a language of its own, which readers show differently."""
    EXTERNAL_CONTENT = "external_content"
    """What it shows lies partly outside the file."""
    HIDDEN_LAYERS = "hidden_layers"
    """Content that can be shown or hidden."""
    ATTACHMENTS = "attachments"
    """Other files inside, which nobody sees on the pages."""
    MEDIA = "media"
    """Sound, film or three dimensions."""
    FORM = "form"
    """Fields that can still be filled in; after a signature that shows as a change."""


REFUSED: Final = frozenset(
    {
        Problem.ENCRYPTED,
        Problem.TOO_MANY_PAGES,
        Problem.NO_PAGES,
        Problem.DAMAGED,
        Problem.HYBRID_REFERENCES,
        Problem.CERTIFIED_FINAL,
        Problem.CHANGED_AFTER_SIGNATURE,
        Problem.SCRIPTS,
        Problem.LAUNCHES,
        Problem.XFA,
        Problem.EXTERNAL_CONTENT,
    }
)
"""With one of these a PDF is not signed: nobody could say what exactly was agreed to."""


class Certifying(StrEnum):
    """What a certifying (first) signature lets others change (ISO 32000 DocMDP)."""

    NOTHING = "nothing"
    FORMS = "forms"
    """Filling in and signing."""
    COMMENTS = "comments"
    """That, and comments."""


class Page(msgspec.Struct, frozen=True):
    """As it is shown, turned where it says so, in points (1/72 inch)."""

    width: float
    height: float


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """A place on a page as it is shown, in points from its upper left corner."""

    page: int
    """From 1."""
    left: float
    top: float
    width: float
    height: float


class Existing(msgspec.Struct, frozen=True, kw_only=True):
    """A signature or document time stamp that is there already. Nothing of it has been judged."""

    field: str
    timestamp: bool
    """Whether it is a document time stamp."""
    name: str
    """Of the certificate, or as the signature says."""
    claimed_at: int | None
    certifying: Certifying | None
    intact: bool
    """Whether its bytes are as they were signed, and nothing later has changed what the file says."""


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """An empty signature field that waits for somebody."""

    name: str
    box: Box | None
    """None: it is invisible, or on no page."""


class Inspected(msgspec.Struct, frozen=True, kw_only=True):
    """What a PDF is, before anybody signs it."""

    pages: tuple[Page, ...] = ()
    title: str = ""
    signatures: tuple[Existing, ...] = ()
    fields: tuple[Field, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def refused(self) -> tuple[Problem, ...]:
        """Why it cannot be signed; empty: it can."""
        return tuple(problem for problem in self.problems if problem in REFUSED)


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """What a visible signature shows. The words are the caller's, in the reader's language."""

    heading: str
    """Such as `Signed with Ipse`."""
    name: str
    lines: tuple[str, ...] = ()
    """Such as the date, a role, a reason: at most 4."""
    mark: str = ""
    """Such as `Test - no legal value`, on a band that cannot be missed."""


class Placing(msgspec.Struct, frozen=True, kw_only=True):
    """Where and how a signature shows in a PDF. Without one it is invisible."""

    stamp: Stamp
    box: Box | None = None
    """None: in the box of the field that `Statement` names."""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """A signature policy that the signer follows."""

    oid: str
    hash: Hash
    digest: bytes
    """Of the policy's text."""
    url: str = ""


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """Who signs, and what the signature itself says, whatever the format."""

    certificates: tuple[bytes, ...]
    """DER, the signer's first, then its issuers; the root may be left out."""
    claimed_at: int
    """When, as the signer says."""
    hash: Hash = Hash.SHA_256
    commitment: str = ""
    """OID: what signing means."""
    role: str = ""
    """Claimed by the signer."""
    reason: str = ""
    """PDF: free text; left out where there is a commitment, as EN 319 142-1 wants it."""
    place: str = ""
    """City or place, claimed by the signer."""
    policy: Policy | None = None
    field: str = ""
    """PDF: an empty field to sign in; empty: a new one."""
    certifying: Certifying | None = None
    """PDF: makes this a certifying signature, which must be the first."""


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """Everything up to the signature value. Nothing of it lives in memory: keep `state`, sealed, and come back."""

    state: bytes
    digest: bytes
    """What is to be signed (DTBS/R): the hash of `to_be_signed`."""
    to_be_signed: bytes
    """Signed attributes in DER, or SignedInfo."""
    hash: Hash


class Missing(StrEnum):
    """Why a signature has not reached the level that was asked."""

    TIMESTAMP = "timestamp"
    """The time-stamping authority has not answered, or not as it should."""
    REVOCATION = "revocation"
    """An OCSP responder or CRL has not answered, or not as it should."""
    REVOCATION_OLD = "revocation_old"
    """Its answer is older than the time stamp; a later one will do."""
    CHAIN = "chain"
    """The certificate does not lead to an authority that we know."""
    REVOKED = "revoked"
    """The certificate had been revoked or put on hold. No later try changes that."""
    ARCHIVE_TIMESTAMP = "archive_timestamp"
    """Of B-LTA alone the last step is missing."""
    FORMAT = "format"
    """The format goes no further here: CAdES to B-T, XAdES to B-LT."""


class Aim(msgspec.Struct, frozen=True, kw_only=True):
    """How far a signature is to be finished, and whom we believe."""

    level: Level
    authorities: tuple[bytes, ...]
    """Issuing authorities and their roots, of signers and of time stamps; those that signed themselves are trusted."""
    at: int
    """This moment."""


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """A signed file."""

    content: bytes
    level: Level
    missing: Missing | None = None
    """Why `level` is not what was asked. The file is valid for its own level; `Documents.upgrade_…` goes on from it."""
    signed_at: int | None = None
    """When the time stamp says; None at B-B."""


class Enclosure(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a container."""

    name: str
    media_type: str
    content: bytes


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What judging a signer's certificate takes."""

    certificates: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()


class Ask(Protocol):
    """What a worker may have its parent ask; it has no network of its own.

    What cannot be had raises a `PlatformError` such as `NotAnswered`; every call has a time-out of its own.
    """

    async def timestamp(self, digest: bytes) -> bytes:
        """A TimeStampToken (RFC 3161) over a digest; its length tells SHA-256, 384 or 512."""

    async def ocsp(self, certificate: bytes, issuer: bytes) -> bytes:
        """A whole OCSPResponse about a certificate, made now."""

    async def crl(self, url: str) -> bytes:
        """A certificate revocation list from a distribution point that a certificate names."""
