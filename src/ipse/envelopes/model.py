"""An envelope, its documents, its signers and their attempts. Times in microseconds UTC."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

DOOR: Final = "envelopes"
SERVICE: Final = "envelopes"
PAGE: Final = "/envelopes"
INVITATION: Final = "/envelopes/invitation"
COOKIE: Final = "invitation"
"""The word of the cookie that carries an invitation through signing in."""

MOST_OPEN: Final = 50
"""Drafts and open envelopes that one person may have."""
MOST_SIGNERS: Final = 20
MOST_HELD: Final = 25
"""Files of the largest size that all envelopes of one person may hold together."""
LONGEST_TITLE: Final = 100
LONGEST_MESSAGE: Final = 500
LONGEST_NAME: Final = 80
LONGEST_REASON: Final = 200
LONGEST_ROLE: Final = 60
MOST_REMINDERS_EVERY: Final = 3600
"""Seconds between two letters to one signer."""
PEN_SECONDS: Final = 900
"""How long an attempt holds the pen: as long as its request can live, and a while to finish."""
UNCLAIMED_SECONDS: Final = 60
"""After so long another signer may take the pen of one whose phone has not come."""
CONTINUE_SECONDS: Final = 600
"""After a credential was made, signing goes on by itself for so long."""


class EnvelopeState(StrEnum):
    """`draft → open → finished`, or one of the other ends."""

    DRAFT = "draft"
    OPEN = "open"
    FINISHED = "finished"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class SignerState(StrEnum):
    """`waiting → signed` or `declined`."""

    WAITING = "waiting"
    SIGNED = "signed"
    DECLINED = "declined"


class AttemptKind(StrEnum):
    """What the phone is asked."""

    CREDENTIAL = "credential"
    SIGNATURE = "signature"


class AttemptState(StrEnum):
    """`asked → done` or `ended`."""

    ASKED = "asked"
    DONE = "done"
    ENDED = "ended"


class Standing(StrEnum):
    """How far a try is that has been asked, as its person is told."""

    ASKED = "asked"
    """The phone has not answered yet; this browser waits for it."""
    ELSEWHERE = "elsewhere"
    """The same, and another browser waits, which may be closed by now."""
    APPROVED = "approved"
    """Nothing is asked of the person any more."""


class StepKind(StrEnum):
    """What the record of an envelope holds."""

    BROUGHT = "brought"
    OPENED = "opened"
    INVITED = "invited"
    REMINDED = "reminded"
    CAME = "came"
    """An invited person has signed in and sees the documents."""
    SIGNED = "signed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    FINISHED = "finished"


class About(msgspec.Struct, frozen=True):
    """Of an envelope: what only its people read."""

    title: str
    language: str
    sender: str = ""
    """The owner's name, as the scheme knows it."""
    message: str = ""


class Size(msgspec.Struct, frozen=True):
    """Of a page as shown, in points."""

    width: float
    height: float


class Paper(msgspec.Struct, frozen=True):
    """Of a document."""

    name: str
    sizes: tuple[Size, ...]
    digest: str
    """base64url SHA-256 of the file as it was brought."""
    bytes: int
    notes: tuple[str, ...] = ()
    """What a signer should know of it (`documents.model.Problem`)."""

    @property
    def pages(self) -> int:
        """How many."""
        return len(self.sizes)


class Mark(msgspec.Struct, frozen=True):
    """Where one signer's signature shows in one document: points from the upper left corner of a page as shown."""

    page: int = 1
    """From 1."""
    left: float = 0
    top: float = 0
    width: float = 0
    """0: it is invisible."""
    height: float = 0

    @property
    def visible(self) -> bool:
        """Whether anything shows."""
        return self.width > 0


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """Of a signer."""

    name: str
    email: str = ""
    language: str = "en"
    marks: dict[str, Mark] = {}
    """By document; where there is none, a free place is found."""
    reason: str = ""
    role: str = ""
    commitment: str = ""
    """A word of `rules.commitments`."""
    why: str = ""
    """Of declining."""
    invited_as: str = ""
    """What the owner had typed, where the certificate then said another name."""


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """A row, opened."""

    envelope_id: str
    account_id: str
    state: EnvelopeState
    about: About
    in_order: bool
    same_email: bool
    created_at: int
    deadline: int | None
    ended_at: int | None
    delete_at: int
    pen: str | None
    pen_until: int | None


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A row, opened."""

    document_id: str
    place: int
    paper: Paper
    blob_id: str
    level: str
    """Empty until somebody has signed."""


class Signer(msgspec.Struct, frozen=True, kw_only=True):
    """A row, opened."""

    signer_id: str
    place: int
    account_id: str | None
    serial: int
    party: Party
    state: SignerState
    invited_at: int | None
    opened_at: int | None
    decided_at: int | None


class Full(msgspec.Struct, frozen=True, kw_only=True):
    """An envelope with all that belongs to it."""

    envelope: Envelope
    key: bytes
    documents: tuple[Document, ...]
    signers: tuple[Signer, ...]

    def signer_of(self, account_id: str) -> Signer | None:
        """This person's part in it."""
        return next((signer for signer in self.signers if signer.account_id == account_id), None)

    def document(self, document_id: str) -> Document | None:
        """One of its documents."""
        return next((document for document in self.documents if document.document_id == document_id), None)


class PreparedDocument(msgspec.Struct, frozen=True):
    """What an attempt has prepared for one document."""

    document_id: str
    base: str
    """The file that it was made of."""
    prepared: str
    """The blob that goes on after the approval."""
    digest: str
    """base64url: what is signed."""
    file_digest: str
    """base64url SHA-256 of the file that was shown."""


class Asked(msgspec.Struct, frozen=True):
    """What an attempt asks the phone; empty for a credential."""

    documents: tuple[PreparedDocument, ...] = ()
    browser_hash: bytes = b""
    language: str = "en"


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """A row, opened."""

    attempt_id: str
    envelope_id: str
    signer_id: str
    kind: AttemptKind
    state: AttemptState
    why: str | None
    action_id: str
    asked: Asked
    created_at: int
    ended_at: int | None


class SignedDetails(msgspec.Struct, frozen=True, kw_only=True):
    """What the record says of one signature."""

    name: str
    issuer: str
    serial: str
    """Of the certificate, hexadecimal."""
    quality: str
    attested: bool
    level: str
    """eIDAS level of the approval."""
    approved_at: int
    action: str
    documents: tuple[tuple[str, str, str], ...]
    """Document, SHA-256 of the file that was shown, SHA-256 of the file that came of it (base64url)."""
    role: str = ""
    reason: str = ""
    commitment: str = ""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the record."""

    kind: StepKind
    at: int
    signer_id: str | None
    signed: SignedDetails | None = None
