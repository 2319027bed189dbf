"""A partner and its services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

import msgspec


class AuthMethod(StrEnum):
    """How a partner proves who it is at the token endpoint."""

    CLIENT_SECRET_POST = "client_secret_post"
    PRIVATE_KEY_JWT = "private_key_jwt"
    TLS_CLIENT_AUTH = "tls_client_auth"
    SELF_SIGNED_TLS_CLIENT_AUTH = "self_signed_tls_client_auth"


class ServiceType(StrEnum):
    """What a service is for."""

    AUTHENTICATION = "authentication"
    IDENTIFICATION = "identification"
    CONFIRMATION = "confirmation"
    DATA_SHARING = "data_sharing"
    SIGNING = "signing"


class Sector(StrEnum):
    """In which part of public or economic life a partner is at home."""

    GOVERNMENT = "government"
    HEALTH = "health"
    FINANCE = "finance"
    INSURANCE = "insurance"
    WORK = "work"
    """Employers, payroll, social secretariats."""
    TELECOM = "telecom"
    ENERGY = "energy"
    MOBILITY = "mobility"
    COMMERCE = "commerce"
    EDUCATION = "education"
    HOUSING = "housing"
    OTHER = "other"


class Preset(StrEnum):
    """Ready-made sets of algorithms."""

    MIGRATING = "migrating"
    NEW = "new"


class Algorithms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The JOSE algorithms agreed with one partner (OpenID Connect Registration §2 names)."""

    id_token_signed_response_alg: str
    id_token_encrypted_response_alg: str
    id_token_encrypted_response_enc: str
    userinfo_signed_response_alg: str
    userinfo_encrypted_response_alg: str
    userinfo_encrypted_response_enc: str
    token_endpoint_auth_signing_alg: tuple[str, ...]
    userinfo_media_type: Literal["application/jwt", "application/json"] = "application/jwt"
    """The content type of UserInfo: some partners that migrate know only the second, though it is a token both ways."""
    request_object_signing_alg: tuple[str, ...] = ()
    """What it signs request objects with; empty: the same as its assertions."""
    authorization_signed_response_alg: str = ""
    """For answers as signed tokens (JARM §3); empty: as ID tokens."""
    authorization_encrypted_response_alg: str = ""
    """Empty: such answers are signed only."""
    authorization_encrypted_response_enc: str = ""

    @property
    def signed_responses(self) -> frozenset[str]:
        """What our answers to the partner are signed with."""
        agreed = (
            self.id_token_signed_response_alg,
            self.userinfo_signed_response_alg,
            self.authorization_signed_response_alg,
        )
        return frozenset(alg for alg in agreed if alg)

    @property
    def request_object_algorithms(self) -> tuple[str, ...]:
        """What request objects are signed with."""
        return self.request_object_signing_alg or self.token_endpoint_auth_signing_alg


class Partner(msgspec.Struct, frozen=True):
    """An organisation known by its `partner_id` (the OAuth `client_id`).

    Its public keys stand in `jwks`, or are fetched from `jwks_uri`: never both.
    """

    partner_id: str
    name: str
    state: str
    auth_method: AuthMethod
    jwks: Mapping[str, Any] | None
    algorithms: Algorithms
    sealed_secret: bytes | None = None
    jwks_uri: str | None = None
    tls_subject: str = ""
    """Whom its client certificate must name: a distinguished name (RFC 4514), or `dns:`, `uri:` or `email:` and one
    alternative name (RFC 8705 §2.1.2)."""
    contacts: tuple[str, ...] = ()
    """E-mail addresses of those who answer for it."""
    logo: str = ""
    """https address of a picture."""
    preset: Preset = Preset.NEW
    broker: bool = False
    """Whether it asks on behalf of other partners."""
    registered_by: str = ""
    """The broker that registered it as a final partner; such a partner may have no way to authenticate."""
    counterpart: str = ""
    """Its client id in the other environment."""
    sector: str = ""
    """A `Sector`. Empty: nobody has said, and public figures leave its services out of every sector."""


class Service(msgspec.Struct, frozen=True):
    """One user flow of a partner.

    `name` and `purpose` are texts by language; `contract` says `required` or `voluntary` for each attribute that may
    be asked. Read for a request in production, the contract holds only what is granted today.
    """

    code: str
    partner_id: str
    type: ServiceType
    state: str
    name: Mapping[str, str]
    purpose: Mapping[str, str]
    redirect_uris: tuple[str, ...]
    contract: Mapping[str, str]
    pkce_required: bool = False
    profile: str = "default"
    """`default` or `fapi2`."""
    message_signing: bool = False
    """Whether requests and answers must be signed objects (FAPI 2.0 Message Signing)."""
    request_uris: tuple[str, ...] = ()
    """Addresses from which request objects are fetched; exact."""
    backchannel_mode: Literal["", "poll", "ping"] = ""
    """How the partner learns that a back-channel request has ended; empty: it makes none."""
    notification_endpoint: str = ""
    """Where it is pinged."""
    match_optional: bool = False
    """Whether people may approve a back-channel request without typing the two digits."""
    callback_urls: tuple[str, ...] = ()
    """Where the broker's REST sessions may call back; exact."""
    final_partner: str = ""
    """For whom a broker's service asks: the partner that people see and to whom the subject belongs."""
    fallbacks: tuple[str, ...] = ()
    """What people may prove themselves with when they cannot use the phone: `eid_card`, `bank`, `passkey`, `totp`,
    `sheet`."""
    essential: bool = False
    """Whether people must be able to reach it whatever breaks."""
    pause_during_calls: bool = False
    """Whether approvals are refused while a call is running on the phone, as far as the phone can tell."""
    batch: int = 1
    """How many documents one approval of a service that signs may sign: 1 to 70."""
    signs: bool = False
    """Whether people who identify themselves to an identification service may sign by the same approval."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What is known of attributes when a contract is judged. Empty: no name is checked, and all count as protected."""

    known: frozenset[str] = frozenset()
    protected: frozenset[str] | None = None
    """Those that need a recorded grant in production; None means every one."""

    def needs_grant(self, attribute: str) -> bool:
        """Whether production asks for a recorded grant before a service may ask for it."""
        return self.protected is None or attribute in self.protected


NO_CATALOGUE = Catalogue()
"""Nothing is known: production then asks a grant for everything."""


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """Why one service may ask for one protected attribute. Times are microseconds UTC."""

    grant_id: str
    service_code: str
    attribute: str
    ground: str
    """The legal ground: a law, a decision of an authority and its number."""
    purpose: str
    approver: str
    """Who allowed it."""
    starts_at: int
    ends_at: int
    recorded_by: str
    recorded_at: int
    revoked_at: int | None = None

    def holds(self, now: int) -> bool:
        """Whether it counts at `now`."""
        return self.revoked_at is None and self.starts_at <= now < self.ends_at


class PartnerToken(msgspec.Struct, frozen=True):
    """What an access token of the partner itself allows (client credentials)."""

    partner_id: str
    scope: str
    binding: str
    """Empty, or `jkt:` or `x5t#S256:` and a thumbprint that the sender must prove."""
    expires_at: int
    """Microseconds UTC."""


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the request log: why a request was refused. Nothing in it is about a person."""

    at: int
    """Microseconds UTC, the last time."""
    partner_id: str
    service_code: str
    endpoint: str
    check: str
    """The check that failed, as `docs/reference` names it."""
    error: str
    """The error code that was answered."""
    description: str
    source: str = ""
    """By which way the request came: `query`, `request`, `request_uri`, `pushed`, `backchannel`."""
    kid: str = ""
    """The key that was named, if any."""
    times: int = 1
    """How often the same happened in a row."""
    reference: str = ""
    """What the answer, or the page that a person saw, calls it."""


@dataclass(frozen=True, slots=True)
class KeyUse:
    """When a partner last proved itself with a key. Microseconds UTC; 0: never."""

    kid: str
    """Empty for its secret."""
    used_at: int
    legacy_at: int
    """When an assertion of it last named the token endpoint as its audience instead of the issuer (C-11)."""


def preset_algorithms(preset: Preset, auth_method: AuthMethod, *, encryption_key_type: str | None) -> Algorithms:
    """The algorithms of a preset; `encryption_key_type` is the kty of the partner's `enc` key (`RSA`, `EC`, None)."""
    signing = "RS256" if preset is Preset.MIGRATING else "ES256"
    if auth_method is AuthMethod.CLIENT_SECRET_POST:
        key_management, content = "dir", "A256GCM"
    elif encryption_key_type == "EC":
        key_management, content = "ECDH-ES", "A256GCM"
    else:
        key_management = "RSA-OAEP-256"
        content = "A128CBC-HS256" if preset is Preset.MIGRATING else "A256GCM"
    return Algorithms(
        id_token_signed_response_alg=signing,
        id_token_encrypted_response_alg=key_management,
        id_token_encrypted_response_enc=content,
        userinfo_signed_response_alg=signing,
        userinfo_encrypted_response_alg=key_management,
        userinfo_encrypted_response_enc=content,
        token_endpoint_auth_signing_alg=("ES256", "RS256", "PS256", "EdDSA"),
    )


def algorithms_anew(
    old: Algorithms, preset: Preset, auth_method: AuthMethod, *, encryption_key_type: str | None
) -> Algorithms:
    """The algorithms of a preset for other keys, with what was agreed beside it."""
    new = preset_algorithms(preset, auth_method, encryption_key_type=encryption_key_type)
    seals = bool(old.authorization_encrypted_response_alg)
    return msgspec.structs.replace(
        new,
        userinfo_media_type=old.userinfo_media_type,
        request_object_signing_alg=old.request_object_signing_alg,
        authorization_encrypted_response_alg=new.id_token_encrypted_response_alg if seals else "",
        authorization_encrypted_response_enc=new.id_token_encrypted_response_enc if seals else "",
    )


def encryption_key_type(jwks: Mapping[str, Any] | None) -> str | None:
    """The kty of the first `enc` key of a set, by which algorithms are chosen; None without one."""
    keys = (jwks or {}).get("keys")
    for key in keys if isinstance(keys, list) else ():
        if isinstance(key, Mapping) and key.get("use") == "enc":
            return str(key.get("kty"))
    return None
