"""Messages that wake an app through its browser's push service: encryption (RFC 8291) and who sends it (RFC 8292).

The push service is a stranger: it learns that something waits, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ipse.kernel.ids import b64u, b64u_decode

CONTENT_ENCODING: Final = "aes128gcm"
SALT_BYTES: Final = 16
MOST_BYTES: Final = 3993
"""Of plaintext in the one record that push services take (RFC 8291 §4)."""
TOKEN_SECONDS: Final = 12 * 3600
"""How long a sender's token is good: at most a day (RFC 8292 §2)."""
_RECORD_SIZE: Final = 4096
_POINT_BYTES: Final = 65
_AUTH_BYTES: Final = 16


class SubscriptionError(ValueError):
    """A subscription that nothing can be sent to; says why."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a browser gives out (Push API §7): where to post, and for whom to encrypt."""

    endpoint: str
    p256dh: bytes
    """The browser's public key: an uncompressed point, 65 bytes."""
    auth: bytes
    """16 bytes shared with the browser alone."""

    @property
    def origin(self) -> str:
        """Whose service it is: scheme, host and port."""
        parts = urlsplit(self.endpoint)
        return f"{parts.scheme}://{parts.netloc}"


def read_subscription(endpoint: object, p256dh: object, auth: object) -> Subscription:
    """A subscription out of a phone's message; keys in base64url.

    Raises:
        SubscriptionError: not one.
    """
    if not (isinstance(endpoint, str) and isinstance(p256dh, str) and isinstance(auth, str)):
        raise SubscriptionError("endpoint, p256dh and auth must be texts")
    try:
        found = Subscription(endpoint, b64u_decode(p256dh), b64u_decode(auth))
        _point(found.p256dh)
        parts = urlsplit(endpoint)
    except ValueError as error:
        raise SubscriptionError("p256dh must be a point of P-256, and both keys base64url") from error
    if len(found.auth) != _AUTH_BYTES:
        raise SubscriptionError(f"auth must be {_AUTH_BYTES} bytes")
    if len(endpoint) > 2048 or not parts.netloc or parts.username or parts.fragment:
        raise SubscriptionError("endpoint must be an address of at most 2048 characters")
    return found


def encrypt(plaintext: bytes, to: Subscription, *, key: ec.EllipticCurvePrivateKey, salt: bytes) -> bytes:
    """The body of a push message (RFC 8291 §3 and §4). `key` is used for this message alone, so is `salt`.

    Raises:
        ValueError: the plaintext does not fit into one record.
    """
    if len(plaintext) > MOST_BYTES:
        raise ValueError(f"a push message holds at most {MOST_BYTES} bytes")
    own = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = key.exchange(ec.ECDH(), _point(to.p256dh))
    secret = _derived(shared, to.auth, b"WebPush: info\x00" + to.p256dh + own, 32)
    content_key = _derived(secret, salt, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _derived(secret, salt, b"Content-Encoding: nonce\x00", 12)
    header = salt + _RECORD_SIZE.to_bytes(4) + bytes([len(own)]) + own
    return header + AESGCM(content_key).encrypt(nonce, plaintext + b"\x02", None)


def decrypt(body: bytes, key: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """What a browser does with the body of a push message: for phones without a browser.

    Raises:
        ValueError, cryptography.exceptions.InvalidTag: not for this subscription.
    """
    salt, length = body[:SALT_BYTES], body[SALT_BYTES + 4]
    start = SALT_BYTES + 5
    sender, record = body[start : start + length], body[start + length :]
    own = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = key.exchange(ec.ECDH(), _point(sender))
    secret = _derived(shared, auth, b"WebPush: info\x00" + own + sender, 32)
    content_key = _derived(secret, salt, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _derived(secret, salt, b"Content-Encoding: nonce\x00", 12)
    padded = AESGCM(content_key).decrypt(nonce, record, None).rstrip(b"\x00")
    if not padded.endswith(b"\x02"):
        raise ValueError("the record is not the last one")
    return padded[:-1]


def public_key(key: ec.EllipticCurvePrivateKey) -> str:
    """The sender's public key as browsers and push services take it: the uncompressed point in base64url."""
    return b64u(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def authorization(key: ec.EllipticCurvePrivateKey, *, audience: str, contact: str, now: int) -> str:
    """The `Authorization` of a push message (RFC 8292 §3); `now` in seconds, `contact` a mailto: or https: address."""
    header = {"typ": "JWT", "alg": "ES256"}
    claims = {"aud": audience, "exp": now + TOKEN_SECONDS, "sub": contact}
    signed = ".".join(b64u(msgspec.json.encode(part)) for part in (header, claims))
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    token = f"{signed}.{b64u(r.to_bytes(32) + s.to_bytes(32))}"
    return f"vapid t={token}, k={public_key(key)}"


def read_authorization(text: str, *, audience: str, now: int) -> str:
    """What a push service does with the `Authorization` of a message: the sender's public key (RFC 8292 §2 to §4).

    Raises:
        ValueError: it does not hold; says why.
    """
    scheme, _, rest = text.partition(" ")
    given = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    token, key = given.get("t", ""), given.get("k", "")
    if scheme.lower() != "vapid" or token.count(".") != 2:
        raise ValueError("the authorization must be: vapid t=token, k=key")
    signed, _, signature = token.rpartition(".")
    octets = b64u_decode(signature)
    try:
        header, claims = (msgspec.json.decode(b64u_decode(part), type=dict[str, Any]) for part in signed.split("."))
        der = encode_dss_signature(int.from_bytes(octets[:32]), int.from_bytes(octets[32:]))
        _point(b64u_decode(key)).verify(der, signed.encode(), ec.ECDSA(hashes.SHA256()))
    except (msgspec.DecodeError, InvalidSignature) as error:
        raise ValueError("the token is not signed with that key") from error
    expires = claims.get("exp")
    if header.get("alg") != "ES256" or claims.get("aud") != audience:
        raise ValueError("the token is for another push service, or not of ES256")
    if not isinstance(expires, int) or not now < expires <= now + 86_400:
        raise ValueError("the token has expired, or lasts more than a day")
    return key


def _point(octets: bytes) -> ec.EllipticCurvePublicKey:
    if len(octets) != _POINT_BYTES:
        raise SubscriptionError(f"a key is a point of {_POINT_BYTES} bytes")
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), octets)


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)
