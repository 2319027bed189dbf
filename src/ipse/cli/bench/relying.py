"""The partner's side of a login: assertions, and reading what comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc import jwe, jws
from joserfc.jwk import ECKey, KeySet, RSAKey

from ipse.cli.bench.model import BenchPartner
from ipse.kernel.clock import SystemClock, seconds
from ipse.kernel.ids import RandomIds, b64u, sha256
from ipse.standards import phone_channel

_CLOCK = SystemClock()
_IDS = RandomIds()
_ECDSA = ec.ECDSA(hashes.SHA256())
_ENCRYPTION = ["RSA-OAEP-256", "RSA-OAEP", "ECDH-ES", "A128CBC-HS256", "A256GCM"]


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """A partner with private_key_jwt (RFC 7523)."""

    partner: BenchPartner
    issuer: str
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    decryption: RSAKey | ECKey
    scheme: KeySet
    proof_key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    """The key of its DPoP proofs."""

    @classmethod
    def of(cls, partner: BenchPartner, issuer: str, jwks: dict[str, Any]) -> RelyingParty:
        """Take a partner up; `jwks` is the scheme's published key set."""
        found = partner.encryption_key
        return cls(
            partner=partner,
            issuer=issuer,
            key=_signer(partner.signing_key),
            decryption=ECKey.import_key(found) if found["kty"] == "EC" else RSAKey.import_key(found),
            scheme=KeySet.import_key_set({"keys": jwks["keys"]}),
        )

    def assertion(self) -> str:
        """A fresh client assertion, signed with the partner's key: ES256 or RS256."""
        now = seconds(_CLOCK.now())
        algorithm = "RS256" if isinstance(self.key, rsa.RSAPrivateKey) else "ES256"
        header = {"alg": algorithm, "typ": "JWT", "kid": self.partner.signing_key["kid"]}
        payload = {
            "iss": self.partner.client_id,
            "sub": self.partner.client_id,
            "aud": self.issuer,
            "jti": _IDS.identifier(),
            "iat": now,
            "exp": now + 60,
        }
        return _signed(self.key, header, payload)

    def proof(self, method: str, path: str, *, nonce: str, token: str = "") -> str:
        """A DPoP proof for one request (RFC 9449 §4.2)."""
        numbers = self.proof_key.public_key().public_numbers()
        jwk = {
            "kty": "EC",
            "crv": "P-256",
            "x": b64u(numbers.x.to_bytes(32, "big")),
            "y": b64u(numbers.y.to_bytes(32, "big")),
        }
        payload = {
            "jti": _IDS.identifier(),
            "htm": method,
            "htu": self.issuer.removesuffix("/v2") + path,
            "iat": seconds(_CLOCK.now()),
        }
        if nonce:
            payload["nonce"] = nonce
        if token:
            payload["ath"] = b64u(sha256(token))
        return _signed(self.proof_key, {"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}, payload)

    def checked(self, id_token: str, *, nonce: str) -> str:
        """Decrypt and verify an ID token with joserfc; its subject.

        Raises:
            ValueError: another issuer, audience or nonce.
        """
        claims = self._opened(id_token)
        if (claims["iss"], claims["aud"], claims["nonce"]) != (self.issuer, self.partner.client_id, nonce):
            raise ValueError("the ID token is not for this login")
        return str(claims["sub"])

    def subject(self, userinfo: str) -> str:
        """Whom a UserInfo answer names."""
        return str(self._opened(userinfo)["sub"])

    def _opened(self, nested: str) -> dict[str, Any]:
        opened = jwe.decrypt_compact(nested, self.decryption, algorithms=_ENCRYPTION)
        signed = jws.deserialize_compact(opened.plaintext or b"", self.scheme, algorithms=["ES256", "RS256"])
        claims: dict[str, Any] = msgspec.json.decode(signed.payload)
        return claims


def _signer(jwk: dict[str, Any]) -> ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey:
    if jwk["kty"] == "EC":
        return phone_channel.private_key(jwk)
    key = RSAKey.import_key(jwk).private_key
    if key is None:
        raise ValueError("the partner has no private key")
    return key


def _signed(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, header: dict[str, Any], payload: dict[str, Any]
) -> str:
    signing_input = f"{b64u(msgspec.json.encode(header))}.{b64u(msgspec.json.encode(payload))}"
    return f"{signing_input}.{b64u(_signature(key, signing_input.encode()))}"


def _signature(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, octets: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(octets, padding.PKCS1v15(), hashes.SHA256())
    r, s = decode_dss_signature(key.sign(octets, _ECDSA))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")
