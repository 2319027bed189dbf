"""What the native program of Web eID does: tokens and signatures by the card in the reader.

Written from Web eID's system architecture and library interface: who logs in signs H(origin) followed by H(nonce).
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Any, Final

from ipse.standards.eid_apdu import EidCard, File, Hash, Key

APP_VERSION: Final = "https://web-eid.eu/web-eid-app/releases/2.7.0+ipse-sandbox"
_HASHES: Final = {"SHA-256": Hash.SHA256, "SHA-384": Hash.SHA384, "SHA-512": Hash.SHA512}
_NONCE_LENGTHS: Final = range(44, 129)


class BadRequestError(ValueError):
    """What the page asked for cannot be done (Web eID: `ERR_WEBEID_NATIVE_INVALID_ARGUMENT`)."""


@dataclass(frozen=True, slots=True)
class WebEid:
    """The program, with a card."""

    card: EidCard

    def authenticate(self, *, origin: str, nonce: str, pin: str, newest: bool = False) -> dict[str, Any]:
        """A token that logs the person in at that origin; `newest` is format 1.1, with the signing certificate.

        Raises:
            BadRequestError: a nonce of another length.
            CardTalkError: the card did not sign, for a wrong PIN mostly.
        """
        if len(nonce) not in _NONCE_LENGTHS:
            raise BadRequestError("a nonce has 44 to 128 characters")
        name = self.card.hash.name_of_hash
        both = hashlib.new(name, origin.encode()).digest() + hashlib.new(name, nonce.encode()).digest()
        signature = self.card.sign(Key.AUTHENTICATION, hashlib.new(name, both).digest(), pin=pin)
        token: dict[str, Any] = {
            "unverifiedCertificate": _text(self.card.certificate(File.AUTHENTICATION_CERTIFICATE)),
            "algorithm": "ES384" if self.card.is_elliptic else "RS256",
            "signature": _text(signature),
            "format": "web-eid:1.1" if newest else "web-eid:1.0",
            "appVersion": APP_VERSION,
        }
        if newest:
            token["unverifiedSigningCertificates"] = [self.signing_certificate()]
        return token

    def signing_certificate(self) -> dict[str, Any]:
        """The certificate for signatures, and what its key can do."""
        certificate = self.card.certificate(File.NON_REPUDIATION_CERTIFICATE)
        supported = [self._algorithm(name) for name in self._hashes()]
        return {"certificate": _text(certificate), "supportedSignatureAlgorithms": supported}

    def sign(self, *, digest: str, function: str, pin: str) -> dict[str, Any]:
        """Sign a digest (base64) made with `function`, such as `SHA-384`.

        Raises:
            BadRequestError: another hash than the card has, or a digest of another length.
            CardTalkError: the card did not sign.
        """
        chosen = self._hashes().get(function)
        if chosen is None:
            raise BadRequestError(f"this card cannot sign {function}")
        try:
            signature = self.card.sign(Key.NON_REPUDIATION, b64decode(digest, validate=True), pin=pin, hashed=chosen)
        except ValueError as error:
            raise BadRequestError("the digest is no base64, or of another length") from error
        return {"signature": _text(signature), "signatureAlgorithm": self._algorithm(function)}

    def _hashes(self) -> dict[str, Hash]:
        return _HASHES if self.card.is_elliptic else {"SHA-256": Hash.SHA256_RSA}

    def _algorithm(self, function: str) -> dict[str, str]:
        if self.card.is_elliptic:
            return {"cryptoAlgorithm": "ECC", "hashFunction": function, "paddingScheme": "NONE"}
        return {"cryptoAlgorithm": "RSA", "hashFunction": function, "paddingScheme": "PKCS1.5"}


def _text(octets: bytes) -> str:
    return b64encode(octets).decode()
