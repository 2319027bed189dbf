"""What the scheme and signature activation say to each other over their socket: JSON, one struct each.

Signature activation (the signature activation module of EN 419 241-2) alone can use people's signing keys. It believes
nothing of the scheme: whatever is signed follows from the bytes that the phone has shown and from the message in which
the phone has signed their digest, sealed by the phone to the key of signature activation.

An **activation** is a sealed message (`standards.phone_channel.seal_activation`) to that key around the phone's
`approval` message. A `proof` beside it is HMAC-SHA-256 under the credential's own code key; where the approval makes a
credential, the new `code_key` itself stands there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

MOST_DOCUMENTS = 70
"""Digests that one approval may sign."""
HASH_ALGORITHMS: Mapping[str, tuple[str, int]] = {
    "SHA-256": ("2.16.840.1.101.3.4.2.1", 32),
    "SHA-384": ("2.16.840.1.101.3.4.2.2", 48),
    "SHA-512": ("2.16.840.1.101.3.4.2.3", 64),
}
"""OID and length in bytes by name."""
RSA_SHA256, RSA_SHA384, RSA_SHA512 = (f"1.2.840.113549.1.1.{last}" for last in (11, 12, 13))
ECDSA_SHA256, ECDSA_SHA384, ECDSA_SHA512 = (f"1.2.840.10045.4.3.{last}" for last in (2, 3, 4))
SIGN_ALGORITHMS: Mapping[str, tuple[str, str]] = {
    RSA_SHA256: ("RSA-2048", "SHA-256"),
    RSA_SHA384: ("RSA-2048", "SHA-384"),
    RSA_SHA512: ("RSA-2048", "SHA-512"),
    ECDSA_SHA256: ("P-256", "SHA-256"),
    ECDSA_SHA384: ("P-256", "SHA-384"),
    ECDSA_SHA512: ("P-256", "SHA-512"),
}
"""Kind of key and hash algorithm by OID. RSA is PKCS #1 v1.5; ECDSA values travel as DER."""


class ActivationKey(msgspec.Struct, frozen=True):
    """`GET /key`: the public key that phones seal to."""

    kid: str
    kty: str
    crv: str
    x: str
    y: str
    use: str = "enc"
    alg: str = "ECDH-ES"


class Activated(msgspec.Struct, frozen=True):
    """An approval as the scheme passes it on."""

    shown: str
    """base64url: the exact bytes that the phone has shown."""
    activation: str
    """Compact JWE."""


class NewCredential(msgspec.Struct, frozen=True, kw_only=True):
    """`POST /credentials`: make the key that an approval asks for. The same approval again gives the same answer."""

    approval: Activated
    device_key: Mapping[str, str]
    """Public JWK that the approval is signed with, and everything after it."""
    attestation: Mapping[str, Any] | None = None
    """What the phone's maker says of that key (`standards.key_attestation`): `format`, `x5c` and the `issuer` of the
    scheme."""
    serial_number: str = ""
    """The whole serial number of the person (ETSI EN 319 412-1), which was shown masked: it must fit what was shown,
    and goes into the certification request."""


class MadeCredential(msgspec.Struct, frozen=True, kw_only=True):
    """Its answer."""

    credential: str
    algorithm: str
    request: str
    """base64url: the certification request (PKCS #10, DER), signed with the new key."""
    attested: bool
    """Whether signature activation has itself verified that the device key lives in hardware: SCAL2 is for these."""


class Certified(msgspec.Struct, frozen=True):
    """`PUT /credentials/{credential}/certificate`: the certificate of its key. Before it nothing is signed."""

    certificate: str
    """base64url DER."""


class Signed(msgspec.Struct, frozen=True):
    """The answer to `POST /signatures`, whose body is `Activated`. The same approval again gives the same values."""

    credential: str
    signatures: tuple[str, ...]
    """base64url, in the order of the documents."""


class Ending(msgspec.Struct, frozen=True):
    """`POST /credentials/{credential}/end`: destroy the key for ever."""

    reason: str
    """A word for the audit log."""


class Refused(msgspec.Struct, frozen=True):
    """Any refusal: 4xx, or 503 while the keys cannot be reached."""

    code: str
    """One of `REFUSALS`."""
    detail: str


REFUSALS: Mapping[str, str] = {
    "malformed": "not a message of this interface",
    "activation_unreadable": "the activation is not sealed to this key, or holds no approval",
    "wrong_signature": "the approval is not signed by the device key of the credential",
    "not_approved": "the message is not an approval by code",
    "other_shown": "the approval is of other bytes than those given",
    "not_a_signature": "what was shown asks for no signature and no credential",
    "unknown_credential": "there is no such credential",
    "credential_ended": "its key was destroyed, or it is locked",
    "not_certified": "it has no certificate yet",
    "expired": "the approval is too old",
    "used": "another approval with this number was used before",
    "wrong_code": "the proof is not by the code key of the credential",
    "wrong_content": "documents, digests, algorithms or counts do not fit each other",
    "keys_unavailable": "the security module cannot be reached",
}
"""Why signature activation refuses."""
