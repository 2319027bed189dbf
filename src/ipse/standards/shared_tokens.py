"""Tokens under a key that two share: compact JWS with `HS256` (RFC 7515, RFC 7518 §3.2), and nothing else.

For what the signing API of the Cloud Signature Consortium prescribes; everything else is signed with keys of its own
(`standards.jose`).
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from ipse.kernel.ids import b64u, b64u_decode
from ipse.standards.jose import JoseError
from ipse.standards.strict_json import JsonError, parse_object

_HEADER: Final = b64u(b'{"alg":"HS256","typ":"JWT"}')
_MOST: Final = 4096
_HEADER_MEMBERS: Final = frozenset({"alg", "typ", "kid", "cty"})


def make(key: bytes, claims: Mapping[str, Any]) -> str:
    """A token with these claims."""
    signed = f"{_HEADER}.{b64u(msgspec.json.encode(claims))}"
    return f"{signed}.{b64u(hmac.digest(key, signed.encode(), 'sha256'))}"


def read(keys: Iterable[bytes], text: str, *, most: int = _MOST) -> dict[str, Any]:
    """The claims of a token under one of these keys.

    Raises:
        JoseError: another form, type or algorithm, or under another key.
    """
    if len(text) > most or not text.isascii() or text.count(".") != 2:
        raise JoseError("not a compact token")
    head, payload, mac = text.split(".")
    try:
        header = parse_object(b64u_decode(head))
        octets, given = b64u_decode(payload), b64u_decode(mac)
    except (JsonError, ValueError) as error:
        raise JoseError("not a compact token") from error
    if header.get("alg") != "HS256" or not header.keys() <= _HEADER_MEMBERS:
        raise JoseError("not a token with HS256")
    if not isinstance(header.get("typ", "JWT"), str) or header.get("typ", "JWT").upper() != "JWT":
        raise JoseError("a token of another type")
    signed = f"{head}.{payload}".encode()
    # Every key is tried, so that the time says nothing about which one it was.
    fits = [hmac.compare_digest(hmac.digest(key, signed, "sha256"), given) for key in keys]
    if not any(fits):
        raise JoseError("not signed with the shared key")
    try:
        return parse_object(octets)
    except JsonError as error:
        raise JoseError("the claims are no JSON object") from error
