"""Proofs of possession on the wire: DPoP (RFC 9449). What is demanded of one is the business of whoever reads it."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from ipse.kernel.ids import b64u, sha256
from ipse.standards import jose

ALGORITHMS: Final = ("ES256", "PS256", "EdDSA")
"""What a proof may be signed with: what FAPI 2.0 allows, because nobody needs older ones here (RFC 9449 §11.6)."""
_TYPES: Final = frozenset({"dpop+jwt"})
_MOST_BYTES: Final = 8192
_MOST_CHARACTERS: Final = 255
_PORTS: Final = {"https": 443, "http": 80}


class DPoPError(ValueError):
    """It is no proof of possession. The text names what is wrong and repeats nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What the holder of a key has signed for one request."""

    thumbprint: str
    """Of the key (RFC 7638): `jkt`."""
    identifier: str
    """`jti`."""
    method: str
    """`htm`."""
    address: str
    """`htu`, as it was written."""
    issued_at: float
    """`iat`, seconds UTC."""
    token_hash: str | None = None
    """`ath`."""
    nonce: str | None = None


def read_proof(text: str) -> Proof:
    """Read a `DPoP` header whose signature fits the public key inside it (RFC 9449 §4.3, points 2 to 7).

    Raises:
        DPoPError: no such token, another type or algorithm, a private key, a wrong signature, a claim missing.
    """
    try:
        token = jose.UnverifiedToken.parse(text, max_bytes=_MOST_BYTES)
        verified = jose.verify_possession(token, algorithms=ALGORITHMS, types=_TYPES)
        claims = verified.claims
    except jose.JoseError as error:
        raise DPoPError(error.reason) from error
    return Proof(
        thumbprint=verified.key.kid,
        identifier=_text(claims, "jti", most=_MOST_CHARACTERS),
        method=_text(claims, "htm"),
        address=_text(claims, "htu"),
        issued_at=_number(claims, "iat"),
        token_hash=_text(claims, "ath") if "ath" in claims else None,
        nonce=_text(claims, "nonce", most=_MOST_CHARACTERS) if "nonce" in claims else None,
    )


def same_address(written: str, address: str) -> bool:
    """Whether `htu` names an address, without query and fragment, after normalisation (RFC 9449 §4.3, RFC 3986 §6.2).

    Scheme and host are compared without regard to case and a port that goes without saying may be said; a path is
    compared as it is: nobody needs to write ours in two ways.
    """
    return _normal(written) is not None and _normal(written) == _normal(address)


def token_hash(access_token: str) -> str:
    """The `ath` of an access token: SHA-256 of its ASCII as base64url (RFC 9449 §4.2)."""
    return b64u(sha256(access_token))


def fits_token(proof: Proof, access_token: str) -> bool:
    """Whether the proof was made for this access token."""
    return proof.token_hash is not None and hmac.compare_digest(
        proof.token_hash.encode(), token_hash(access_token).encode()
    )


def _normal(address: str) -> tuple[str, str, int | None, str] | None:
    try:
        parts = urlsplit(address)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    if not parts.scheme or not parts.hostname or parts.username is not None:
        return None
    return parts.scheme.lower(), parts.hostname.lower(), port, parts.path or "/"


def _text(claims: Mapping[str, Any], name: str, *, most: int = 2048) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise DPoPError(f"{name} is missing or no text of at most {most} characters")
    return value


def _number(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DPoPError(f"{name} is missing or no number")
    return value
