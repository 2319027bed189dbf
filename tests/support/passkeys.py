"""A keeper of passkeys in software (WebAuthn Level 2), able to cheat: what a browser would hand to our pages."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from ipse.kernel.ids import b64u, sha256

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Keeper:
    """Holds one passkey for one page; `flags` is what it says of its person."""

    origin: str
    relying_party: str
    flags: int = PRESENT | VERIFIED
    count: int = 0
    user: str = ""
    identifier: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def make(self, challenge: str, user: str) -> dict[str, Any]:
        """A passkey for the person whose handle is `user`; both base64url."""
        self.user = user
        numbers = self.key.public_key().public_numbers()
        # COSE_Key in CBOR: kty EC2, alg ES256, crv P-256, x, y (RFC 9053).
        key = b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20" + numbers.x.to_bytes(32) + b"\x22\x58\x20"
        described = bytes(16) + len(self.identifier).to_bytes(2) + self.identifier + key + numbers.y.to_bytes(32)
        data = self._data(self.flags | ATTESTED) + described
        attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58" + len(data).to_bytes(1) + data
        client = self._client("webauthn.create", challenge)
        return {"id": b64u(self.identifier), "client_data": b64u(client), "attestation": b64u(attestation)}

    def use(self, challenge: str) -> dict[str, Any]:
        """Sign a challenge."""
        self.count += 1
        client, data = self._client("webauthn.get", challenge), self._data(self.flags)
        signature = self.key.sign(data + sha256(client), ec.ECDSA(hashes.SHA256()))
        return {
            "id": b64u(self.identifier),
            "client_data": b64u(client),
            "authenticator_data": b64u(data),
            "signature": b64u(signature),
            "user_handle": self.user,
        }

    def _data(self, flags: int) -> bytes:
        return sha256(self.relying_party) + bytes([flags]) + self.count.to_bytes(4)

    def _client(self, kind: str, challenge: str) -> bytes:
        told = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(told).encode()
