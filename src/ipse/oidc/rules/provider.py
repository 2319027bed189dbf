"""What the provider says of itself: OpenID Connect Discovery 1.0 §3, RFC 8414, RFC 9207. Only what works is listed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from ipse.attributes.model import ATTRIBUTES
from ipse.oidc.model import DEFAULT, EIDAS, LEVELS, SCOPES, Vocabulary
from ipse.oidc.rules.confirmation import TEMPLATE_CLAIMS
from ipse.oidc.rules.details import SIGNATURE, TYPES
from ipse.oidc.rules.tokens import APPROVAL_DIGEST, DETAILS_DIGEST
from ipse.standards.dpop import ALGORITHMS as DPOP_ALGORITHMS
from ipse.standards.oauth import AUTHORIZATION_CODE, CIBA, CLIENT_CREDENTIALS

ASSERTION_ALGORITHMS: Final = ("ES256", "RS256", "PS256", "EdDSA")
KEY_MANAGEMENT: Final = ("RSA-OAEP-256", "RSA-OAEP", "ECDH-ES", "dir")
CONTENT_ENCRYPTION: Final = ("A128CBC-HS256", "A256GCM")
ALLOWED_ASSERTION_ENCRYPTION: Final = frozenset(
    (alg, enc) for alg in KEY_MANAGEMENT if alg != "dir" for enc in CONTENT_ENCRYPTION
)
PATHS: Final = {
    "authorization_endpoint": "/authorization",
    "token_endpoint": "/token",
    "userinfo_endpoint": "/userinfo",
    "jwks_uri": "/jwkSet",
    "revocation_endpoint": "/connect/revoke",
    "pushed_authorization_request_endpoint": "/par",
    "backchannel_authentication_endpoint": "/backchannel/authentication",
}
"""Endpoints by their metadata name, behind the issuer."""
PICTURE_PATH: Final = "/picture"
SESSIONS_PATH: Final = "/user_discovery_sessions"


ALIASED: Final = (
    "token_endpoint",
    "revocation_endpoint",
    "pushed_authorization_request_endpoint",
    "backchannel_authentication_endpoint",
    "userinfo_endpoint",
)
"""Endpoints that have another address for connections with a certificate (RFC 8705 §5)."""


def provider_metadata(
    issuer: str,
    vocabulary: Vocabulary,
    *,
    signing: Collection[str],
    opening: Collection[str],
    certificate_methods: Collection[str] = (),
    mtls_issuer: str | None = None,
    signs: bool = False,
) -> dict[str, Any]:
    """The discovery document.

    `signing` and `opening` are the algorithms there are keys for, `certificate_methods` the ways to authenticate with a
    certificate, `mtls_issuer` the issuer's alias where connections may bring one, `signs` whether people sign here.
    """
    methods = ["private_key_jwt", "client_secret_post", *certificate_methods]
    answers = {
        f"{answer}_{kind}_values_supported": list(values)
        for answer in ("id_token", "userinfo", "authorization")
        for kind, values in (
            ("signing_alg", signing),
            ("encryption_alg", KEY_MANAGEMENT),
            ("encryption_enc", CONTENT_ENCRYPTION),
        )
    }
    return {
        "issuer": issuer,
        **{name: issuer + path for name, path in PATHS.items()},
        "scopes_supported": ["openid", *SCOPES],
        "response_types_supported": ["code"],
        "response_modes_supported": list(DEFAULT.response_modes),
        "grant_types_supported": [AUTHORIZATION_CODE, CLIENT_CREDENTIALS, CIBA],
        "subject_types_supported": ["pairwise"],
        **_content(vocabulary),
        "authorization_details_types_supported": [name for name in TYPES if signs or name != SIGNATURE],
        **answers,
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": _named(ASSERTION_ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": [*methods, "client_secret_basic"],
        "revocation_endpoint_auth_signing_alg_values_supported": _named(ASSERTION_ALGORITHMS),
        "code_challenge_methods_supported": ["S256"],
        "display_values_supported": ["page"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "ui_locales_supported": ["fr", "nl", "de", "en"],
        "claims_parameter_supported": True,
        **_request_objects(opening),
        "authorization_response_iss_parameter_supported": True,
        "backchannel_token_delivery_modes_supported": ["poll", "ping"],
        "backchannel_authentication_request_signing_alg_values_supported": _named(ASSERTION_ALGORITHMS),
        "backchannel_user_code_parameter_supported": False,
        "user_discovery_sessions_endpoint": issuer + SESSIONS_PATH,
        "dpop_signing_alg_values_supported": _named(DPOP_ALGORITHMS),
        "tls_client_certificate_bound_access_tokens": bool(certificate_methods),
        **_aliases(mtls_issuer),
    }


def _content(vocabulary: Vocabulary) -> dict[str, Any]:
    """What may be asked, and what the answers say."""
    return {
        "acr_values_supported": [
            *(vocabulary.acr(way) for way in ("basic", "advanced")),
            *(EIDAS + level for level in LEVELS),
        ],
        "claim_types_supported": ["normal"],
        "claims_supported": [
            *("iss", "sub", "aud", "iat", "exp", "nonce", "acr", "amr", "auth_time"),
            *(vocabulary.claim(name) for name in ATTRIBUTES),
            "authorization_details",
            *(vocabulary.prefix + name for name in (*TEMPLATE_CLAIMS, APPROVAL_DIGEST, DETAILS_DIGEST)),
        ],
    }


def _request_objects(opening: Collection[str]) -> dict[str, Any]:
    """By which ways requests may come besides the query (OpenID Connect Discovery §3, RFC 9101 §10.5, RFC 9126 §5)."""
    return {
        "request_parameter_supported": True,
        "request_uri_parameter_supported": True,
        "require_request_uri_registration": True,
        "require_pushed_authorization_requests": False,
        "require_signed_request_object": False,
        "request_object_signing_alg_values_supported": _named(ASSERTION_ALGORITHMS),
        "request_object_encryption_alg_values_supported": list(opening),
        "request_object_encryption_enc_values_supported": list(CONTENT_ENCRYPTION),
    }


def _aliases(mtls_issuer: str | None) -> dict[str, Any]:
    if mtls_issuer is None:
        return {}
    return {"mtls_endpoint_aliases": {name: mtls_issuer + PATHS[name] for name in ALIASED}}


def _named(algorithms: Collection[str]) -> list[str]:
    """Algorithms by all the names they have: new libraries write `Ed25519`, older ones `EdDSA` (RFC 9864)."""
    return [*algorithms, "Ed25519"]
