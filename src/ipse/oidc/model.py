"""What an authorization request is at each stage of its judgement, and what is remembered until the tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import msgspec

from ipse.actions.model import Content
from ipse.attributes.model import ATTRIBUTES, canonical, claim_name
from ipse.partners.model import Partner, Service
from ipse.standards.openid import ClaimsRequest

Assurance = Literal["basic", "advanced"]
SERVICE_SCOPE: Final = "service:"
DOOR: Final = "oidc"
"""The name of this front door in an action's memory."""
SCOPES: Final[Mapping[str, tuple[str, ...]]] = {
    scope: tuple(name for name, attribute in ATTRIBUTES.items() if scope in attribute.scopes)
    for scope in ("profile", "email", "phone", "address", "eid", "idDocument")
}
"""The attributes each scope asks for (partner protocol, section 1.5)."""

EIDAS: Final = "http://eidas.europa.eu/LoA/"
"""The beginning of the names eIDAS has for its levels (eIDAS SAML Attribute Profile 1.4, section 3.1)."""
LEVELS: Final = ("low", "substantial", "high")
AMR: Final[Mapping[str, tuple[str, ...]]] = {
    "eid_card": ("sc", "pin"),
    "bank": ("bank",),
    "passkey": ("swk", "user"),
    "totp": ("otp",),
    "sheet": ("otp", "sheet"),
}
"""What `amr` says of each fallback method (RFC 8176; `bank` and `sheet` are our own)."""


def eidas_level(acr: object) -> str | None:
    """The eIDAS level that an `acr` value names; None for others."""
    level = acr.removeprefix(EIDAS) if isinstance(acr, str) and acr.startswith(EIDAS) else None
    return level if level in LEVELS else None


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Names on the wire: claims that are not OpenID's own carry the installation's prefix."""

    prefix: str
    ignores_unknown_scopes: bool = False
    """Whether a scope that nobody knows is left out instead of refused (partner protocol, section 6)."""

    def claim(self, name: str) -> str:
        """The claim an attribute is delivered as."""
        return claim_name(name, self.prefix)

    def attribute(self, claim: str) -> str | None:
        """The attribute a claim asks for, None if it is no attribute.

        The prefix is compared without regard to case, because partners in the wild spell it in two ways.
        """
        if claim in ATTRIBUTES and not ATTRIBUTES[claim].prefixed:
            return claim
        head, name = claim[: len(self.prefix)], canonical(claim[len(self.prefix) :])
        known = head.lower() == self.prefix.lower() and name in ATTRIBUTES and ATTRIBUTES[name].prefixed
        return name if known else None

    def own(self, claim: str) -> str | None:
        """What follows the installation's prefix, in any spelling of its case; None for a claim without it."""
        head, name = claim[: len(self.prefix)], claim[len(self.prefix) :]
        return name if head.lower() == self.prefix.lower() else None

    def acr(self, assurance: str) -> str:
        """The `acr` value of a way of approving."""
        return f"{self.prefix}acr_{assurance}"

    def fallback_acr(self, method: str) -> str:
        """The `acr` value of a proof without the phone: never one of the ways of approving."""
        return f"{self.prefix}acr_fallback_{method}"

    def understands(self, acr: object) -> bool:
        """Whether an `acr` value names a way of approving or an eIDAS level."""
        return self.assurance(acr) is not None or eidas_level(acr) is not None

    def assurance(self, acr: object) -> Assurance | None:
        """The way of approving that an `acr` value names, in any spelling of its case; None for others."""
        spelled = acr.lower() if isinstance(acr, str) else ""
        levels: tuple[Assurance, Assurance] = ("advanced", "basic")
        return next((level for level in levels if spelled == self.acr(level).lower()), None)


Source = Literal["query", "request", "request_uri", "pushed", "backchannel"]
"""By which way the parameters of a request came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How strict the provider is with one service. Frozen values; the checks of the visible lists read them."""

    name: Literal["default", "fapi2"]
    """As a service is registered for it."""
    pushed_only: bool
    """Whether requests come by PAR only (RFC 9126 §5)."""
    pkce_required: bool
    """Whether PKCE is demanded whatever the service says (RFC 7636)."""
    sender_constrained: bool
    """Whether access tokens are bound to a DPoP key or a certificate (RFC 9449, RFC 8705)."""
    signing_algorithms: tuple[str, ...]
    """What partners may sign assertions, request objects and DPoP proofs with."""
    client_auth_methods: tuple[str, ...]
    """How partners may prove who they are."""
    assertion_audience: Literal["issuer", "issuer_or_token_endpoint"]
    """What the `aud` of a client assertion may be, always as one text (C-11)."""
    response_modes: tuple[str, ...]
    """How answers may come through the browser; the first where nobody asks."""
    code_seconds: int
    """How long an authorization code lives, unless the settings of the installation say otherwise for `default`."""
    token_seconds: int
    """How long an access token lives, likewise."""
    pushed_seconds: int
    """How long a pushed request may wait for its browser."""
    request_object_seconds: int
    """The longest time between `nbf` and `exp` of a request object."""
    dated_requests: bool
    """Whether a request object needs `exp` and `nbf`, and our issuer alone as its audience."""
    signed_messages: bool = False
    """Whether requests are signed objects and answers signed tokens (FAPI 2.0 Message Signing §5.3, §5.4)."""


SIGNED_MODES: Final = ("jwt", "query.jwt")
"""Response modes that answer by a signed token in the query (JARM §2.3.1; `jwt` means `query.jwt` for a code)."""
_DEFAULT_SIGNING: Final = ("ES256", "RS256", "PS256", "EdDSA")
DEFAULT: Final = Profile(
    name="default",
    pushed_only=False,
    pkce_required=False,
    sender_constrained=False,
    signing_algorithms=_DEFAULT_SIGNING,
    client_auth_methods=(
        "private_key_jwt",
        "client_secret_post",
        "tls_client_auth",
        "self_signed_tls_client_auth",
    ),
    assertion_audience="issuer_or_token_endpoint",
    response_modes=("query", "form_post", *SIGNED_MODES),
    code_seconds=180,
    token_seconds=3600,
    pushed_seconds=90,
    request_object_seconds=3600,
    dated_requests=False,
)
"""The partner protocol as existing partners speak it."""
FAPI2: Final = Profile(
    name="fapi2",
    pushed_only=True,
    pkce_required=True,
    sender_constrained=True,
    signing_algorithms=("ES256", "PS256", "EdDSA"),
    client_auth_methods=("private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"),
    assertion_audience="issuer",
    response_modes=("query", *SIGNED_MODES),
    code_seconds=60,
    token_seconds=600,
    pushed_seconds=90,
    request_object_seconds=3600,
    dated_requests=True,
)
"""FAPI 2.0 Security Profile."""
PROFILES: Final[Mapping[str, Profile]] = {profile.name: profile for profile in (DEFAULT, FAPI2)}
SIGNED: Final[Mapping[str, Profile]] = {
    name: replace(profile, signed_messages=True, response_modes=SIGNED_MODES) for name, profile in PROFILES.items()
}
"""The same with signed messages, for services that ask for them."""


def profile_of(service: Service) -> Profile:
    """How strict the provider is with this service. A name nobody knows is the strictest."""
    return (SIGNED if service.message_signing else PROFILES).get(service.profile, SIGNED[FAPI2.name])


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A request whose redirect URI is not proven yet: its errors are shown to the person, never redirected."""

    parameters: Mapping[str, str]
    partner: Partner | None = None
    service: Service | None = None
    source: Source = "query"
    signed: bool = False
    """Whether the partner has signed the parameters."""
    beside: Mapping[str, str] = field(default_factory=dict)
    """What the query says besides, when the parameters came by another way: it must agree, and does not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """A request that comes from a known partner, for one of its services, with a registered redirect URI."""

    parameters: Mapping[str, str]
    partner: Partner
    service: Service
    vocabulary: Vocabulary
    scopes: tuple[str, ...] = ()
    claims: ClaimsRequest = field(default_factory=ClaimsRequest)
    assurance: Assurance = "basic"
    asked: Mapping[str, bool] = field(default_factory=dict)
    """Attributes to put before the person; True where the service cannot do without."""
    in_id_token: tuple[str, ...] = ()
    in_userinfo: tuple[str, ...] = ()
    profile: Profile = DEFAULT
    source: Source = "query"
    signed: bool = False
    beside: Mapping[str, str] = field(default_factory=dict)
    """See `Candidate`."""
    response_mode: str = "query"
    content: tuple[Content, ...] = ()
    """What the person is to confirm."""
    authorization_details: tuple[Mapping[str, Any], ...] = ()
    """The same as the partner wrote it (RFC 9396), when it came that way."""
    content_digest: str = ""
    """base64url SHA-256 of the authorization details in canonical JSON."""
    template: Mapping[str, str] = field(default_factory=dict)
    """Template claims of a confirmation by their name without prefix, to be returned once approved."""
    template_in: tuple[str, ...] = ()
    """Where they were asked: `id_token`, `userinfo`."""
    subject_hint: str | None = None
    """The subject whose phone is to be asked without scan or link."""
    dpop_jkt: str | None = None
    """Thumbprint of the DPoP key the code is for (RFC 9449 §10)."""
    eidas_level: str | None = None
    """The eIDAS level asked for as `acr`: the answer then speaks in levels."""
    eidas_essential: bool = False
    """Whether a lower level than that ends the request."""
    eidas_values: tuple[str, ...] = ()
    """The levels of which the `acr` answered to an essential claim is one."""
    phone_essential: bool = False
    """Whether a way of approving is demanded that only a phone has: no fallback then."""


class Requested(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the partner asked for, kept with the action until the tokens are made."""

    redirect_uri: str = ""
    """Empty where no browser takes part."""
    door: str
    state: str | None = None
    nonce: str | None = None
    code_challenge: str | None = None
    id_token: tuple[str, ...] = ()
    """Attributes to deliver in the ID token."""
    userinfo: tuple[str, ...] = ()
    """Attributes to deliver by UserInfo."""
    subject: str | None = None
    """The one person the partner wants an ID token about, if it said so."""
    response_mode: str = "query"
    client_id: str | None = None
    """Who gets the answer, where it is signed for them."""
    profile: str = "default"
    dpop_jkt: str | None = None
    authorization_details: tuple[dict[str, Any], ...] = ()
    template: dict[str, str] = {}
    """Template claims of a confirmation, by their name without prefix."""
    template_in: tuple[str, ...] = ()
    """Where they were asked: `id_token`, `userinfo`."""
    eidas: bool = False
    """Whether `acr` is answered as an eIDAS level."""
    eidas_values: tuple[str, ...] = ()
    """The levels of which the answer is one, where the partner said so."""


PRIVATE: Final = ("authorization_details", "template")
"""Members of `Requested` that only the person and the partner shall read: kept sealed with the action."""
