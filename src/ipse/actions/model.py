"""An action and its states."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeAlias

import msgspec

from ipse.fraud.model import Origin


class ActionState(StrEnum):
    """`waiting → claimed → approved → collected`, or one of the ends."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    APPROVED = "approved"
    COLLECTED = "collected"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REVOKED = "revoked"


OPEN = (ActionState.WAITING, ActionState.CLAIMED)

TRUST = "trust"
"""Why of an approval: its person trusts the browser that began from now on."""
LOWERED = "lowered"
"""Why of an approval: it counts as one of the basic manner, whatever was asked for."""
WITHHELD = "withheld"
"""Why an approval gives nothing though its phone said so: the person was forced, and typed the duress code."""
FAULT = "fault"
"""Why an approval gives nothing: something failed on our side when its partner came for it."""

FACTS_AT_ONCE = 32
"""How many actions one look at states and ends covers."""


DISCOVERY = "discovery"
"""The kind of an action that only asks which person scans: its claim is all there is to it."""


class Start(StrEnum):
    """How the phone came to the action. After a link only the returning browser finishes."""

    QR = "qr"
    LINK = "link"
    PUSH = "push"
    """Addressed to one person's phone: nothing was scanned or opened."""
    FALLBACK = "fallback"
    """No phone took part: the person proved themselves in the browser that began."""


class Method(StrEnum):
    """How a person proved themselves for one approval. All but the first two go without the phone."""

    CODE = "code"
    FINGERPRINT = "fingerprint"
    EID_CARD = "eid_card"
    BANK = "bank"
    PASSKEY = "passkey"
    TOTP = "totp"
    """A one-time code of an app the person has set up (RFC 6238)."""
    SHEET = "sheet"
    """A one-time code of a printed sheet."""


FALLBACKS = (Method.EID_CARD, Method.BANK, Method.PASSKEY, Method.TOTP, Method.SHEET)


class Payment(msgspec.Struct, frozen=True, tag="payment", tag_field="type", omit_defaults=True):
    """Money that moves when the person approves (PSD2 dynamic linking, B-41)."""

    amount: str
    """Decimal text exactly as the partner wrote it, in whole units of the currency."""
    currency: str
    """ISO 4217."""
    creditor_name: str = ""
    creditor_iban: str = ""
    reference: str = ""
    """What the payee reads."""


class FreeText(msgspec.Struct, frozen=True, tag="text", tag_field="type"):
    """A text to confirm; `<b>`, `<i>`, `<u>` and `<br>` are its only markup."""

    text: str


class Agreement(msgspec.Struct, frozen=True, tag="agreement", tag_field="type", omit_defaults=True):
    """Something to agree to."""

    title: str
    text: str
    version: str = ""
    sha256: str = ""
    """Digest of the whole text, base64url, when `text` is a summary."""


class DeviceAction(msgspec.Struct, frozen=True, tag="device_action", tag_field="type", omit_defaults=True):
    """Something a device does when the person approves."""

    device: str
    action: str
    """`unlock`, `lock`, `turn_on`, `turn_off` or `set`."""
    location: str = ""
    details: str = ""


class CredentialCreation(msgspec.Struct, frozen=True, tag="credential", tag_field="type", omit_defaults=True):
    """A signing key of the person with its certificate, made when they approve.

    Empty members are filled in when a phone claims: who the person is, is known then.
    """

    algorithm: str
    """`RSA-2048` or `P-256`."""
    issuer: str
    """Who will certify it, as people read it."""
    quality: str
    """What its signatures are: `test`, `advanced` or `qualified`."""
    valid_seconds: int
    """How long the certificate will hold."""
    credential: str = ""
    """The identifier it will have."""
    common_name: str = ""
    given_name: str = ""
    surname: str = ""
    country: str = ""
    """ISO 3166-1 alpha-2, of who vouches for the identity."""
    serial_number: str = ""
    """As ETSI EN 319 412-1 §5.1.3 builds it, masked but for its kind and last two characters."""


class SignatureDocument(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing to sign."""

    label: str
    """Its name, as people read it."""
    digest: str
    """base64url: what is signed (DTBS/R), of `Signature.hash_algorithm`."""
    file_digest: str = ""
    """base64url SHA-256 of the file, where we hold it; the digest signed is then one of attributes that name it."""
    document: str = ""
    """By which the app opens the file, where we hold it."""


class Signature(msgspec.Struct, frozen=True, tag="signature", tag_field="type", omit_defaults=True):
    """Documents to sign, in this order, all or none."""

    documents: tuple[SignatureDocument, ...]
    """1 to 70."""
    hash_algorithm: str
    """`SHA-256`, `SHA-384` or `SHA-512`."""
    sign_algorithm: str
    """OID: 1.2.840.113549.1.1.11 (RSA PKCS #1 with SHA-256), 1.2.840.10045.4.3.2 (ECDSA with SHA-256), …"""
    credential: str = ""
    """With which; filled in when a phone claims, where nobody has named it."""
    expires_at: int = 0
    """Unix seconds after which the approval signs nothing; filled in when a phone claims."""
    description: str = ""
    role: str = ""
    """In which role the person signs."""
    commitment: str = ""
    """What signing means: an OID of ETSI TS 119 172-1 annex B or our own."""
    policy: str = ""
    """OID of the signature policy; empty: none."""


Content: TypeAlias = Payment | FreeText | Agreement | DeviceAction | CredentialCreation | Signature
"""What a person confirms, rendered by the phone from these data alone."""

SIGNING_CONTENT = (CredentialCreation, Signature)
"""What only signature activation acts on: the phone seals the approval to it, too."""


class AskedAttribute(msgspec.Struct, frozen=True):
    """An attribute the partner asks, by its name without prefix."""

    name: str
    required: bool
    protected: bool


class Request(msgspec.Struct, frozen=True):
    """What the partner asked, as the row keeps it. `protocol` is the front door's own and is only handed back."""

    partner_name: str
    service_name: Mapping[str, str]
    purpose: Mapping[str, str]
    assurance: str
    """`basic` or `advanced`."""
    attributes: tuple[AskedAttribute, ...]
    protocol: Mapping[str, Any]
    language: str
    broker_name: str = ""
    """Who asks on behalf of the partner."""
    match: bool = False
    """Whether the person must type the two digits shown to whoever started an addressed request."""
    scanned: bool = False
    """Whether the person an addressed request goes to has just scanned a code of this partner."""
    meant: str = ""
    """Whom a request for one person is for, whether it has reached them or not; see `rules.starts.meant`."""
    level: str = ""
    """The eIDAS level the partner asks for; empty when it does not."""
    level_essential: bool = False
    """Whether a lower level ends the request."""
    assurance_essential: bool = False
    """Whether a weaker manner of approval ends the request."""
    origin: Origin = Origin()
    """Where it was started, as far as anybody knows."""
    number: bool = False
    """Whether a phone number was typed for it on the sign-in page."""
    pause_during_calls: bool = False
    """Whether it cannot be approved while a call is running."""
    fallbacks: tuple[str, ...] = ()
    """The ways (`Method`) that may stand in for the phone, where its service and this request allow any."""
    wished: str = ""
    """The one of them that the partner's button named: the page shows it first."""
    signs: bool = False
    """Whether its approval makes a signing key, or signs."""

    def service_in(self, language: str) -> str:
        """The service's name in a language, else in English."""
        return _in(self.service_name, language)

    def purpose_in(self, language: str) -> str:
        """What the service is for in a language, else in English; empty when it does not say."""
        return _in(self.purpose, language)


def _in(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")


class NewAction(msgspec.Struct, frozen=True, kw_only=True):
    """What a front door begins. `kind` is the type of the service; `browser_hash` the SHA-256 of its cookie."""

    kind: str
    partner_id: str
    service_code: str
    request: Request
    browser_hash: bytes = b""
    """Empty where no browser takes part."""
    account_id: str | None = None
    """The person whose phone is asked without scan or link."""
    meant_for: str | None = None
    """Whose request it is, where it reaches their phone only by a scan or link; nobody else can claim it."""
    scanned: bool = False
    """Whether that person has just scanned a code of this partner: such a request reaches them whatever others ask."""
    content: tuple[Content, ...] = ()
    content_digest: str = ""
    """base64url SHA-256 of what the partner wrote, for content that came as authorization details (RFC 9396)."""
    private: Mapping[str, Any] = {}
    """The part of the front door's own memory that must not lie open; handed back with `protocol`."""
    address: str = ""
    """Of the browser that began, where one did. Only its place and a digest of its network are kept."""
    seconds: int | None = None
    """How long it waits; None: as the settings say."""
    code_seconds: int | None = None
    token_seconds: int | None = None


class Confidential(msgspec.Struct, frozen=True):
    """What a partner asks that only the person shall read. Sealed until a phone has claimed it."""

    content: tuple[Content, ...] = ()
    content_digest: str = ""
    private: Mapping[str, Any] = {}


class Action(msgspec.Struct, frozen=True):
    """A row. Times in microseconds; hashes are SHA-256."""

    action_id: str
    handle: str
    frame_id: str
    state: ActionState
    why: str | None
    kind: str
    partner_id: str
    service_code: str
    request: Request
    browser_hash: bytes
    start: Start | None
    account_id: str | None
    phone_id: str | None
    subject: str | None
    shown_digest: bytes | None
    sealed_shown: bytes | None
    sealed_approval: bytes | None
    created_at: int
    expires_at: int
    claimed_at: int | None
    decided_at: int | None
    sealed_content: bytes | None = None
    addressed_at: int | None = None
    token_seconds: int = 0
    token_binding: str = ""
    method: Method | None = None


class ActionView(msgspec.Struct, frozen=True):
    """What the waiting browser may know of its action."""

    action: Action
    state: ActionState
    """The state now: an open action past its time is `expired`."""
    extensible: bool


class Collected(msgspec.Struct, frozen=True):
    """What goes back to the partner through the browser. `protocol` is the front door's own."""

    code: str
    protocol: Mapping[str, Any]
    request: Request
    trusting: str | None = None
    """The account of the person who chose to trust this browser with the approval; None when nobody did."""


class Approval(msgspec.Struct, frozen=True):
    """The evidence of a decision, kept sealed: the phone's signed message and what the phone said of itself."""

    message: str
    shared: tuple[str, ...]
    device: Mapping[str, Any]
    address: str
    evidence: Mapping[str, str] = {}
    """What an approval without a phone rests on, in words and digests; its `message` is then empty."""
    activation: str = ""
    """The same message sealed by the phone to signature activation (compact JWE); empty where nothing is signed."""


class Shown(msgspec.Struct, frozen=True):
    """What was shown, as the exact bytes the phone digests, and the values behind it. Kept sealed."""

    octets: bytes
    values: Mapping[str, Any]
    confidential: Confidential = Confidential()


class Redeemed(msgspec.Struct, frozen=True, kw_only=True):
    """What a code was worth: approved values by name without prefix, and a fresh access token."""

    action_id: str
    kind: str
    partner_id: str
    service_code: str
    subject: str
    request: Request
    released: Mapping[str, Any]
    approved_at: int
    access_token: str
    expires_in: int
    content: tuple[Content, ...] = ()
    content_digest: str = ""
    approval_digest: str = ""
    """base64url SHA-256 of what was shown: what the phone has signed."""
    level: str = ""
    """The eIDAS level of the approval; empty when nobody asked."""
    method: Method = Method.CODE


class SignatureApproval(msgspec.Struct, frozen=True, kw_only=True):
    """What signature activation needs of an approval, and what it is about."""

    action_id: str
    partner_id: str
    service_code: str
    account_id: str
    phone_id: str
    subject: str
    content: tuple[Content, ...]
    shown: bytes
    """The exact bytes that the phone has shown and signed the digest of."""
    activation: str
    approved_at: int
    """Microseconds."""
    level: str


class Granted(msgspec.Struct, frozen=True, kw_only=True):
    """What an access token may read."""

    action_id: str
    partner_id: str
    service_code: str
    subject: str
    request: Request
    released: Mapping[str, Any]
    approved_at: int
    content: tuple[Content, ...] = ()
    content_digest: str = ""
    approval_digest: str = ""
    level: str = ""
    method: Method = Method.CODE
    binding: str = ""
    """What the token is bound to: `jkt:` and a key's thumbprint, `x5t#S256:` and a certificate's, or nothing."""


class RequestTally(msgspec.Struct, frozen=True, kw_only=True):
    """So many requests of one service that ended alike, without anything of a person."""

    partner_id: str
    service_code: str
    kind: str
    outcome: str
    """`approved`, `rejected`, `cancelled`, `expired`, `stopped` by a rule of the scheme, `failed`, or still `open`."""
    method: str
    """Of approvals; else empty."""
    times: int
    microseconds: int
    """From begin to approval, all together."""
    within: tuple[int, ...]
    """How many were approved within 5, 10, 20, 30, 60 and 120 seconds."""


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A past request as its person sees it; protected values are masked."""

    action: str
    partner: str
    service: str
    type: str
    at: int
    outcome: str
    method: str | None
    start: str | None
    shared: tuple[Mapping[str, Any], ...]
    declined: tuple[str, ...]
    broker: str = ""
    confirmed: tuple[Mapping[str, Any], ...] = ()
    """What was put before the person to confirm."""


class Search(msgspec.Struct, frozen=True):
    """What a person looks for in their past requests; empty and None: everything. Times in microseconds."""

    words: str = ""
    partner_id: str = ""
    kind: str = ""
    outcome: str = ""
    since: int | None = None
    until: int | None = None
    """Before this moment."""


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """A past request with everything that its person may know of it. Times in microseconds."""

    entry: HistoryEntry
    partner_id: str
    service_code: str
    purpose: str
    created_at: int
    decided_at: int | None
    why: str | None
    level: str
    """The eIDAS level that was shown; empty where nothing was."""
    browser_place: str
    """Where it was started, as the operator's table of networks says; empty where nobody knows."""
    phone_place: str
    phone_system: str
    warnings: tuple[str, ...]
    network: str
    """A keyed digest of the network it was started from; for reports, never for people."""
    full: Mapping[str, Any]
    """The values shared, protected ones, too: only for whoever has given the code for them."""
    protected: tuple[str, ...]
    """Names of the protected attributes among them."""


class Given(msgspec.Struct, frozen=True):
    """What one partner was given of one attribute, last. Times in microseconds."""

    partner_id: str
    partner: str
    entry: Mapping[str, Any]
    at: int
    since: int
    """When it was first given this very value, as far as the newest approvals tell."""
    action: str
