"""The signature of a token: over H(origin) followed by H(nonce), where H is the hash of the algorithm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from ipse.standards.web_eid.errors import AlgorithmError, SignatureError
from ipse.standards.web_eid.tokens import Token

_SHORTEST_RSA: Final = 2048


@dataclass(frozen=True, slots=True)
class _Algorithm:
    """A JSON Web Algorithm (RFC 7518 §3.1)."""

    family: Literal["ES", "PS", "RS"]
    hash: hashes.HashAlgorithm
    curve: type[ec.EllipticCurve] | None = None


ALGORITHMS: Final = {
    "ES256": _Algorithm("ES", hashes.SHA256(), ec.SECP256R1),
    "ES384": _Algorithm("ES", hashes.SHA384(), ec.SECP384R1),
    "ES512": _Algorithm("ES", hashes.SHA512(), ec.SECP521R1),
    "PS256": _Algorithm("PS", hashes.SHA256()),
    "PS384": _Algorithm("PS", hashes.SHA384()),
    "PS512": _Algorithm("PS", hashes.SHA512()),
    "RS256": _Algorithm("RS", hashes.SHA256()),
    "RS384": _Algorithm("RS", hashes.SHA384()),
    "RS512": _Algorithm("RS", hashes.SHA512()),
}
"""What a token may be signed with."""


def check(token: Token, *, origin: str, nonce: str) -> None:
    """Prove that the certificate's key signed for exactly this origin and nonce.

    `origin` is our own, never one that came with the token: `https://host[:port]`, without a slash, host in ASCII.

    Raises:
        AlgorithmError: unknown, or not one of the certificate's key.
        SignatureError: another origin, nonce or key.
    """
    algorithm = ALGORITHMS.get(token.algorithm)
    if algorithm is None:
        raise AlgorithmError("an algorithm that is not of Web eID")
    key = token.certificate.public_key()
    data = _digest(origin, algorithm.hash) + _digest(nonce, algorithm.hash)
    try:
        if isinstance(key, ec.EllipticCurvePublicKey) and algorithm.curve is type(key.curve):
            key.verify(_der(token.signature, key.key_size), data, ec.ECDSA(algorithm.hash))
        elif isinstance(key, rsa.RSAPublicKey) and algorithm.family != "ES" and key.key_size >= _SHORTEST_RSA:
            key.verify(token.signature, data, _padding(algorithm), algorithm.hash)
        else:
            raise AlgorithmError("an algorithm that does not fit the certificate's key")
    except InvalidSignature as error:
        raise SignatureError("the signature is not over our origin and nonce by this key") from error


def _padding(algorithm: _Algorithm) -> padding.AsymmetricPadding:
    if algorithm.family == "RS":
        return padding.PKCS1v15()
    return padding.PSS(padding.MGF1(algorithm.hash), algorithm.hash.digest_size)


def _der(signature: bytes, bits: int) -> bytes:
    """The DER form of r and s, which a token holds side by side at full length."""
    size = (bits + 7) // 8
    if len(signature) != 2 * size:
        raise SignatureError("the signature is not r and s at full length")
    return utils.encode_dss_signature(int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big"))


def _digest(text: str, algorithm: hashes.HashAlgorithm) -> bytes:
    digest = hashes.Hash(algorithm)
    digest.update(text.encode())
    return digest.finalize()
