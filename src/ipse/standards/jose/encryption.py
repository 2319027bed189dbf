"""Encrypted content: compact JWE (RFC 7516, 7518 §4 and §5).

Encryption, and decryption of `ECDH-ES` with `A256GCM` (each message of a phone), use `cryptography` directly; other
decryption goes through joserfc. Every failure to decrypt is the same error.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from joserfc import jwe
from joserfc.errors import JoseError as JoserfcError
from joserfc.jwk import ECKey, OctKey, RSAKey

from ipse.kernel.ids import RandomIds, b64u, b64u_decode
from ipse.standards.jose.errors import JoseError
from ipse.standards.jose.keys import ENCRYPTION_KTY, PrivateKey, PublicKey, public_key
from ipse.standards.jose.signatures import MAX_BYTES, media_type, read_header, split

CONTENT_ENCRYPTION: Final = frozenset({"A256GCM", "A128CBC-HS256"})
"""Both take a key of 256 bits."""
_OAEP: Final = {
    "RSA-OAEP": padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None),  # noqa: S303  (RFC 7518 §4.3)
    "RSA-OAEP-256": padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None),
}
_KEY_BYTES: Final = 32
_random_octets: Final = RandomIds().octets

Octets = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class SharedKey:
    """256 bits that both sides hold, used as the content key itself (`dir`)."""

    octets: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Decrypted:
    """What a JWE held. Encryption proves nothing about the sender: verify what is inside."""

    header: Mapping[str, Any]
    plaintext: bytes = field(repr=False)


def shared_key(secret: str) -> SharedKey:
    """The symmetric key of a client secret: left-truncated SHA-256 (OpenID Connect Core §10.2), 256 bits."""
    return SharedKey(hashlib.sha256(secret.encode()).digest()[:_KEY_BYTES])


def encrypt(
    plaintext: bytes,
    key: PublicKey | SharedKey,
    *,
    alg: str,
    enc: str,
    cty: str | None = "JWT",
    typ: str | None = None,
    octets: Octets = _random_octets,
) -> str:
    """Make a compact JWE.

    Args:
        plaintext: what to protect.
        key: the receiver's key; a `SharedKey` with `alg` `dir`.
        alg: `RSA-OAEP-256`, `RSA-OAEP`, `ECDH-ES` or `dir`.
        enc: `A256GCM` or `A128CBC-HS256`.
        cty: `JWT` for a nested token, else what the content is.
        typ: the type of the whole, where the context has one.
        octets: source of randomness, for known-answer tests.

    Raises:
        JoseError: key and algorithms do not fit together.
    """
    if enc not in CONTENT_ENCRYPTION:
        raise JoseError("content encryption not supported")
    marks = {name: value for name, value in (("cty", cty), ("typ", typ)) if value}
    content_key, encrypted_key, protected = _agree(key, alg, enc, marks, octets)
    nonce, ciphertext, tag = _SEAL[enc](content_key, plaintext, protected.encode(), octets)
    return f"{protected}.{b64u(encrypted_key)}.{b64u(nonce)}.{b64u(ciphertext)}.{b64u(tag)}"


def decrypt(
    text: str,
    keys: Sequence[PrivateKey] | SharedKey,
    *,
    allowed: Collection[tuple[str, str]],
    cty: str | None = "jwt",
    max_bytes: int = MAX_BYTES,
) -> Decrypted:
    """Open a compact JWE. RSA takes 0.5 ms: call from a worker thread where keys are `slow`.

    Args:
        text: what was sent.
        keys: our private keys, of which the one with the token's `kid` is used; or the key shared for `dir`.
        allowed: the pairs of `alg` and `enc` this context takes.
        cty: the content type demanded, in lower case without `application/`; `None` demands its absence.
        max_bytes: the largest token taken.

    Raises:
        JoseError: wrong form, algorithms or type, unknown `kid`, or it does not open.
    """
    parts = split(text, count=5, max_bytes=max_bytes)
    header = read_header(parts[0])
    alg, enc = header.get("alg"), header.get("enc")
    if not isinstance(alg, str) or not isinstance(enc, str) or (alg, enc) not in allowed:
        raise JoseError("algorithms not allowed")
    if media_type(header.get("cty")) != cty:
        raise JoseError("content of another type")
    key = _decryption_key(header, alg, keys)
    try:
        if alg == "ECDH-ES" and isinstance(key, PrivateKey):
            ephemeral = _ephemeral(header)
            if enc == "A256GCM":
                return Decrypted(header, _open_agreed(ephemeral, parts, key))
        return Decrypted(header, _open_with_joserfc(text, alg, enc, key))
    except (InvalidTag, ValueError, TypeError, JoserfcError) as error:
        raise JoseError("does not open") from error


def _agree(
    key: PublicKey | SharedKey, alg: str, enc: str, marks: dict[str, str], octets: Octets
) -> tuple[bytes, bytes, str]:
    """The content key, its encrypted form, and the protected header."""
    if isinstance(key, SharedKey):
        if alg != "dir":
            raise JoseError("a shared key is used with dir only")
        return key.octets, b"", _protected({"alg": alg, "enc": enc} | marks)
    if key.use != "enc" or key.alg not in {None, alg} or ENCRYPTION_KTY.get(alg) != key.kty:
        raise JoseError("the key does not fit the algorithm")
    header: dict[str, Any] = {"alg": alg, "enc": enc, "kid": key.kid} | marks
    if isinstance(key.handle, rsa.RSAPublicKey):
        content_key = octets(_KEY_BYTES)
        return content_key, key.handle.encrypt(content_key, _OAEP[alg]), _protected(header)
    if not isinstance(key.handle, ec.EllipticCurvePublicKey):  # pragma: no cover - such keys only sign
        raise JoseError("the key does not fit the algorithm")
    ephemeral = ec.generate_private_key(ec.SECP256R1())
    content_key = _concat_kdf(ephemeral.exchange(ec.ECDH(), key.handle), enc)
    return content_key, b"", _protected(header | {"epk": _epk(ephemeral)})


def _protected(header: Mapping[str, Any]) -> str:
    return b64u(msgspec.json.encode(header))


def _epk(ephemeral: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    point = ephemeral.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return {"kty": "EC", "crv": "P-256", "x": b64u(point[1:33]), "y": b64u(point[33:])}


@lru_cache(maxsize=8)
def _kdf_info(enc: str) -> bytes:
    name = enc.encode()
    return len(name).to_bytes(4, "big") + name + bytes(8) + (8 * _KEY_BYTES).to_bytes(4, "big")


def _concat_kdf(secret: bytes, enc: str) -> bytes:
    """RFC 7518 §4.6.2 with empty party infos; one round of SHA-256 gives the 256 bits."""
    return hashlib.sha256(b"\x00\x00\x00\x01" + secret + _kdf_info(enc)).digest()


def _seal_gcm(key: bytes, plaintext: bytes, aad: bytes, octets: Octets) -> tuple[bytes, bytes, bytes]:
    nonce = octets(12)
    sealed = AESGCM(key).encrypt(nonce, plaintext, aad)
    return nonce, sealed[:-16], sealed[-16:]


def _seal_cbc(key: bytes, plaintext: bytes, aad: bytes, octets: Octets) -> tuple[bytes, bytes, bytes]:
    """AES-128-CBC with HMAC-SHA-256 (RFC 7518 §5.2)."""
    vector, missing = octets(16), 16 - len(plaintext) % 16
    encryptor = Cipher(algorithms.AES(key[16:]), modes.CBC(vector)).encryptor()
    ciphertext = encryptor.update(plaintext + bytes([missing]) * missing) + encryptor.finalize()
    length = (8 * len(aad)).to_bytes(8, "big")
    tag = hmac.digest(key[:16], aad + vector + ciphertext + length, "sha256")[:16]
    return vector, ciphertext, tag


_SEAL: Final = {"A256GCM": _seal_gcm, "A128CBC-HS256": _seal_cbc}


def _decryption_key(
    header: Mapping[str, Any], alg: str, keys: Sequence[PrivateKey] | SharedKey
) -> PrivateKey | SharedKey:
    if isinstance(keys, SharedKey):
        if alg != "dir":
            raise JoseError("algorithms not allowed")
        return keys
    for key in keys:
        fits = key.use == "enc" and key.alg in {None, alg} and ENCRYPTION_KTY.get(alg) == key.kty
        if fits and key.kid == header.get("kid"):
            return key
    raise JoseError("no key of ours with this kid for this algorithm")


def _ephemeral(header: Mapping[str, Any]) -> ec.EllipticCurvePublicKey:
    """The sender's one-time key, on the curve; party infos are not used here (RFC 7518 §4.6.1)."""
    epk = header.get("epk")
    if not isinstance(epk, dict) or header.keys() & {"apu", "apv"}:
        raise JoseError("does not open")
    ephemeral = public_key(epk).handle
    if not isinstance(ephemeral, ec.EllipticCurvePublicKey):
        raise JoseError("does not open")
    return ephemeral


def _open_agreed(ephemeral: ec.EllipticCurvePublicKey, parts: Sequence[str], key: PrivateKey) -> bytes:
    encrypted_key, nonce, ciphertext, tag = (b64u_decode(part) for part in parts[1:])
    if encrypted_key or len(nonce) != 12 or len(tag) != 16 or not isinstance(key.handle, ec.EllipticCurvePrivateKey):
        raise JoseError("does not open")
    content_key = _concat_kdf(key.handle.exchange(ec.ECDH(), ephemeral), "A256GCM")
    return AESGCM(content_key).decrypt(nonce, ciphertext + tag, parts[0].encode())


def _open_with_joserfc(text: str, alg: str, enc: str, key: PrivateKey | SharedKey) -> bytes:
    opened = jwe.decrypt_compact(text, _joserfc_key(key), algorithms=[alg, enc])
    if opened.plaintext is None:
        raise JoseError("does not open")
    return opened.plaintext


def _joserfc_key(key: PrivateKey | SharedKey) -> OctKey | RSAKey | ECKey:
    if isinstance(key, SharedKey):
        return OctKey.import_key(key.octets)
    return _imported(key)


@lru_cache(maxsize=64)
def _imported(key: PrivateKey) -> RSAKey | ECKey:
    pem = key.handle.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return RSAKey.import_key(pem) if key.kty == "RSA" else ECKey.import_key(pem)
