"""Signed tokens: compact JWS (RFC 7515) with `ES256`, `RS256`, `PS256` and `EdDSA`, judged as RFC 8725 asks."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from ipse.kernel.ids import b64u, b64u_decode
from ipse.standards.jose.errors import JoseError
from ipse.standards.jose.keys import (
    SIGNATURE_KTY,
    KeySet,
    PrivateKey,
    PublicKey,
    one_name,
    public_key,
    thumbprint,
)
from ipse.standards.strict_json import JsonError, parse_object

MAX_BYTES: Final = 32_768
"""Largest token taken from a stranger."""
_COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)+")
_ECDSA: Final = ec.ECDSA(SHA256())
_SHA256: Final = SHA256()
_RSA_PADDING: Final = {
    "RS256": padding.PKCS1v15(),
    # As RFC 7518 §3.5 says: MGF1 with the same hash, and a salt as long as the hash.
    "PS256": padding.PSS(padding.MGF1(_SHA256), _SHA256.digest_size),
}


@dataclass(frozen=True, slots=True)
class UnverifiedToken:
    """A signed token as a stranger sent it. Nothing in it is true yet; use it to find the keys, then `verify`."""

    text: str = field(repr=False)
    unverified_header: Mapping[str, Any]
    _signed: bytes = field(repr=False)
    _payload: bytes = field(repr=False)
    _signature: bytes = field(repr=False)

    @classmethod
    def parse(cls, text: str, *, max_bytes: int = MAX_BYTES) -> UnverifiedToken:
        """Take a compact JWS apart.

        Raises:
            JoseError: wrong form, too large, unsound header, no `kid`, a `crit` or `b64` member.
        """
        parts = split(text, count=3, max_bytes=max_bytes)
        header = read_header(parts[0])
        signed = text.rpartition(".")[0].encode()
        return cls(text, header, signed, _decode(parts[1]), _decode(parts[2]))

    def unverified_claims(self) -> dict[str, Any]:
        """The payload's members, believed by nobody.

        Raises:
            JoseError: the payload is not a JSON object, or holds a name twice.
        """
        return _claims(self._payload)


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """A token whose signature was verified with a registered key. Made only by `verify`."""

    header: Mapping[str, Any]
    payload: bytes = field(repr=False)
    key: PublicKey

    @property
    def claims(self) -> dict[str, Any]:
        """The payload's members.

        Raises:
            JoseError: the payload is not a JSON object, or holds a name twice.
        """
        return _claims(self.payload)


def sign(payload: Mapping[str, Any] | bytes, key: PrivateKey, *, alg: str, typ: str | None = None) -> str:
    """Make a compact JWS. Where `key.slow`, call from a worker thread.

    Raises:
        JoseError: the key does not fit the algorithm.
    """
    if key.use != "sig" or key.alg not in {None, alg} or SIGNATURE_KTY.get(alg) != key.kty:
        raise JoseError("the key does not fit the algorithm")
    content = payload if isinstance(payload, bytes) else msgspec.json.encode(payload)
    signed = f"{_protected(alg, key.kid, typ)}.{b64u(content)}"
    return f"{signed}.{b64u(_signature(key, alg, signed.encode()))}"


def verify(
    token: UnverifiedToken,
    keys: KeySet | PublicKey,
    *,
    algorithms: Collection[str],
    types: Collection[str | None],
) -> VerifiedToken:
    """Believe a token, or raise.

    Args:
        token: what was sent.
        keys: the registered keys of the party that should have signed; the one with the token's `kid` is used.
        algorithms: what this context allows.
        types: the `typ` values this context allows, in lower case without `application/`; `None` allows its absence.

    Raises:
        JoseError: the algorithm, type, key or signature is not right.
    """
    header = token.unverified_header
    alg, kid = header.get("alg"), header.get("kid")
    if not isinstance(alg, str) or alg not in algorithms or alg not in SIGNATURE_KTY:
        raise JoseError("algorithm not allowed")
    if not isinstance(kid, str):
        raise JoseError("no kid")
    if media_type(header.get("typ")) not in types:
        raise JoseError("a token of another type")
    found = (keys if isinstance(keys, KeySet) else KeySet((keys,))).signature_key(kid, alg)
    _check_signature(found, alg, token._signature, token._signed)  # noqa: SLF001
    return VerifiedToken(header, token._payload, found)  # noqa: SLF001


def verify_possession(
    token: UnverifiedToken, *, algorithms: Collection[str], types: Collection[str | None]
) -> VerifiedToken:
    """Believe that the sender holds the private half of the key in the header's `jwk`, and nothing else.

    For proofs of possession alone (RFC 9449 §4.3): whose key it is has to be known from elsewhere. The `kid` of the
    key that is returned is its thumbprint (RFC 7638).

    Raises:
        JoseError: the algorithm or type is not allowed, the key is private, weak or none, or the signature is wrong.
    """
    header = token.unverified_header
    alg, jwk = header.get("alg"), header.get("jwk")
    if not isinstance(alg, str) or alg not in algorithms or alg not in SIGNATURE_KTY:
        raise JoseError("algorithm not allowed")
    if media_type(header.get("typ")) not in types:
        raise JoseError("a token of another type")
    if not isinstance(jwk, dict):
        raise JoseError("no jwk")
    key = public_key({**jwk, "kid": thumbprint(jwk)})
    verified = verify(replace(token, unverified_header={**header, "kid": key.kid}), key, algorithms={alg}, types=types)
    return replace(verified, header=header)


def media_type(typ: object) -> str | None:
    """A `typ` or `cty` value to compare: lower case, without `application/` (RFC 7515 §4.1.9)."""
    if typ is None:
        return None
    return typ.lower().removeprefix("application/") if isinstance(typ, str) else "?"


def split(text: str, *, count: int, max_bytes: int) -> list[str]:
    """The parts of a compact serialisation.

    Raises:
        JoseError: too large, another number of parts, characters that do not belong there.
    """
    if len(text) > max_bytes:
        raise JoseError("too large")
    if text.count(".") != count - 1 or not _COMPACT.fullmatch(text):
        raise JoseError(f"not a compact token of {count} parts")
    return text.split(".")


def read_header(part: str) -> Mapping[str, Any]:
    """The protected header of a JWS or JWE.

    Raises:
        JoseError: not an object, a name twice, compressed, or with extensions we would have to understand.
    """
    try:
        header = _cached_header(part)
    except (JsonError, ValueError) as error:
        raise JoseError("the header is not a sound JSON object") from error
    if header.keys() & {"crit", "b64", "zip"}:
        raise JoseError("the header holds an extension or compression")
    return header


@lru_cache(maxsize=1024)
def _cached_header(part: str) -> Mapping[str, Any]:
    header = parse_object(b64u_decode(part), max_bytes=4096)
    return header | {"alg": one_name(header["alg"])} if "alg" in header else header


@lru_cache(maxsize=256)
def _protected(alg: str, kid: str, typ: str | None) -> str:
    header = {"alg": alg, "kid": kid} | ({"typ": typ} if typ else {})
    return b64u(msgspec.json.encode(header))


def _decode(part: str) -> bytes:
    try:
        return b64u_decode(part)
    except ValueError as error:
        raise JoseError("a part is not base64url") from error


def _claims(payload: bytes) -> dict[str, Any]:
    try:
        return parse_object(payload, max_bytes=max(MAX_BYTES, len(payload)))
    except JsonError as error:
        raise JoseError(f"the payload is unsound: {error}") from error


def _signature(key: PrivateKey, alg: str, signed: bytes) -> bytes:
    if isinstance(key.handle, rsa.RSAPrivateKey):
        return key.handle.sign(signed, _RSA_PADDING[alg], _SHA256)
    if isinstance(key.handle, ed25519.Ed25519PrivateKey):
        return key.handle.sign(signed)
    r, s = decode_dss_signature(key.handle.sign(signed, _ECDSA))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _check_signature(key: PublicKey, alg: str, signature: bytes, signed: bytes) -> None:
    try:
        if isinstance(key.handle, rsa.RSAPublicKey):
            key.handle.verify(signature, signed, _RSA_PADDING[alg], _SHA256)
            return
        if isinstance(key.handle, ed25519.Ed25519PublicKey):
            key.handle.verify(signature, signed)
            return
        if len(signature) != 64:
            raise JoseError("an ES256 signature has 64 bytes")
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        key.handle.verify(encode_dss_signature(r, s), signed, _ECDSA)
    except InvalidSignature as error:
        raise JoseError("wrong signature") from error
