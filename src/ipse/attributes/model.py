"""What is known of a person, and the names by which partners ask for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

Json: TypeAlias = str | bool | Mapping[str, str | bool]
"""The value of an attribute as the partner receives it."""

Kind = Literal["string", "boolean", "object", "picture"]


@dataclass(frozen=True, slots=True)
class Attribute:
    """One name of the partner protocol (its sections 1.5 and 1.6), without the claim prefix."""

    name: str
    kind: Kind = "string"
    prefixed: bool = False
    """Whether the claim carries the installation's claim prefix."""
    protected: bool = False
    """Whether its value is masked until the person has given the code."""
    scopes: tuple[str, ...] = ()
    """The scopes that ask for it."""
    metadata: bool = False
    """An object about the other attributes of the same request, keyed by their names; absent when asked alone."""
    circumstance: bool = False
    """Says how this one approval came about, not who the person is."""


def _plain(name: str, kind: Kind = "string", *scopes: str) -> Attribute:
    return Attribute(name, kind, scopes=scopes)


def _own(name: str, kind: Kind = "string", *scopes: str) -> Attribute:
    return Attribute(name, kind, prefixed=True, scopes=scopes)


def _protected(name: str, kind: Kind = "string", *scopes: str) -> Attribute:
    return Attribute(name, kind, prefixed=True, protected=True, scopes=scopes)


def _metadata(name: str, *scopes: str, protected: bool = False) -> Attribute:
    return Attribute(name, "object", prefixed=True, protected=protected, scopes=scopes, metadata=True)


def _circumstance(name: str, kind: Kind) -> Attribute:
    return Attribute(name, kind, prefixed=True, circumstance=True)


NATIONAL_NUMBER_COUNTRIES: Final = ("BE", "RO", "BG", "CZ", "SK", "HR", "LT", "LV", "MT", "RS", "MD", "SI")
"""Countries whose documents carry a national number that may be asked for (protocol 1.6)."""

ATTRIBUTES: Final[Mapping[str, Attribute]] = {
    attribute.name: attribute
    for attribute in (
        _plain("family_name", "string", "profile"),
        _plain("given_name", "string", "profile"),
        _plain("name", "string", "profile"),
        _plain("birthdate", "string", "profile"),
        _own("birthdate_as_string"),
        _plain("age_gte_16", "boolean"),
        _plain("age_gte_18", "boolean"),
        _plain("age_gte_21", "boolean"),
        _plain("age_gte_30", "boolean"),
        _plain("gender", "string", "profile"),
        _own("official_gender"),
        _plain("locale", "string", "profile"),
        Attribute("picture", "picture", protected=True, scopes=("profile",)),
        _protected("physical_person_photo", "picture"),
        _plain("email", "string", "email"),
        _plain("email_verified", "boolean", "email"),
        _plain("phone_number", "string", "phone"),
        _plain("phone_number_verified", "boolean", "phone"),
        _plain("address", "object", "address"),
        _protected("claim_citizenship"),
        _protected("claim_citizenship_as_iso"),
        _protected("place_of_birth", "object"),
        _protected("BENationalNumber", "string", "eid"),
        *(_protected(f"{country}NationalNumber") for country in NATIONAL_NUMBER_COUNTRIES[1:]),
        _protected("BEeidSn", "string", "eid"),
        _protected("IDDocumentSN", "string", "idDocument"),
        _own("IDDocumentType", "string", "idDocument"),
        _metadata("IDIssuingCountry", "idDocument"),
        _metadata("validityFrom", "idDocument", protected=True),
        _metadata("validityTo", "idDocument", protected=True),
        _metadata("verificationDate"),
        _metadata("issuance_locality", protected=True),
        _circumstance("claim_device", "object"),
        _circumstance("app", "object"),
        _circumstance("account", "object"),
        _circumstance("identification_mode", "string"),
        _circumstance("transaction_ip", "string"),
        _circumstance("ongoing_call", "boolean"),
    )
}
"""Every attribute a partner may ask for, by its name without prefix. `sub` is not one: it is the partner's own."""

_ALIASES: Final[Mapping[str, str]] = {"SVNationalNumber": "SINationalNumber"}
"""Two published names of the Slovenian number; both are accepted, the second is answered (protocol 6)."""


def claim_name(name: str, prefix: str) -> str:
    """The claim an attribute is delivered as, in an installation with this claim prefix."""
    return prefix + name if ATTRIBUTES[name].prefixed else name


def canonical(name: str) -> str:
    """Return the catalogue's name of an attribute that has two."""
    return _ALIASES.get(name, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Who said a fact, and when it was last checked."""

    registrar: str
    """The registrar's id; `person` for what the person states themselves."""
    evidence: str | None
    """The id of the evidence kept; none for what the person states."""
    verified_at: int
    """Microseconds UTC: when the document was last read, or when the person stated it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The identity document the registrar checked."""

    kind: str
    """ICAO 9303 document code, one or two characters: `I…` a card, `P…` a passport."""
    country: str
    """Who issued it, ISO 3166-1 alpha-2. Rights to attributes follow this, not the nationality."""
    number: str
    issued_on: str | None = None
    """`YYYY-MM-DD`."""
    expires_on: str | None = None
    """`YYYY-MM-DD`, the last day."""
    issuer: str | None = None
    """The municipality or office."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NationalNumber:
    """A number in a population register."""

    country: str
    """ISO 3166-1 alpha-2."""
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A postal address as OpenID Connect Core section 5.1.1 names its parts."""

    formatted: str | None = None
    street_address: str | None = None
    postal_code: str | None = None
    locality: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place of birth."""

    formatted: str | None = None
    city: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An image."""

    format: str
    """MIME type."""
    value: str
    """base64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the registrar said of a person. Absent is None, never a default.

    msgspec encodes and decodes it as JSON; a new member needs a default, so that old documents still open.
    """

    family_name: str
    given_name: str | None = None
    birthdate: str | None = None
    """`YYYY-MM-DD`; None if the document does not tell the day."""
    birthdate_as_string: str | None = None
    """As printed on the document."""
    official_gender: str | None = None
    """As printed on the document."""
    gender: str | None = None
    """What the registrar calls it, `male` or `female` mostly."""
    nationalities: tuple[str, ...] = ()
    """ISO 3166-1 alpha-3."""
    citizenship: str | None = None
    """The nationality in words, as printed on the document."""
    place_of_birth: Place | None = None
    address: Address | None = None
    document: Document | None = None
    national_number: NationalNumber | None = None
    card_number: str | None = None
    """The number of a Belgian identity card."""
    photo: Picture | None = None
    email: str | None = None
    phone_number: str | None = None
    """`+CC number`, with a space; only once it is verified."""
    stated_phone_number: str | None = None
    """What the person typed and nobody has verified yet; no partner is told."""
    sources: Mapping[str, Source] = field(default_factory=dict)
    """Where each fact comes from, by the name of its member here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """How one approval came about: the facts of the moment that partners may ask for. Absent is None."""

    device: Mapping[str, str | bool] | None = None
    app: Mapping[str, str] | None = None
    account: Mapping[str, str] | None = None
    identification_mode: str | None = None
    """`QR`, `a2a`, `MSISDN` or `fallback`."""
    transaction_ip: str | None = None
    ongoing_call: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The record that lets an identity leave `pending` (criterion B-1). Kept sealed under the person's key."""

    evidence_id: str
    registrar: str
    """The registrar's id."""
    route: str
    """`bank` or `eid_card`."""
    adapter: str
    """Which program read the answer, with its version."""
    assurance: str
    """eIDAS `low`, `substantial` or `high`, after the registrar's cap."""
    trust_framework: str
    process: str | None
    """The registrar's own number of the verification."""
    references: tuple[str, ...]
    """Numbers of checks and documents by which the registrar finds its files."""
    source_check: str | None
    """Which authoritative source was asked, and how."""
    result: str
    """`accepted`, or why not."""
    verified_at: int
    """Microseconds UTC: when the registrar checked."""
    received_at: int
    """Microseconds UTC: when we got the answer."""
    expires_at: int | None
    """Microseconds UTC: the last moment of the document it rests on."""
    original: str
    """The registrar's signed answer as received."""


def complete(evidence: Evidence) -> bool:
    """Whether the record has everything criterion B-1 asks for: without it no account becomes active."""
    return bool(
        evidence.route
        and evidence.registrar
        and evidence.adapter
        and evidence.references
        and evidence.source_check
        and evidence.result == "accepted"
        and evidence.verified_at
        and evidence.original
    )
