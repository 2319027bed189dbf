"""What is asked about a signed file, and what is answered. Times are microseconds UTC, certificates DER."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Verdict(StrEnum):
    """What a person is told about the whole file."""

    UNCHANGED = "unchanged"
    """Every signature holds, and the file is as it was signed."""
    CHANGED = "changed"
    """Every signature holds, but something was added or filled in afterwards that a signature does not cover."""
    INVALID = "invalid"
    """A signature does not hold, or the file was changed in a way that no signer allowed."""
    UNKNOWN = "unknown"
    """It cannot be said: evidence is missing, or nobody whom we believe vouches for a signer."""


class Indication(StrEnum):
    """The main status of a signature (EN 319 102-1 table 5)."""

    PASSED = "TOTAL-PASSED"
    FAILED = "TOTAL-FAILED"
    INDETERMINATE = "INDETERMINATE"


class Sub(StrEnum):
    """Why a signature did not pass (EN 319 102-1 tables 5 and 6)."""

    FORMAT_FAILURE = "FORMAT_FAILURE"
    HASH_FAILURE = "HASH_FAILURE"
    SIG_CRYPTO_FAILURE = "SIG_CRYPTO_FAILURE"
    REVOKED = "REVOKED"
    NOT_YET_VALID = "NOT_YET_VALID"
    SIG_CONSTRAINTS_FAILURE = "SIG_CONSTRAINTS_FAILURE"
    CHAIN_CONSTRAINTS_FAILURE = "CHAIN_CONSTRAINTS_FAILURE"
    CERTIFICATE_CHAIN_GENERAL_FAILURE = "CERTIFICATE_CHAIN_GENERAL_FAILURE"
    CRYPTO_CONSTRAINTS_FAILURE = "CRYPTO_CONSTRAINTS_FAILURE"
    TIMESTAMP_ORDER_FAILURE = "TIMESTAMP_ORDER_FAILURE"
    NO_SIGNING_CERTIFICATE_FOUND = "NO_SIGNING_CERTIFICATE_FOUND"
    NO_CERTIFICATE_CHAIN_FOUND = "NO_CERTIFICATE_CHAIN_FOUND"
    REVOKED_NO_POE = "REVOKED_NO_POE"
    REVOKED_CA_NO_POE = "REVOKED_CA_NO_POE"
    OUT_OF_BOUNDS_NO_POE = "OUT_OF_BOUNDS_NO_POE"
    TRY_LATER = "TRY_LATER"
    SIGNED_DATA_NOT_FOUND = "SIGNED_DATA_NOT_FOUND"
    GENERIC = "GENERIC"

    @property
    def indication(self) -> Indication:
        """The main status that it stands under."""
        return Indication.FAILED if self in _FAILURES else Indication.INDETERMINATE


_FAILURES = frozenset({Sub.FORMAT_FAILURE, Sub.HASH_FAILURE, Sub.SIG_CRYPTO_FAILURE, Sub.REVOKED, Sub.NOT_YET_VALID})


class Why(StrEnum):
    """A reason in plain words; each is a text on the page and a row of docs/reference/validation.md."""

    UNREADABLE = "unreadable"
    UNKNOWN_FORMAT = "unknown_format"
    ENCRYPTED = "encrypted"
    NO_SIGNATURE = "no_signature"
    TOO_MANY = "too_many"
    UNSUPPORTED = "unsupported"
    HYBRID = "hybrid"
    CONTENT_CHANGED = "content_changed"
    SIGNATURE_WRONG = "signature_wrong"
    BYTES_OUTSIDE = "bytes_outside"
    BYTES_AFTER = "bytes_after"
    FORBIDDEN_CHANGE = "forbidden_change"
    PERMITTED_CHANGE = "permitted_change"
    SIGNATURE_OVER_CONTENT = "signature_over_content"
    EVIDENCE_ADDED = "evidence_added"
    SIGNATURE_ADDED = "signature_added"
    MALFORMED = "malformed"
    NO_SIGNING_CERTIFICATE = "no_signing_certificate"
    OTHER_CERTIFICATE = "other_certificate"
    UNTRUSTED = "untrusted"
    TEST_CERTIFICATE = "test_certificate"
    CHAIN = "chain"
    KEY_USAGE = "key_usage"
    WEAK_ALGORITHM = "weak_algorithm"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    AUTHORITY_REVOKED = "authority_revoked"
    REVOKED_LATER = "revoked_later"
    REVOCATION_UNKNOWN = "revocation_unknown"
    STAMP_OTHER_DATA = "stamp_other_data"
    STAMP_WRONG = "stamp_wrong"
    STAMP_UNTRUSTED = "stamp_untrusted"
    STAMP_BEFORE_CERTIFICATE = "stamp_before_certificate"
    STAMP_ORDER = "stamp_order"
    NO_STAMP = "no_stamp"
    CONTENT_MISSING = "content_missing"
    FILE_MISSING = "file_missing"
    FILE_NOT_COVERED = "file_not_covered"
    CONTAINER = "container"
    DUPLICATE_NAME = "duplicate_name"
    BAD_NAME = "bad_name"
    MANIFEST = "manifest"
    WRAPPED = "wrapped"


class Reason(msgspec.Struct, frozen=True):
    """Why a judgement is what it is."""

    code: Why
    detail: str = ""
    """What it is about: a file's or a field's name."""


class Changes(StrEnum):
    """What happened to the file after a signature."""

    NONE = "none"
    EVIDENCE = "evidence"
    """Only evidence was added: time stamps, certificates, revocation answers."""
    SIGNATURES = "signatures"
    """Only further signatures were added, over nothing that was there."""
    PERMITTED = "permitted"
    """Something was filled in or added that the signer had allowed."""
    FORBIDDEN = "forbidden"
    UNKNOWN = "unknown"


class Quality(StrEnum):
    """What a certificate is worth, as honestly as it can be said."""

    TEST = "test"
    """Made for play; without any value."""
    ADVANCED = "advanced"
    """Of this installation's own authority, or of one that it believes."""
    QUALIFIED = "qualified"
    """Of this installation's authority, whose operator says it is a qualified trust service provider."""
    CLAIMED = "claimed"
    """The certificate says that it is qualified; nobody has held it against the trusted lists of the EU."""
    UNKNOWN = "unknown"
    """Nobody whom we believe vouches for it."""


class Signer(msgspec.Struct, frozen=True, kw_only=True):
    """Who signed, as the certificate says. Numbers of persons are left out."""

    name: str
    organisation: str = ""
    country: str = ""
    pseudonym: bool = False
    issuer: str
    valid_from: int
    valid_until: int
    fingerprint: str
    """SHA-256 of the certificate, hexadecimal."""
    quality: Quality = Quality.UNKNOWN


class TimeStamp(msgspec.Struct, frozen=True, kw_only=True):
    """A time stamp, and what came of it."""

    at: int
    authority: str
    indication: Indication
    sub: Sub | None = None
    reason: Why | None = None
    kind: str
    """`signature`: over one signature; `document`: over the whole file until then."""


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """One signature, or one document time stamp."""

    name: str
    """Of the PDF's field, or of the file that holds it."""
    kind: str = "signature"
    """`signature` or `timestamp`."""
    format: str
    """`PAdES`, `CAdES`, `XAdES`, `CMS` (in a PDF, or without the certificate's hash)."""
    level: str = ""
    """`B-B` to `B-LTA`; empty: none of the baseline levels."""
    indication: Indication
    sub: Sub | None = None
    reasons: tuple[Reason, ...] = ()
    signer: Signer | None = None
    claimed_at: int | None = None
    """When, as the signer says."""
    proven_at: int | None = None
    """When it existed at the latest, as the earliest time stamp that holds says."""
    changes: Changes = Changes.UNKNOWN
    covers: tuple[str, ...] = ()
    """Names of the files that it covers; of a PDF none."""
    commitment: tuple[str, ...] = ()
    """Identifiers of what signing means."""
    roles: tuple[str, ...] = ()
    policy: str = ""
    text: str = ""
    """Reason that the signer gave."""
    place: str = ""
    timestamps: tuple[TimeStamp, ...] = ()
    signature_value: bytes = b""
    certificate: bytes = b""
    to_be_signed: bytes = b""
    """SHA-256 of what the key signed: it identifies the signature in the report."""
    content_digest: bytes = b""
    """SHA-256 of what is covered, where it is one file."""
    chain: tuple[bytes, ...] = ()


class Anchors(msgspec.Struct, frozen=True, kw_only=True):
    """Whom an installation believes."""

    own: tuple[bytes, ...]
    """Its own authorities: issuing ones and roots."""
    further: tuple[bytes, ...] = ()
    """Others that the operator has added."""
    sandbox: bool
    """Whether only authorities with the sandbox's mark count; otherwise none with it does."""
    quality: Quality = Quality.ADVANCED
    """What the operator says signatures of its own authority are."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A file to judge."""

    name: str
    content: bytes
    detached: bytes | None = None
    """What a detached signature is over."""
    detached_name: str = ""
    anchors: Anchors
    now: int


class Validation(msgspec.Struct, frozen=True, kw_only=True):
    """The answer."""

    verdict: Verdict
    format: str
    """`PDF`, `CAdES`, `ASiC-E`, or empty."""
    name: str
    sha256: str
    """Of the file, hexadecimal."""
    size: int
    judged_at: int
    reasons: tuple[Reason, ...] = ()
    """About the file as a whole."""
    signatures: tuple[Judgement, ...] = ()
    report: str = ""
    """ETSI TS 119 102-2, XML; empty where there is no signature."""
