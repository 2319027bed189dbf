"""Messages between a phone and the scheme (docs/reference/device-protocol.md §1, §2): pure building and reading.

A signed message is a compact JWS (RFC 7515, ES256); a sealed one a compact JWE (RFC 7516, ECDH-ES with A256GCM) around
it. Written on `cryptography` directly because it is the hot path of every login; tests cross-check it with joserfc.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ipse.kernel.ids import b64u, b64u_decode

SIGNED_TYPE = "ipse-phone+jwt"
SEALED_TYPE = "ipse-phone-sealed+jwe"
CODE_KEY_INFO = b"ipse code key v1"
SIGNING_CODE_KEY_INFO = b"ipse signing code key v1"
MAXIMUM_SIZE = 64 * 1024
"""Bytes; a longer message is refused unread."""

SLOTS = 2
"""Code slots of a phone; the second tells nobody whether it is used."""
PADDED_SIZE = 2048
"""Bytes: what is sealed with proofs is filled up to a multiple of this, so that its length says nothing of it."""

CODE_KEY_SIZE = 32
"""Bytes; those of a proof are as many."""
_SIGNATURE_SIZE = 64
_COORDINATE_SIZE = 32
_JWE_PARTS = 5
_JWS_PARTS = 3
_SHA256 = ec.ECDSA(hashes.SHA256())


class MessageError(ValueError):
    """Not a message of this protocol; the text names the member that is wrong."""


class SignatureError(ValueError):
    """Not signed by that device key."""


@dataclass(frozen=True, slots=True)
class UnverifiedMessage:
    """What a message claims before its signature is checked; only `kid` may be used, to find the key."""

    kid: str
    payload_segment: str
    signing_input: bytes
    signature: bytes
    compact: str

    @property
    def digest(self) -> bytes:
        """SHA-256 of the whole compact message: recognises a repeat."""
        return hashlib.sha256(self.compact.encode()).digest()

    def unverified_payload(self) -> dict[str, Any]:
        """The payload, for the one message that brings its own key (`enrol`)."""
        return _object(_segment(self.payload_segment, "payload"), "payload")


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """A message whose signature was verified. Made by `verify` only."""

    phone: str
    type: str
    chain: str
    issued_at: int
    members: Mapping[str, Any]
    compact: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Proofs:
    """The code proofs beside a message: one for each code slot of the phone, or one without a name (first version)."""

    by_id: Mapping[str, bytes] = field(default_factory=dict)
    single: bytes | None = None

    def of(self, code_key_id: str, *, named: bool) -> bytes:
        """The proof for a code key, empty when there is none; one without a name is for the key the message names."""
        return self.by_id.get(code_key_id) or (self.single if named and self.single else b"")

    def other_than(self, code_key_id: str) -> str:
        """The id of the other slot; empty when there is none."""
        return next((known for known in self.by_id if known != code_key_id), "")


@dataclass(frozen=True, slots=True)
class OpenedMessage:
    """What a sealed message held: the message inside, still unverified, and the code proofs beside it."""

    message: UnverifiedMessage
    proof: Proofs = Proofs()
    assertion: Mapping[str, Any] | None = None
    """A fingerprint's assertion over the message (WebAuthn), unverified."""
    activation: str = ""
    """The same message sealed to signature activation, unopened; empty where nothing is signed."""


@dataclass(frozen=True, slots=True)
class OpenedActivation:
    """What a message sealed to signature activation held: exactly one of proof and code key stands beside it."""

    message: UnverifiedMessage
    proof: bytes = b""
    """Of the code key of a credential that exists."""
    code_key: bytes = b""
    """Of the credential that the approval makes."""


def _segment(text: str, name: str) -> bytes:
    try:
        return b64u_decode(text)
    except ValueError as error:
        message = f"{name} is not base64url"
        raise MessageError(message) from error


def _object(octets: bytes, name: str) -> dict[str, Any]:
    if b"\\u0000" in octets:
        message = f"{name} holds a NUL character"
        raise MessageError(message)
    try:
        value = msgspec.json.decode(octets)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"{name} is not JSON"
        raise MessageError(message) from error
    if not isinstance(value, dict):
        message = f"{name} is not a JSON object"
        raise MessageError(message)
    return value


def public_key(jwk: Mapping[str, Any]) -> ec.EllipticCurvePublicKey:
    """Read a P-256 public JWK.

    Raises:
        MessageError: another kind of key, or a point that is not on the curve.
    """
    if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
        message = "key is not an EC key on P-256"
        raise MessageError(message)
    x, y = (_segment(str(jwk.get(name, "")), name) for name in ("x", "y"))
    if len(x) != _COORDINATE_SIZE or len(y) != _COORDINATE_SIZE:
        message = "key coordinates are not 32 bytes"
        raise MessageError(message)
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + x + y)
    except ValueError as error:
        message = "key is not a point on P-256"
        raise MessageError(message) from error


def private_key(jwk: Mapping[str, Any]) -> ec.EllipticCurvePrivateKey:
    """Read a P-256 private JWK."""
    return ec.derive_private_key(int.from_bytes(_segment(str(jwk["d"]), "d")), ec.SECP256R1())


def public_jwk(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    """The four members of a P-256 public JWK."""
    numbers = key.public_numbers()
    return {
        "kty": "EC",
        "crv": "P-256",
        "x": b64u(numbers.x.to_bytes(_COORDINATE_SIZE)),
        "y": b64u(numbers.y.to_bytes(_COORDINATE_SIZE)),
    }


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """RFC 7638 SHA-256 thumbprint of a P-256 JWK, base64url."""
    text = f'{{"crv":"P-256","kty":"EC","x":"{jwk["x"]}","y":"{jwk["y"]}"}}'
    return b64u(hashlib.sha256(text.encode()).digest())


def code_key(code: str, salt: bytes, phone: str) -> bytes:
    """The 32-byte code key of five digits, a 32-byte salt and a phone id (HKDF-SHA-256, RFC 5869)."""
    derivation = HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=CODE_KEY_INFO + phone.encode())
    return derivation.derive(code.encode("ascii"))


def signing_code_key(code: str, salt: bytes, credential: str) -> bytes:
    """The 32-byte code key of one credential: of five digits and a 32-byte salt that the phone keeps for it alone."""
    info = SIGNING_CODE_KEY_INFO + credential.encode()
    return HKDF(algorithm=hashes.SHA256(), length=CODE_KEY_SIZE, salt=salt, info=info).derive(code.encode("ascii"))


def code_proof(key: bytes, compact: str) -> bytes:
    """HMAC-SHA-256 of the whole compact signed message under the code key."""
    return hmac.digest(key, compact.encode("ascii"), "sha256")


def sign(key: ec.EllipticCurvePrivateKey, kid: str, payload: Mapping[str, Any]) -> str:
    """Build a signed message. `kid` is the phone id (for `enrol`: the key's thumbprint)."""
    header = msgspec.json.encode({"alg": "ES256", "typ": SIGNED_TYPE, "kid": kid})
    signing_input = b64u(header) + "." + b64u(msgspec.json.encode(payload))
    r, s = decode_dss_signature(key.sign(signing_input.encode(), _SHA256))
    return signing_input + "." + b64u(r.to_bytes(_COORDINATE_SIZE) + s.to_bytes(_COORDINATE_SIZE))


def read(compact: str) -> UnverifiedMessage:
    """Take a signed message apart.

    Raises:
        MessageError: not such a message.
    """
    parts = compact.split(".")
    if len(compact) > MAXIMUM_SIZE or len(parts) != _JWS_PARTS or not compact.isascii():
        message = "body is not a compact JWS"
        raise MessageError(message)
    header = _object(_segment(parts[0], "header"), "header")
    if header.get("alg") != "ES256" or header.get("typ") != SIGNED_TYPE or "crit" in header:
        message = f"header must hold alg ES256 and typ {SIGNED_TYPE}, and no crit"
        raise MessageError(message)
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        message = "header must name the phone in kid"
        raise MessageError(message)
    signature = _segment(parts[2], "signature")
    if len(signature) != _SIGNATURE_SIZE:
        message = "signature is not 64 bytes"
        raise MessageError(message)
    return UnverifiedMessage(kid, parts[1], f"{parts[0]}.{parts[1]}".encode(), signature, compact)


def verify(message: UnverifiedMessage, key: ec.EllipticCurvePublicKey, *, expected_type: str) -> SignedMessage:
    """Check the signature, then read the members.

    Raises:
        SignatureError: not by this key.
        MessageError: a member is missing or of the wrong kind, or the type is another one.
    """
    r = int.from_bytes(message.signature[:_COORDINATE_SIZE])
    s = int.from_bytes(message.signature[_COORDINATE_SIZE:])
    try:
        key.verify(encode_dss_signature(r, s), message.signing_input, _SHA256)
    except InvalidSignature as error:
        text = "signature is not by this key"
        raise SignatureError(text) from error
    members = message.unverified_payload()
    if members.get("v") != 1:
        text = "v must be 1"
        raise MessageError(text)
    if members.get("type") != expected_type:
        text = f"type must be {expected_type}"
        raise MessageError(text)
    for name, kind in (("phone", str), ("chain", str), ("iat", int)):
        if not isinstance(members.get(name), kind):
            text = f"{name} is missing"
            raise MessageError(text)
    if members["phone"] and members["phone"] != message.kid:
        text = "phone is not the one named in kid"
        raise MessageError(text)
    return SignedMessage(
        phone=members["phone"],
        type=expected_type,
        chain=members["chain"],
        issued_at=members["iat"],
        members=members,
        compact=message.compact,
        digest=message.digest,
    )


def _content_key(shared: bytes) -> bytes:
    # Concat KDF (NIST SP 800-56A, RFC 7518 §4.6.2): with direct agreement AlgorithmID is the `enc` value.
    algorithm = b"A256GCM"
    other = len(algorithm).to_bytes(4) + algorithm + (0).to_bytes(4) + (0).to_bytes(4) + (256).to_bytes(4)
    return hashlib.sha256((1).to_bytes(4) + shared + other).digest()


def _content(
    compact: str,
    proof: bytes | Mapping[str, bytes] | None,
    assertion: Mapping[str, str] | None = None,
    activation: str = "",
) -> bytes:
    content: dict[str, Any] = {"jws": compact}
    if activation:
        content["activation"] = activation
    if assertion is not None:
        content["assertion"] = assertion
    elif proof is None:
        return msgspec.json.encode(content)
    elif isinstance(proof, bytes):
        return msgspec.json.encode({**content, "proof": b64u(proof)})
    else:
        content["proofs"] = {name: b64u(one) for name, one in proof.items()}
    return _padded(content)


def _padded(content: Mapping[str, Any]) -> bytes:
    filled = {**content, "pad": ""}
    filled["pad"] = "." * (-len(msgspec.json.encode(filled)) % PADDED_SIZE)
    return msgspec.json.encode(filled)


def seal(
    recipient: Mapping[str, Any],
    compact: str,
    proof: bytes | Mapping[str, bytes] | None,
    *,
    assertion: Mapping[str, str] | None = None,
    activation: str = "",
) -> str:
    """Seal a signed message, with the code proofs of its slots beside it, to the server's phone-channel key.

    `recipient` is its public JWK. A single proof is the form for a phone without slots; `assertion` is a fingerprint's,
    in place of proofs; `activation` the same message as `seal_activation` sealed it.
    """
    return _sealed(recipient, _content(compact, proof, assertion, activation))


def seal_activation(recipient: Mapping[str, Any], compact: str, *, proof: bytes = b"", code_key: bytes = b"") -> str:
    """Seal an approval to the key of signature activation, with the proof of a credential or the code key of a new one.

    `proof` is `code_proof` of the credential's code key (`signing_code_key`). Where one approval makes a credential and
    signs with it, `code_key` alone is right.
    """
    beside = {"code_key": b64u(code_key)} if code_key else {"proof": b64u(proof)}
    return _sealed(recipient, _padded({"jws": compact, **beside}))


def _sealed(recipient: Mapping[str, Any], content: bytes) -> str:
    ephemeral = ec.generate_private_key(ec.SECP256R1())
    header = {
        "alg": "ECDH-ES",
        "enc": "A256GCM",
        "typ": SEALED_TYPE,
        "kid": recipient["kid"],
        "epk": public_jwk(ephemeral.public_key()),
    }
    protected = b64u(msgspec.json.encode(header))
    key = _content_key(ephemeral.exchange(ec.ECDH(), public_key(recipient)))
    nonce = os.urandom(12)  # noqa: TID251 - a nonce is nobody's choice
    sealed = AESGCM(key).encrypt(nonce, content, protected.encode())
    return ".".join((protected, "", b64u(nonce), b64u(sealed[:-16]), b64u(sealed[-16:])))


def open_sealed(compact: str, keys: Mapping[str, ec.EllipticCurvePrivateKey]) -> OpenedMessage:
    """Open a sealed message with the server's keys by `kid`.

    Raises:
        MessageError: not such a message, an unknown key, or changed on the way.
    """
    content = _opened(compact, keys)
    assertion, activation = content.get("assertion"), content.get("activation", "")
    if not isinstance(activation, str):
        message = "activation must be a compact JWE"
        raise MessageError(message)
    return OpenedMessage(
        read(content["jws"]),
        _proofs(content),
        assertion if isinstance(assertion, Mapping) else None,
        activation,
    )


def open_activation(compact: str, keys: Mapping[str, ec.EllipticCurvePrivateKey]) -> OpenedActivation:
    """Open a message sealed to signature activation with its keys by `kid`.

    Raises:
        MessageError: not such a message, an unknown key, or changed on the way.
    """
    content = _opened(compact, keys)
    if content.keys() - {"jws", "proof", "code_key", "pad"} or ("proof" in content) == ("code_key" in content):
        message = "an activation holds jws, and either proof or code_key"
        raise MessageError(message)
    name = "proof" if "proof" in content else "code_key"
    beside = _segment(str(content[name]), name)
    if len(beside) != CODE_KEY_SIZE:
        message = f"{name} is {CODE_KEY_SIZE} bytes"
        raise MessageError(message)
    message_inside = read(content["jws"])
    if name == "proof":
        return OpenedActivation(message_inside, proof=beside)
    return OpenedActivation(message_inside, code_key=beside)


def _opened(compact: str, keys: Mapping[str, ec.EllipticCurvePrivateKey]) -> dict[str, Any]:
    parts = compact.split(".")
    if len(compact) > MAXIMUM_SIZE or len(parts) != _JWE_PARTS or parts[1] or not compact.isascii():
        message = "body is not a compact JWE with direct key agreement"
        raise MessageError(message)
    header = _object(_segment(parts[0], "header"), "header")
    if (header.get("alg"), header.get("enc"), header.get("typ")) != ("ECDH-ES", "A256GCM", SEALED_TYPE):
        message = f"header must hold alg ECDH-ES, enc A256GCM and typ {SEALED_TYPE}"
        raise MessageError(message)
    if header.keys() - {"alg", "enc", "typ", "kid", "epk"} or not isinstance(header.get("epk"), dict):
        message = "header must hold alg, enc, typ, kid and epk, and nothing else"
        raise MessageError(message)
    key = keys.get(str(header.get("kid")))
    if key is None:
        message = "kid is not one of the keys that open here"
        raise MessageError(message)
    content_key = _content_key(key.exchange(ec.ECDH(), public_key(header["epk"])))
    nonce, sealed, tag = (_segment(part, "body") for part in parts[2:])
    try:
        plaintext = AESGCM(content_key).decrypt(nonce, sealed + tag, parts[0].encode())
    except (InvalidTag, ValueError) as error:
        message = "body does not open with that key"
        raise MessageError(message) from error
    content = _object(plaintext, "sealed content")
    if not isinstance(content.get("jws"), str):
        message = "sealed content must hold jws"
        raise MessageError(message)
    return content


def sealed_kid(compact: str) -> str:
    """The key that a sealed message names, for those who cannot open it.

    Raises:
        MessageError: it is no sealed message.
    """
    parts = compact.split(".")
    if len(compact) > MAXIMUM_SIZE or len(parts) != _JWE_PARTS or not compact.isascii():
        message = "not a compact JWE"
        raise MessageError(message)
    header = _object(_segment(parts[0], "header"), "header")
    if header.get("typ") != SEALED_TYPE:
        message = f"header must hold typ {SEALED_TYPE}"
        raise MessageError(message)
    return str(header.get("kid"))


def _proofs(content: Mapping[str, Any]) -> Proofs:
    single, named = content.get("proof"), content.get("proofs", {})
    if not isinstance(named, dict) or len(named) > SLOTS:
        message = f"proofs must hold at most {SLOTS} proofs by the ids of code keys"
        raise MessageError(message)
    by_id = {name: _segment(str(proof), "proofs") for name, proof in named.items()}
    return Proofs(by_id, None if single is None else _segment(str(single), "proof"))


def private_keys(jwks: Sequence[Mapping[str, str]]) -> dict[str, ec.EllipticCurvePrivateKey]:
    """Private phone-channel keys by `kid`."""
    return {jwk["kid"]: private_key(jwk) for jwk in jwks}
