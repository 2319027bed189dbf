"""A session of the REST API: what partners send and read, and what is kept.

Names on the wire are camelCase; a member without a value is absent, never null.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ipse.actions.model import ActionState
from ipse.partners.model import Partner

DOOR: Final = "broker"
"""The name of this front door in an action's memory."""
SCOPE: Final = "broker"
"""What an access token for this API was issued for."""
PATH: Final = "/broker/v1"
SESSIONS: Final = PATH + "/sessions"
AUTHENTICATE: Final = PATH + "/authenticate"
SHORTEST_SECONDS: Final = 60
LONGEST_SECONDS: Final = 600
DEFAULT_SECONDS: Final = 180
RESULT_SECONDS: Final = 600
"""How long a result can be read again, from its first reading."""

_Url: TypeAlias = Annotated[str, Meta(min_length=1, max_length=2000, description="Registered for the service.")]
_Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=128, pattern="^[A-Za-z0-9_.:/-]+$")]


class Flow(StrEnum):
    """How the person comes to the request."""

    REDIRECT = "redirect"
    """A browser opens `authenticationUrl` and comes back to a callback URL."""
    HEADLESS = "headless"
    """The partner shows the QR, or the digits for a person it knows; no browser of ours takes part."""


class Status(StrEnum):
    """Where a session stands."""

    CREATED = "CREATED"
    """Nobody has opened the authentication URL."""
    WAITING_FOR_USER = "WAITING_FOR_USER"
    """The person has not decided, or has not come back."""
    SUCCESS = "SUCCESS"
    """Approved."""
    ERROR = "ERROR"
    """It ended without anybody wanting that; `error` says how."""
    ABORT = "ABORT"
    """The person refused or cancelled."""
    CANCELLED = "CANCELLED"
    """The partner cancelled."""


class _Wire(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    pass


class CallbackUrls(_Wire, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the browser goes at the end of a `redirect` session."""

    success: _Url
    abort: _Url
    error: _Url


class NewSession(_Wire, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a partner asks."""

    service: Annotated[
        str,
        Meta(pattern="^[A-Za-z0-9_]{3,45}$", description="The code of a service registered for the partner that asks."),
    ]
    flow: Annotated[
        Flow,
        Meta(
            description="`redirect`: a browser opens `authenticationUrl` and comes back. `headless`: you show the "
            "`qr`, or the `digits` to a person you name."
        ),
    ] = Flow.REDIRECT
    requested_attributes: Annotated[
        tuple[_Name, ...],
        Meta(
            max_length=64,
            description="Members of `subject` such as `firstName` and `nin`, or names of claims. All of them within "
            "the contract of the service.",
        ),
    ] = ()
    callback_urls: Annotated[
        CallbackUrls | UnsetType, Meta(description="Needed for `redirect`, refused for `headless`.")
    ] = UNSET
    language: Annotated[
        Literal["nl", "fr", "de", "en"] | UnsetType, Meta(description="Of the pages; absent: the browser's own.")
    ] = UNSET
    external_reference: Annotated[
        str,
        Meta(
            max_length=256,
            pattern="^[^\\u0000-\\u001f\\u007f]*$",
            description="Yours; handed back, shown to nobody.",
        ),
    ] = ""
    session_lifetime: Annotated[
        int,
        Meta(
            ge=SHORTEST_SECONDS,
            le=LONGEST_SECONDS,
            description="Seconds. `redirect`: to open the authentication URL. `headless`: to decide.",
        ),
    ] = DEFAULT_SECONDS
    final_partner: Annotated[
        str,
        Meta(
            max_length=64,
            pattern="^[A-Za-z0-9_-]*$",
            description="For brokers: the client id of the partner the person deals with. Must be the one registered "
            "with the service.",
        ),
    ] = ""
    subject: Annotated[
        str,
        Meta(
            max_length=36,
            pattern="^([a-z0-9]{36})?$",
            description="`headless` only: the `subject.id` of a person the final partner knows. Their phone is asked "
            "without a scan, and they type the `digits` that you show.",
        ),
    ] = ""
    assurance: Annotated[
        Literal["basic", "advanced"], Meta(description="`advanced`: approved with the code, never a fingerprint.")
    ] = "basic"
    requested_loa: Annotated[
        Literal["low", "substantial", "high"] | UnsetType,
        Meta(description="The lowest eIDAS level that will do; a lower one ends the session."),
    ] = UNSET
    encrypt_result: Annotated[
        bool, Meta(description="The result as a signed token, encrypted to the final partner's registered key.")
    ] = False


class NationalNumber(_Wire, frozen=True, kw_only=True):
    """A number in a population register."""

    value: str
    issuing_country: Annotated[str, Meta(description="ISO 3166-1, two letters.")]
    type: Literal["NATIONAL_NUMBER"] = msgspec.field(name="type")


class PostalAddress(_Wire, frozen=True, kw_only=True):
    """A postal address."""

    formatted: str | UnsetType = UNSET
    street_address: str | UnsetType = UNSET
    postal_code: str | UnsetType = UNSET
    locality: str | UnsetType = UNSET
    country: str | UnsetType = UNSET


class Birthplace(_Wire, frozen=True, kw_only=True):
    """A place of birth."""

    formatted: str | UnsetType = UNSET
    city: str | UnsetType = UNSET
    country: str | UnsetType = UNSET


class Subject(_Wire, frozen=True, kw_only=True):
    """The person as the final partner knows them. What was not asked, not known or not shared is absent."""

    id: Annotated[str, Meta(description="36 characters; of this person for the final partner, always the same.")]
    name: str | UnsetType = UNSET
    first_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    date_of_birth: Annotated[str, Meta(description="YYYY-MM-DD.")] | UnsetType = UNSET
    gender: str | UnsetType = UNSET
    nationality: Annotated[str, Meta(description="ISO 3166-1, three letters.")] | UnsetType = UNSET
    place_of_birth: Birthplace | UnsetType = UNSET
    nin: NationalNumber | UnsetType = UNSET
    email: str | UnsetType = UNSET
    phone_number: str | UnsetType = UNSET
    address: PostalAddress | UnsetType = UNSET
    attributes: Annotated[
        dict[str, Any], Meta(description="Everything that was shared, by the name of its OpenID Connect claim.")
    ]


class SessionError(_Wire, frozen=True, kw_only=True):
    """Why a session ended without a result."""

    type: str
    title: str
    detail: str
    code: Annotated[str, Meta(description="Stays the same over versions; go by it.")]


class SessionView(_Wire, frozen=True, kw_only=True):
    """A session as its partner reads it."""

    id: str
    status: Annotated[
        Status,
        Meta(
            description="`CREATED`: nobody has opened the URL. `WAITING_FOR_USER`: not decided, or not come back. "
            "`SUCCESS`: approved. `ABORT`: the person refused or cancelled. `CANCELLED`: you did. `ERROR`: it ended "
            "otherwise. With `ABORT` and `ERROR`, `error` says more."
        ),
    ]
    flow: Flow
    provider: Literal["ipse"]
    environment: Literal["production", "sandbox", "lab"]
    service: str
    final_partner: str
    expires_at: Annotated[
        str,
        Meta(description="UTC, when the present stage ends: to open the URL, to decide, to read the result."),
    ]
    authentication_url: Annotated[str, Meta(description="Open it in the person's browser, once.")] | UnsetType = UNSET
    qr: (
        Annotated[
            str,
            Meta(
                description="`headless`: a PNG image as data URI. Good for about ten seconds: read the session every "
                "few seconds and show the newest."
            ),
        ]
        | UnsetType
    ) = UNSET
    digits: (
        Annotated[str, Meta(description="`headless`: two digits to show beside the QR, or instead of it.")] | UnsetType
    ) = UNSET
    loa: Annotated[str, Meta(description="eIDAS level: low, substantial or high.")] | UnsetType = UNSET
    subject: Subject | UnsetType = UNSET
    encrypted_result: (
        Annotated[str, Meta(description="Instead of `subject`, when `encryptResult` was asked.")] | UnsetType
    ) = UNSET
    error: SessionError | UnsetType = UNSET
    external_reference: str | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and how it was proven."""

    partner: Partner
    bound: bool = False
    """By more than an access token: a key or certificate that it is bound to, or a signed request."""
    signed: bool = False
    """By a signed request."""
    alg: str = ""
    """What that request is signed with."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept, sealed, of what a partner asked."""

    request: NewSession
    attributes: Mapping[str, bool]
    """By their names without prefix; True where the service cannot do without."""
    reference: str
    """The one-time reference in the authentication URL."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A row. Times in microseconds; hashes are SHA-256."""

    session_id: str
    broker_id: str
    """Who created it, and alone may read it."""
    partner_id: str
    """The final partner: the subject belongs to it."""
    service_code: str
    flow: Flow
    sealed_asked: bytes
    browser_hash: bytes | None
    action_id: str | None
    cancelled_at: int | None
    reading_at: int | None
    result_hash: bytes | None
    sealed_token: bytes | None
    result_until: int | None
    created_at: int
    expires_at: int


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a session's action."""

    state: ActionState
    why: str | None
    expires_at: int
