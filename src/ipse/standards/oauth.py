"""OAuth 2.0 on the wire: RFC 6749 (parameters, redirects), 6750 (bearer), 7617 (Basic), 7636 (PKCE), 9207 (`iss`)."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64decode
from collections.abc import Iterable, Mapping
from typing import Final, Literal
from urllib.parse import quote, unquote_plus, urlencode

from ipse.kernel.ids import b64u

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
"""The one `client_assertion_type` (RFC 7523 §2.2)."""
AUTHORIZATION_CODE: Final = "authorization_code"
CLIENT_CREDENTIALS: Final = "client_credentials"
CIBA: Final = "urn:openid:params:grant-type:ciba"
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_SCOPE_WORD: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_BEARER: Final = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/-]+=*)")
_TOKEN: Final = re.compile(r"(Bearer|DPoP) +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE | re.ASCII)
_BASIC: Final = re.compile(r"[Bb][Aa][Ss][Ii][Cc] +([A-Za-z0-9+/]+=*)")


class OAuthFormError(ValueError):
    """A value does not have the form its RFC prescribes. The text names it and repeats nothing of it."""


def parameters(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Parameters of a request: none may be repeated, and one without a value is as good as absent (RFC 6749 §3.1).

    Raises:
        OAuthFormError: a parameter appears twice.
    """
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise OAuthFormError("a parameter appears more than once")
        found[name] = value
    return {name: value for name, value in found.items() if value}


def scope_words(scope: str) -> tuple[str, ...]:
    """The words of a `scope`, each once, in order (RFC 6749 §3.3).

    Raises:
        OAuthFormError: characters that no scope holds.
    """
    words = tuple(dict.fromkeys(scope.split(" ")))
    if not all(_SCOPE_WORD.fullmatch(word) for word in words if word):
        raise OAuthFormError("scope holds characters that no scope holds")
    return tuple(word for word in words if word)


def with_parameters(uri: str, added: Mapping[str, str | None]) -> str:
    """A redirect URI with parameters added to the query it may have (RFC 6749 §4.1.2); None values are left out."""
    query = urlencode({name: value for name, value in added.items() if value is not None}, quote_via=quote)
    return f"{uri}{'&' if '?' in uri else '?'}{query}"


def check_challenge(challenge: str | None, method: str | None) -> str | None:
    """The PKCE challenge of an authorization request, if any: `S256` only (RFC 7636 §4.3, RFC 9700 §2.1.1).

    Raises:
        OAuthFormError: `plain`, another method, or a challenge that no SHA-256 gives.
    """
    if challenge is None and method is None:
        return None
    if method != "S256":
        raise OAuthFormError("code_challenge_method must be S256")
    if challenge is None or not _CHALLENGE.fullmatch(challenge):
        raise OAuthFormError("code_challenge must be 43 characters of base64url")
    return challenge


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636 §4.2)."""
    return b64u(hashlib.sha256(verifier.encode()).digest())


def check_verifier(verifier: str | None, challenge: str | None) -> None:
    """Judge a `code_verifier` against the challenge the code was asked with (RFC 7636 §4.6).

    A verifier without a challenge is refused as well: somebody has removed the challenge on the way (RFC 9700 §2.1.1).

    Raises:
        OAuthFormError: one without the other, wrong form, or they do not match.
    """
    if verifier is None and challenge is None:
        return
    if verifier is None or challenge is None:
        raise OAuthFormError("code_verifier and code_challenge belong together")
    if not _VERIFIER.fullmatch(verifier):
        raise OAuthFormError("code_verifier must be 43 to 128 unreserved characters")
    if not hmac.compare_digest(challenge_of(verifier), challenge):
        raise OAuthFormError("code_verifier does not match the code_challenge")


def bearer_token(authorization: str | None) -> str | None:
    """The token of an `Authorization` header; None where the header is absent (RFC 6750 §2.1).

    Raises:
        OAuthFormError: a header that carries no bearer token.
    """
    if authorization is None:
        return None
    found = _BEARER.fullmatch(authorization)
    if found is None:
        raise OAuthFormError("Authorization holds no bearer token")
    return found[1]


def access_token(authorization: str | None) -> tuple[Literal["Bearer", "DPoP"], str] | None:
    """Scheme and token of an `Authorization` header; None where it is absent (RFC 6750 §2.1, RFC 9449 §7.1).

    Raises:
        OAuthFormError: a header that carries no access token.
    """
    if authorization is None:
        return None
    found = _TOKEN.fullmatch(authorization)
    if found is None:
        raise OAuthFormError("Authorization holds no access token")
    return "DPoP" if found[1].lower() == "dpop" else "Bearer", found[2]


def basic_credentials(authorization: str | None) -> tuple[str, str] | None:
    """Client id and secret of an `Authorization: Basic` header; None without one (RFC 6749 §2.3.1, RFC 7617).

    Raises:
        OAuthFormError: not Basic, or not decodable.
    """
    if authorization is None:
        return None
    found = _BASIC.fullmatch(authorization)
    if found is None:
        raise OAuthFormError("Authorization is not Basic")
    try:
        client_id, colon, secret = b64decode(found[1], validate=True).decode().partition(":")
    except ValueError as error:
        raise OAuthFormError("Basic credentials are not base64 of UTF-8") from error
    if not colon:
        raise OAuthFormError("Basic credentials need a colon")
    return unquote_plus(client_id), unquote_plus(secret)


def challenge_header(scheme: str, **members: str) -> str:
    """A `WWW-Authenticate` value (RFC 9110 §11.6.1); values must be plain ASCII without quotes."""
    inside = ", ".join(f'{name}="{value}"' for name, value in members.items())
    return f"{scheme} {inside}" if inside else scheme
