"""Codes and tokens: what they look like, and what is asked of a token request."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ipse.csc.errors import ExpiredToken, InvalidGrant, InvalidRequest, InvalidToken, UnsupportedGrantType
from ipse.csc.model import TOKEN_SECONDS, Asked, Scope, Token, Version
from ipse.kernel.clock import SECOND
from ipse.kernel.ids import b64u
from ipse.standards import shared_tokens
from ipse.standards.jose import JoseError
from ipse.standards.oauth import OAuthFormError, bearer_token, check_verifier

ISSUER: Final = "csc_api"
"""`iss` and `aud` of version 1's tokens, as the partner protocol has them."""
TYPES: Final = {Scope.SERVICE: "Bearer", Scope.CREDENTIAL: "SAD"}
"""`token_type` of version 1; in version 2 it is always `Bearer`."""


def code(key: bytes, round_id: str, version: Version, scope: Scope) -> str:
    """The code of a round: always the same, so that a browser whose answer was lost gets it again.

    In version 1 it is the hexadecimal form of `uuid|Bearer` or `uuid|SAD`.
    """
    octets = hmac.digest(key, b"csc code\x00" + round_id.encode(), "sha256")
    if version is Version.TWO:
        return b64u(octets)
    return f"{uuid(octets)}|{TYPES[scope]}".encode().hex()


def uuid(octets: bytes) -> str:
    """Random octets as a UUID of version 4 (RFC 9562 §5.4), of which 122 bits are theirs."""
    marked = bytearray(octets[:16])
    marked[6] = marked[6] & 0x0F | 0x40
    marked[8] = marked[8] & 0x3F | 0x80
    text = marked.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def tokens_key(key: bytes) -> bytes:
    """What version 1's tokens are signed with."""
    return hmac.digest(key, b"csc v1 tokens", "sha256")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a token of version 1 says."""

    token_id: str
    subject: str
    stamp: str
    expires: int
    """Seconds UTC."""
    scope: Scope


def build(key: bytes, claims: Claims) -> str:
    """A token of version 1, as the partner protocol has it."""
    members: dict[str, Any] = {
        "iss": ISSUER,
        "aud": ISSUER,
        "sub": claims.token_id,
        "name": claims.subject,
        "SecurityStamp": claims.stamp,
        "exp": claims.expires,
    }
    if claims.scope is Scope.CREDENTIAL:
        members["Credential"] = "true"
    return shared_tokens.make(tokens_key(key), members)


def check_form(key: bytes, text: str) -> None:
    """A token of version 1 is one that we have signed: no look at the database for any other.

    Raises:
        InvalidToken: it is none.
    """
    try:
        claims = shared_tokens.read((tokens_key(key),), text)
    except JoseError as error:
        raise InvalidToken(detail=error.reason) from error
    if claims.get("iss") != ISSUER or claims.get("aud") != ISSUER:
        raise InvalidToken(detail="iss or aud of others")


def sent(authorization: str | None) -> str:
    """The token of the `Authorization` header.

    Raises:
        InvalidToken: there is no header.
        InvalidRequest: it carries no bearer token.
    """
    try:
        token = bearer_token(authorization)
    except OAuthFormError as error:
        raise InvalidRequest("Malformed authorization header") from error
    if token is None:
        raise InvalidToken(detail="no Authorization header")
    return token


def check_living(token: Token, now: int) -> None:
    """Its time is not over and nobody has revoked it; `now` in microseconds UTC.

    Raises:
        ExpiredToken: else.
    """
    if token.revoked_at is not None or token.expires_at <= now:
        raise ExpiredToken


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """A code, and what must fit it."""

    code: str
    redirect_uri: str
    code_verifier: str | None


def read_request(form: Mapping[str, object], version: Version) -> TokenRequest:
    """What is asked of the token endpoint.

    Raises:
        InvalidRequest, UnsupportedGrantType: something is missing, or another grant.
    """
    grant = form.get("grant_type")
    if not grant:
        raise InvalidRequest("Missing parameter grant_type")
    if grant != "authorization_code":
        if version is Version.ONE:
            raise InvalidRequest("Invalid parameter grant_type")
        raise UnsupportedGrantType
    written, verifier = form.get("code"), form.get("code_verifier")
    # The partner protocol's table calls it redirect_url, its example redirect_uri.
    uri = form.get("redirect_uri") or (form.get("redirect_url") if version is Version.ONE else None)
    if not written:
        raise InvalidRequest("Missing parameter code")
    if not isinstance(written, str) or len(written) > 256:
        raise InvalidGrant("Invalid parameter code")
    if not isinstance(uri, str) or not uri:
        raise InvalidGrant("redirect_uri parameter does not match", detail="redirect_uri is missing")
    return TokenRequest(
        code=written, redirect_uri=uri, code_verifier=verifier if isinstance(verifier, str) and verifier else None
    )


def check_fits(request: TokenRequest, asked: Asked) -> None:
    """Redirect URI and PKCE are those of the authorization request.

    Raises:
        InvalidGrant: one of them is not.
    """
    if request.redirect_uri != asked.redirect_uri:
        raise InvalidGrant("redirect_uri parameter does not match")
    try:
        check_verifier(request.code_verifier, asked.code_challenge)
    except OAuthFormError as error:
        raise InvalidGrant("Invalid parameter code_verifier", detail=str(error)) from error


def answer(token: str, version: Version, scope: Scope) -> dict[str, Any]:
    """What both versions have in common."""
    kind = TYPES[scope] if version is Version.ONE else "Bearer"
    common: dict[str, Any] = {"access_token": token, "token_type": kind, "expires_in": TOKEN_SECONDS}
    return {"access_token": token, "refresh_token": None, **common} if version is Version.ONE else common


def until(now: int) -> int:
    """When a token issued now ends."""
    return now + TOKEN_SECONDS * SECOND
