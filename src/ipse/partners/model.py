"""A partner and its services."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

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


class Preset(StrEnum):
    """Ready-made sets of algorithms."""

    MIGRATING = "migrating"
    NEW = "new"


class Algorithms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The JOSE algorithms agreed with one partner (OpenID Connect Registration §2 names)."""

    id_token_signed_response_alg: str
    id_token_encrypted_response_alg: str
    id_token_encrypted_response_enc: str
    userinfo_signed_response_alg: str
    userinfo_encrypted_response_alg: str
    userinfo_encrypted_response_enc: str
    token_endpoint_auth_signing_alg: tuple[str, ...]


class Partner(msgspec.Struct, frozen=True):
    """An organisation known by its `partner_id` (the OAuth `client_id`)."""

    partner_id: str
    name: str
    state: str
    auth_method: AuthMethod
    jwks: Mapping[str, Any] | None
    algorithms: Algorithms
    sealed_secret: bytes | None = None


class Service(msgspec.Struct, frozen=True):
    """One user flow of a partner.

    `name` and `purpose` are texts by language; `contract` says `required` or `voluntary` for each attribute that may
    be asked.
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
        token_endpoint_auth_signing_alg=("ES256", "RS256"),
    )
