"""What unlocks a phone by fingerprint or face, in software: a platform authenticator (WebAuthn) with keys of its own.

It has no sensor: whoever has the phone's store can press this finger. For tests, and people without a browser.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from ipse.kernel.ids import Ids, b64u, b64u_decode, sha256
from ipse.softphone.errors import NoFingerprint
from ipse.softphone.state import Finger, State

PRESENT: Final = 0x01
VERIFIED: Final = 0x04
_ATTESTED: Final = 0x40
_ID_OCTETS: Final = 32


@dataclass(frozen=True, slots=True)
class Authenticator:
    """The sensor of one phone, as the page at `origin` reaches it; `flags` is what it says of the person."""

    ids: Ids
    origin: str
    flags: int = PRESENT | VERIFIED

    @property
    def relying_party(self) -> str:
        """The RP ID: the host of the page."""
        return urlsplit(self.origin).hostname or ""

    def create(self, state: State, challenge: str) -> dict[str, str]:
        """Make a credential for a challenge in base64url; its key joins the state."""
        key = ec.generate_private_key(ec.SECP256R1())
        octets = self.ids.octets(_ID_OCTETS)
        finger = Finger(b64u(octets), b64u(key.private_numbers().private_value.to_bytes(32)))
        state.fingers[finger.credential] = finger
        described = bytes(16) + len(octets).to_bytes(2) + octets + _cose(key.public_key())
        data = self._data(self.flags | _ATTESTED, 0) + described
        attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData" + _octets(data)
        client = self._client("webauthn.create", challenge)
        return {"id": finger.credential, "client_data": b64u(client), "attestation": b64u(attestation)}

    def press(self, state: State, compact: str) -> dict[str, str]:
        """Approve a signed message, with the newest credential of the state.

        Raises:
            NoFingerprint: this phone has none.
        """
        if not state.fingers:
            raise NoFingerprint("no fingerprint was added on this phone")
        finger = list(state.fingers.values())[-1]
        finger = msgspec.structs.replace(finger, count=finger.count + 1)
        state.fingers[finger.credential] = finger
        key = ec.derive_private_key(int.from_bytes(b64u_decode(finger.key)), ec.SECP256R1())
        client = self._client("webauthn.get", b64u(sha256(compact)))
        data = self._data(self.flags, finger.count)
        return {
            "id": finger.credential,
            "client_data": b64u(client),
            "authenticator_data": b64u(data),
            "signature": b64u(key.sign(data + sha256(client), ec.ECDSA(hashes.SHA256()))),
        }

    def _data(self, flags: int, count: int) -> bytes:
        return sha256(self.relying_party) + bytes([flags]) + count.to_bytes(4)

    def _client(self, kind: str, challenge: str) -> bytes:
        members: dict[str, Any] = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return msgspec.json.encode(members)


def _cose(key: ec.EllipticCurvePublicKey) -> bytes:
    """A public key of P-256 for ES256 (RFC 9053 §7.1)."""
    numbers = key.public_numbers()
    x, y = numbers.x.to_bytes(32), numbers.y.to_bytes(32)
    return b"\xa5\x01\x02\x03\x26\x20\x01\x21" + _octets(x) + b"\x22" + _octets(y)


def _octets(octets: bytes) -> bytes:
    """A byte string of at most 255 bytes (RFC 8949 §3.1)."""
    return bytes([0x58, len(octets)]) + octets
