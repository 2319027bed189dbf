"""JSON Web Keys (RFC 7517, 7518 §6, 8037) and their thumbprints (RFC 7638).

P-256, RSA of 2048 to 8192 bits and, to sign with, Ed25519. Parsed keys are cached, because the same partner's keys come
with each login.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import prod
from typing import Any, Final, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from ipse.kernel.ids import b64u, b64u_decode
from ipse.standards.jose.errors import JoseError

SIGNATURE_KTY: Final = {"ES256": "EC", "RS256": "RSA", "PS256": "RSA", "EdDSA": "OKP"}
ENCRYPTION_KTY: Final = {"RSA-OAEP-256": "RSA", "RSA-OAEP": "RSA", "ECDH-ES": "EC"}
_PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_PUBLIC_MEMBERS: Final = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n"), "OKP": ("crv", "kty", "x")}
_RSA_BITS: Final = range(2048, 8193)
_EXPONENT: Final = 65537

Jwk = Mapping[str, Any]
_Public = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
_Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key of somebody else, to verify with or to encrypt to."""

    kid: str
    use: str
    kty: str
    alg: str | None
    handle: _Public = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A key of our own, to sign or decrypt with."""

    kid: str
    use: str
    kty: str
    alg: str | None
    handle: _Private = field(repr=False, compare=False)

    @property
    def slow(self) -> bool:
        """Whether an operation takes so long (0.5 ms) that it belongs in a worker thread."""
        return self.kty == "RSA"

    @property
    def public(self) -> PublicKey:
        """Its public half, to verify what was signed here."""
        return PublicKey(self.kid, self.use, self.kty, self.alg, self.handle.public_key())


@dataclass(frozen=True, slots=True)
class KeySet:
    """The public keys registered for one party, in the party's order."""

    keys: tuple[PublicKey, ...]

    def signature_key(self, kid: str, alg: str) -> PublicKey:
        """The one key with this `kid` that may verify `alg`.

        Raises:
            JoseError: there is none.
        """
        for key in self.keys:
            if key.kid == kid and key.use == "sig" and key.alg in {None, alg}:
                if key.kty == SIGNATURE_KTY.get(alg):
                    return key
                break
        raise JoseError("no registered key with this kid for this algorithm")

    def encryption_key(self, alg: str) -> PublicKey:
        """The first key that can be encrypted to with `alg`.

        Raises:
            JoseError: there is none.
        """
        return self.encryption_keys(alg)[0]

    def encryption_keys(self, alg: str) -> tuple[PublicKey, ...]:
        """All keys that can be encrypted to with `alg`, one at least.

        Raises:
            JoseError: there is none.
        """
        kty = ENCRYPTION_KTY.get(alg)
        found = tuple(key for key in self.keys if key.use == "enc" and key.alg in {None, alg} and key.kty == kty)
        if not found:
            raise JoseError("no registered encryption key for this algorithm")
        return found


def one_name(alg: object) -> object:
    """An algorithm by the one name we use: RFC 9864 calls EdDSA with Ed25519 `Ed25519`, and it is the same."""
    return "EdDSA" if alg == "Ed25519" else alg


def thumbprint(jwk: Jwk) -> str:
    """RFC 7638 SHA-256 thumbprint as base64url, 43 characters.

    Raises:
        JoseError: a required member is missing or the key type is not one of ours.
    """
    required = {name: _text(jwk, name) for name in _PUBLIC_MEMBERS[_kty(jwk)]}
    return b64u(hashlib.sha256(msgspec.json.encode(required, order="sorted")).digest())


def public_key(jwk: Jwk) -> PublicKey:
    """Parse one public JWK; `kid` and `use` default to the thumbprint and `sig`.

    Raises:
        JoseError: a private member, a weak key, a point off the curve, or a member that is not what it should be.
    """
    if _PRIVATE_MEMBERS & jwk.keys():
        raise JoseError("a private or symmetric key where a public one belongs")
    kid, use, alg = _attributes(jwk)
    handle = _PUBLIC[_kty(jwk)](jwk)
    return PublicKey(kid, use, _kty(jwk), alg, handle)


def public_keys(jwks: Mapping[str, Any]) -> KeySet:
    """Parse a set of public JWKs, cached by content. Unknown key types are skipped (RFC 7517 §5).

    Raises:
        JoseError: it is no key set, a key is unsound, or two share one `kid`.
    """
    return _cached_public_keys(_canonical(jwks))


def private_keys(jwks: Iterable[Jwk]) -> tuple[PrivateKey, ...]:
    """Parse private JWKs, cached by content, in the given order.

    Raises:
        JoseError: a key is unsound or not private.
    """
    return tuple(_cached_private_key(_canonical(jwk)) for jwk in jwks)


def public_jwk(jwk: Jwk) -> dict[str, Any]:
    """The public members of a JWK, ready to publish."""
    kty = _kty(jwk)
    public = {name: _text(jwk, name) for name in _PUBLIC_MEMBERS[kty]}
    return public | {name: jwk[name] for name in ("use", "alg", "kid") if name in jwk}


def new_private_jwk(alg: str, *, kid: str | None = None, bits: int = 2048) -> dict[str, str]:
    """Make a key for a signature or key-management algorithm; `kid` defaults to the thumbprint.

    Raises:
        JoseError: the algorithm is not one of ours.
    """
    use = "sig" if alg in SIGNATURE_KTY else "enc"
    match SIGNATURE_KTY.get(alg) or ENCRYPTION_KTY.get(alg):
        case "EC":
            members = _ec_members(ec.generate_private_key(ec.SECP256R1()))
        case "OKP":
            members = _okp_members(ed25519.Ed25519PrivateKey.generate())
        case "RSA":
            members = _rsa_members(rsa.generate_private_key(_EXPONENT, bits))
        case _:
            raise JoseError("not an algorithm with a key pair")
    return members | {"use": use, "alg": alg, "kid": kid or thumbprint(members)}


def check_partner_jwks(jwks: Mapping[str, Any]) -> KeySet:
    """Judge a partner's key set at registration: sound keys, all with a `kid`, one to sign and one to encrypt at least.

    Raises:
        JoseError: says what is wrong, for the partner to read.
    """
    for jwk in _members(jwks):
        if not isinstance(jwk.get("kid"), str) or jwk.get("use") not in ("sig", "enc"):
            raise JoseError("each key needs a kid and a use of sig or enc")
    keys = public_keys(jwks)
    uses = {key.use for key in keys.keys}
    if uses != {"sig", "enc"}:
        raise JoseError("at least one signature key and one encryption key are needed")
    return keys


def _canonical(value: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode(value, order="sorted")


@lru_cache(maxsize=4096)
def _cached_public_keys(canonical: bytes) -> KeySet:
    keys = tuple(public_key(jwk) for jwk in _members(msgspec.json.decode(canonical)) if _is_judged(jwk))
    if len({key.kid for key in keys}) != len(keys):
        raise JoseError("two keys share one kid")
    return KeySet(keys)


def _is_judged(jwk: Jwk) -> bool:
    """Whether it is of a type that we judge; X25519 and its like are none of ours, and nobody's fault."""
    return jwk.get("kty") in ("EC", "RSA", "oct") or (jwk.get("kty"), jwk.get("crv")) == ("OKP", "Ed25519")


@lru_cache(maxsize=256)
def _cached_private_key(canonical: bytes) -> PrivateKey:
    jwk = msgspec.json.decode(canonical, type=dict[str, Any])
    kid, use, alg = _attributes(jwk)
    handle = _PRIVATE[_kty(jwk)](jwk)
    return PrivateKey(kid, use, _kty(jwk), alg, handle)


def _members(jwks: Mapping[str, Any]) -> list[dict[str, Any]]:
    keys = jwks.get("keys")
    if not isinstance(keys, list) or not all(isinstance(jwk, dict) for jwk in keys):
        raise JoseError("not a key set")
    return keys


def _attributes(jwk: Jwk) -> tuple[str, Literal["sig", "enc"], str | None]:
    kid, use, alg = jwk.get("kid") or thumbprint(jwk), jwk.get("use", "sig"), jwk.get("alg")
    if not isinstance(kid, str) or len(kid) > 256:
        raise JoseError("kid is not a text of at most 256 characters")
    if use not in ("sig", "enc"):
        raise JoseError("use is neither sig nor enc")
    if use == "enc" and _kty(jwk) == "OKP":
        raise JoseError("an Ed25519 key signs, and encrypts nothing")
    fitting = SIGNATURE_KTY if use == "sig" else ENCRYPTION_KTY
    alg = one_name(alg)
    if alg is not None and (not isinstance(alg, str) or alg not in fitting):
        raise JoseError("alg does not fit the use of the key")
    return kid, use, alg


def _kty(jwk: Jwk) -> str:
    kty = jwk.get("kty")
    if not isinstance(kty, str) or kty not in _PUBLIC_MEMBERS:
        raise JoseError("kty is none of EC, RSA and OKP")
    return kty


def _text(jwk: Jwk, name: str) -> str:
    value = jwk.get(name)
    if not isinstance(value, str):
        raise JoseError(f"{name} is missing")
    return value


def _octets(jwk: Jwk, name: str) -> bytes:
    try:
        return b64u_decode(_text(jwk, name))
    except ValueError as error:
        raise JoseError(f"{name} is not base64url") from error


def _number(jwk: Jwk, name: str) -> int:
    return int.from_bytes(_octets(jwk, name), "big")


def _ec_numbers(jwk: Jwk) -> ec.EllipticCurvePublicKey:
    x, y = _octets(jwk, "x"), _octets(jwk, "y")
    if jwk.get("crv") != "P-256" or len(x) != 32 or len(y) != 32:
        raise JoseError("not a P-256 key")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + x + y)
    except ValueError as error:
        raise JoseError("the point is not on the curve") from error


def _ec_private(jwk: Jwk) -> ec.EllipticCurvePrivateKey:
    public = _ec_numbers(jwk)
    try:
        private = ec.derive_private_key(_number(jwk, "d"), ec.SECP256R1())
    except ValueError as error:
        raise JoseError("d is out of range") from error
    if private.public_key().public_numbers() != public.public_numbers():
        raise JoseError("private and public halves do not belong together")
    return private


def _okp_public(jwk: Jwk) -> ed25519.Ed25519PublicKey:
    if jwk.get("crv") != "Ed25519":
        raise JoseError("not an Ed25519 key")
    try:
        return ed25519.Ed25519PublicKey.from_public_bytes(_octets(jwk, "x"))
    except ValueError as error:
        raise JoseError("not an Ed25519 key") from error


def _okp_private(jwk: Jwk) -> ed25519.Ed25519PrivateKey:
    public = _okp_public(jwk)
    try:
        private = ed25519.Ed25519PrivateKey.from_private_bytes(_octets(jwk, "d"))
    except ValueError as error:
        raise JoseError("not an Ed25519 private key") from error
    if private.public_key() != public:
        raise JoseError("private and public halves do not belong together")
    return private


def _rsa_public(jwk: Jwk) -> rsa.RSAPublicKey:
    modulus, exponent = _number(jwk, "n"), _number(jwk, "e")
    if modulus.bit_length() not in _RSA_BITS:
        raise JoseError("RSA keys have 2048 to 8192 bits")
    if exponent < 3 or exponent % 2 == 0 or exponent.bit_length() > 256:
        raise JoseError("an RSA exponent that is not sound")
    if modulus % 2 == 0 or _is_roca(modulus):
        raise JoseError("a modulus that can be factored")
    try:
        return rsa.RSAPublicNumbers(exponent, modulus).public_key()
    except ValueError as error:
        raise JoseError("not an RSA key") from error


def _rsa_private(jwk: Jwk) -> rsa.RSAPrivateKey:
    _rsa_public(jwk)
    numbers = rsa.RSAPrivateNumbers(
        p=_number(jwk, "p"),
        q=_number(jwk, "q"),
        d=_number(jwk, "d"),
        dmp1=_number(jwk, "dp"),
        dmq1=_number(jwk, "dq"),
        iqmp=_number(jwk, "qi"),
        public_numbers=rsa.RSAPublicNumbers(_number(jwk, "e"), _number(jwk, "n")),
    )
    try:
        return numbers.private_key()
    except ValueError as error:
        raise JoseError("not an RSA private key") from error


_PUBLIC: Final[Mapping[str, Callable[[Jwk], _Public]]] = {"RSA": _rsa_public, "EC": _ec_numbers, "OKP": _okp_public}
_PRIVATE: Final[Mapping[str, Callable[[Jwk], _Private]]] = {"RSA": _rsa_private, "EC": _ec_private, "OKP": _okp_private}


def _okp_members(key: ed25519.Ed25519PrivateKey) -> dict[str, str]:
    public, private = key.public_key().public_bytes_raw(), key.private_bytes_raw()
    return {"kty": "OKP", "crv": "Ed25519", "x": b64u(public), "d": b64u(private)}


def _ec_members(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    numbers = key.private_numbers()
    coordinates = {"x": numbers.public_numbers.x, "y": numbers.public_numbers.y, "d": numbers.private_value}
    return {"kty": "EC", "crv": "P-256"} | {
        name: b64u(value.to_bytes(32, "big")) for name, value in coordinates.items()
    }


def _rsa_members(key: rsa.RSAPrivateKey) -> dict[str, str]:
    numbers = key.private_numbers()
    values = {
        "n": numbers.public_numbers.n,
        "e": numbers.public_numbers.e,
        "d": numbers.d,
        "p": numbers.p,
        "q": numbers.q,
        "dp": numbers.dmp1,
        "dq": numbers.dmq1,
        "qi": numbers.iqmp,
    }
    return {"kty": "RSA"} | {
        name: b64u(value.to_bytes((value.bit_length() + 7) // 8, "big")) for name, value in values.items()
    }


_ROCA_PRIMES: Final = tuple(p for p in range(11, 168) if all(p % divisor for divisor in range(2, int(p**0.5) + 1)))


def _powers(prime: int) -> frozenset[int]:
    return frozenset(pow(_EXPONENT, exponent, prime) for exponent in range(prime - 1))


_ROCA_MARKS: Final = tuple((prime, _powers(prime)) for prime in _ROCA_PRIMES)
_ROCA_PRODUCT: Final = prod(_ROCA_PRIMES)


def _is_roca(modulus: int) -> bool:
    """Whether the modulus bears the mark of CVE-2017-15361: a power of 65537 modulo each small prime."""
    rest = modulus % _ROCA_PRODUCT
    return all(rest % prime in marks for prime, marks in _ROCA_MARKS)
