"""Signed and encrypted tokens as the second parties make and read them, always with the algorithms named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from joserfc import jwe, jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OctKey

from ipse.kernel.ids import b64u_decode, sha256

Jwk = Mapping[str, Any]


class BadTokenError(Exception):
    """A token is malformed, or not signed or encrypted as it must be. Says what is wrong."""


def generate(kid: str, use: str, algorithm: str) -> dict[str, Any]:
    """A new private key on P-256 as JWK."""
    key = ECKey.generate_key("P-256").as_dict(private=True)
    return {**key, "use": use, "kid": kid, "alg": algorithm}


def public(private: Jwk) -> dict[str, Any]:
    """The half of a key that may be told."""
    return {name: value for name, value in private.items() if name not in {"d", "p", "q", "dp", "dq", "qi", "k"}}


def sign(claims: Mapping[str, Any], key: Jwk, *, typ: str = "JWT") -> str:
    """A compact JWS with the key's own algorithm and id."""
    header = {"alg": key["alg"], "typ": typ, "kid": key["kid"]}
    return jwt.encode(header, dict(claims), ECKey.import_key(dict(key)), algorithms=[key["alg"]])


def unverified_header(token: str) -> dict[str, Any]:
    """What a compact JWS or JWE says of itself; nothing of it is proven.

    Raises:
        BadTokenError: not a compact token.
    """
    try:
        header = msgspec.json.decode(b64u_decode(token.split(".", 1)[0]))
    except (ValueError, msgspec.DecodeError) as error:
        raise BadTokenError("not a compact token") from error
    if not isinstance(header, dict):
        raise BadTokenError("not a compact token")
    return header


def verify(token: str, keys: Sequence[Jwk], *, algorithms: Sequence[str]) -> dict[str, Any]:
    """The claims of a compact JWS by one of these public keys.

    Raises:
        BadTokenError: another algorithm, an unknown key, a wrong signature, or no JSON object inside.
    """
    if token.count(".") != 2:
        raise BadTokenError("not a signed token")
    header = unverified_header(token)
    known = [dict(key) for key in keys if key.get("kid") == header.get("kid") and key.get("use", "sig") == "sig"]
    if not known or "kid" not in header:
        raise BadTokenError(f"signed by a key we do not know: {header.get('kid')!r}")
    try:
        signature = jws.deserialize_compact(token, KeySet.import_key_set({"keys": known}), list(algorithms))
        claims = msgspec.json.decode(signature.payload)
    except (JoseError, ValueError, msgspec.DecodeError) as error:
        raise BadTokenError(f"the signature cannot be verified: {error}") from error
    if not isinstance(claims, dict):
        raise BadTokenError("a signed token must hold a JSON object")
    return claims


def decrypt(token: str, private: Jwk, *, algorithm: str, encryption: str) -> str:
    """The signed token inside a compact JWE.

    Raises:
        BadTokenError: not encrypted, encrypted otherwise, or to another key.
    """
    if token.count(".") != 4:
        raise BadTokenError("not an encrypted token")
    header = unverified_header(token)
    if header.get("alg") != algorithm or header.get("enc") != encryption:
        raise BadTokenError(f"encrypted with {header.get('alg')}/{header.get('enc')}, not {algorithm}/{encryption}")
    if str(header.get("cty", "")).upper() != "JWT":
        raise BadTokenError("the encrypted content is not announced as a JWT (cty)")
    if "kid" in private and header.get("kid") != private["kid"]:
        raise BadTokenError(f"encrypted to another key: {header.get('kid')!r}")
    try:
        keys = KeySet.import_key_set({"keys": [dict(private)]})
        plaintext = jwe.decrypt_compact(token, keys.keys[0], algorithms=[algorithm, encryption]).plaintext
    except (JoseError, ValueError) as error:
        raise BadTokenError(f"it cannot be decrypted: {error}") from error
    return (plaintext or b"").decode("ascii", errors="replace")


def secret_key(client_secret: str) -> dict[str, Any]:
    """The key that a client secret is, for direct encryption with 256 bits (OpenID Connect Core 1.0 §10.2)."""
    return dict(OctKey.import_key(sha256(client_secret)).as_dict(private=True))
