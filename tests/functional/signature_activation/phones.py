"""A phone as signature activation sees one, and an authority that certifies: both by hand, on public formats alone."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ipse.kernel.ids import b64u, b64u_decode
from ipse.standards import phone_channel
from ipse.standards.signature_activation import ECDSA_SHA256, RSA_SHA256, Activated, NewCredential

PARTNER = "notary"
SIGN_ALGORITHM = {"P-256": ECDSA_SHA256, "RSA-2048": RSA_SHA256}
_numbers = itertools.count(1)


def digests(count: int = 1, algorithm: str = "sha256") -> list[bytes]:
    """Of documents that nobody has seen before."""
    return [hashlib.new(algorithm, os.urandom(16)).digest() for _ in range(count)]


def shown(*confirms: dict[str, Any], **members: Any) -> dict[str, Any]:
    """What a phone shows: a request of its own number."""
    return {
        "v": 1,
        "salt": b64u(os.urandom(32)),
        "action": f"action-{os.getpid()}-{next(_numbers)}",
        "type": "signing",
        "level": "substantial",
        "partner": {"id": PARTNER, "name": "Notary"},
        "service": {"code": "SIGN", "name": "Sign"},
        "assurance": "advanced",
        "started": {"at": int(time.time()), "how": "qr"},
        "attributes": [],
        "confirms": list(confirms),
        **members,
    }


def creation(credential: str, algorithm: str = "P-256", **members: Any) -> dict[str, Any]:
    """A credential to be made, as it is shown."""
    return {
        "type": "credential",
        "algorithm": algorithm,
        "issuer": "Sandbox",
        "quality": "test",
        "valid_seconds": 86400,
        "credential": credential,
        "common_name": "Ada Lovelace",
        "given_name": "Ada",
        "surname": "Lovelace",
        "country": "BE",
        "serial_number": "PNOBE-*********28",
        **members,
    }


def signature(credential: str, what: list[bytes], algorithm: str = "P-256", **members: Any) -> dict[str, Any]:
    """Documents to sign, as they are shown."""
    return {
        "type": "signature",
        "documents": [{"label": f"Document {number}", "digest": b64u(digest)} for number, digest in enumerate(what, 1)],
        "hash_algorithm": "SHA-256",
        "sign_algorithm": SIGN_ALGORITHM[algorithm],
        "credential": credential,
        "expires_at": int(time.time()) + 600,
        **members,
    }


@dataclass
class Phone:
    """A device key, a code, and a salt for each credential."""

    receiving: dict[str, str]
    """The key of signature activation."""
    code: str = "40718"
    kid: str = "phone-1"
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    salts: dict[str, bytes] = field(default_factory=dict)

    @property
    def public(self) -> dict[str, str]:
        return phone_channel.public_jwk(self.key.public_key())

    def code_key(self, credential: str, code: str = "") -> bytes:
        salt = self.salts.setdefault(credential, os.urandom(32))
        return phone_channel.signing_code_key(code or self.code, salt, credential)

    def approval(self, octets: bytes, **members: Any) -> str:
        """The signed message, as a phone sends it to the scheme."""
        document = json.loads(octets)
        making = next((each for each in document.get("confirms", ()) if each["type"] == "credential"), None)
        payload = {
            "v": 1,
            "type": "approval",
            "phone": self.kid,
            "chain": "c",
            "iat": int(time.time()),
            "action": document["action"],
            "challenge": b64u(os.urandom(32)),
            "decision": "approved",
            "shown": b64u(hashlib.sha256(octets).digest()),
            "device": {},
            "method": "code",
            "code_key_id": "k",
            "shared": [],
        }
        if making:
            payload["signing_code_key"] = b64u(hashlib.sha256(self.code_key(making["credential"])).digest())
        return phone_channel.sign(self.key, self.kid, {**payload, **members})

    def sealed(self, compact: str, credential: str, *, new: bool = False, code: str = "") -> str:
        """The message sealed to signature activation."""
        key = self.code_key(credential, code)
        if new:
            return phone_channel.seal_activation(self.receiving, compact, code_key=key)
        proof = phone_channel.code_proof(key, compact)
        return phone_channel.seal_activation(self.receiving, compact, proof=proof)

    def approve(self, document: dict[str, Any], *, code: str = "", **members: Any) -> Activated:
        """Everything: show, type the code, sign, seal."""
        octets = json.dumps(document).encode()
        first = document["confirms"][0]
        compact = self.approval(octets, **members)
        sealed = self.sealed(compact, first["credential"], new=first["type"] == "credential", code=code)
        return Activated(b64u(octets), sealed)

    def create(self, credential: str, algorithm: str = "P-256", **members: Any) -> NewCredential:
        """Approve a new credential."""
        approved = self.approve(shown(creation(credential, algorithm)), **members)
        return NewCredential(approval=approved, device_key=self.public, serial_number="PNOBE-85073003328")


class Authority:
    """Certifies whatever it is asked to."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])

    def certify(self, request: str) -> bytes:
        """DER of a certificate for a certification request (base64url)."""
        asked = x509.load_der_x509_csr(b64u_decode(request))
        assert asked.is_signature_valid
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(asked.subject)
            .issuer_name(self._name)
            .public_key(asked.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=1))
            .not_valid_after(now + timedelta(days=1))
            .sign(self._key, hashes.SHA256())
        )
        return certificate.public_bytes(Encoding.DER)
