"""What somebody brings as public keys: a key set, one key, PEM, or a certificate. Never a private key."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from joserfc.jwk import ECKey, OKPKey, RSAKey

from ipse.kernel.clock import seconds
from ipse.kernel.ids import b64u_decode
from ipse.partner_portal.errors import FormRefused, PrivateKeyBrought
from ipse.standards.jose import JoseError, UnverifiedToken, public_key, public_keys, thumbprint, verify
from ipse.standards.strict_json import JsonError, parse_object

MOST_BYTES: Final = 60_000
POSSESSION: Final = "ipse-key-possession+jwt"
"""The `typ` of the proof that whoever registers a key can sign with it."""
_ALGORITHMS: Final = frozenset({"ES256", "RS256", "PS256", "EdDSA"})
_POSSESSION_SECONDS: Final = 900
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_BLOCK: Final = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)


def read_keys(text: str, *, use: str = "sig") -> list[dict[str, Any]]:
    """The public keys in a text, as JWKs with `kid` and `use`; `use` is for PEM, which does not say.

    Raises:
        PrivateKeyBrought: there is a private key in it.
        FormRefused: nothing usable, or a key that is not sound.
    """
    text = text.strip()
    if not text:
        raise FormRefused("keys", "missing")
    if "PRIVATE KEY" in text:
        raise PrivateKeyBrought
    if "-----BEGIN" in text:
        found = [_from_pem(match[0], match[1], use) for match in _BLOCK.finditer(text)]
    else:
        found = _from_json(text)
    if not found:
        raise FormRefused("keys", "no_key")
    for jwk in found:
        try:
            public_key(jwk)
        except (JoseError, TypeError, ValueError) as error:
            reason = error.reason if isinstance(error, JoseError) else "it cannot be read"
            raise FormRefused("keys", "unsound_key", kid=str(jwk.get("kid", "")), reason=reason) from error
    return found


def merged(old: Iterable[Mapping[str, Any]], new: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Old and new keys together, as for a rotation; a key that is there already is not doubled.

    Raises:
        FormRefused: another key has the same `kid`.
    """
    found = {str(jwk["kid"]): dict(jwk) for jwk in old}
    for jwk in new:
        kid = str(jwk["kid"])
        if kid in found and thumbprint(found[kid]) != thumbprint(jwk):
            raise FormRefused("keys", "kid_taken", kid=kid)
        found.setdefault(kid, dict(jwk))
    return list(found.values())


def check_possession(
    proofs: str, jwks: Sequence[Mapping[str, Any]], *, client_id: str, challenge: str, now: int
) -> None:
    """One proof for each new signature key, one a line: a JWS over our challenge by that key (T-26).

    Raises:
        FormRefused: one is missing, or is not good.
    """
    signers = {str(jwk["kid"]): jwk for jwk in jwks if jwk.get("use") == "sig"}
    proven = set()
    for line in proofs.split():
        try:
            token = UnverifiedToken.parse(line)
            verified = verify(
                token,
                public_keys({"keys": list(signers.values())}),
                algorithms=_ALGORITHMS,
                types=frozenset({POSSESSION}),
            )
        except (JoseError, ValueError) as error:
            raise FormRefused("proof", "proof_wrong") from error
        claims = verified.claims
        fresh = isinstance(claims.get("iat"), int) and abs(seconds(now) - claims["iat"]) <= _POSSESSION_SECONDS
        if claims.get("sub") != client_id or claims.get("challenge") != challenge or not fresh:
            raise FormRefused("proof", "proof_wrong")
        proven.add(verified.key.kid)
    missing = sorted(signers.keys() - proven)
    if missing:
        raise FormRefused("proof", "proof_missing", kid=missing[0])


def _from_json(text: str) -> list[dict[str, Any]]:
    try:
        document = parse_object(text.encode(), max_bytes=MOST_BYTES)
    except JsonError as error:
        raise FormRefused("keys", "not_keys") from error
    keys = document.get("keys", [document] if "kty" in document else None)
    if not isinstance(keys, list) or not all(isinstance(jwk, dict) for jwk in keys):
        raise FormRefused("keys", "not_keys")
    if any(_PRIVATE & jwk.keys() for jwk in keys):
        raise PrivateKeyBrought
    return [_named(jwk) for jwk in keys]


def _from_pem(block: str, kind: str, use: str) -> dict[str, Any]:
    chain: dict[str, Any] = {}
    try:
        if kind == "CERTIFICATE":
            certificate = x509.load_pem_x509_certificate(block.encode())
            handle: object = certificate.public_key()
            chain = {"x5c": [b64encode(certificate.public_bytes(Encoding.DER)).decode()]}
        else:
            handle = load_pem_public_key(block.encode())
    except ValueError as error:
        raise FormRefused("keys", "not_keys") from error
    if not isinstance(handle, (rsa.RSAPublicKey, ec.EllipticCurvePublicKey, ed25519.Ed25519PublicKey)):
        raise FormRefused("keys", "no_key")
    pem = handle.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    if isinstance(handle, rsa.RSAPublicKey):
        key: RSAKey | ECKey | OKPKey = RSAKey.import_key(pem)
    elif isinstance(handle, ec.EllipticCurvePublicKey):
        key = ECKey.import_key(pem)
    else:
        key = OKPKey.import_key(pem)
    return _named({**key.as_dict(private=False), "use": use, **chain})


def _named(jwk: Mapping[str, Any]) -> dict[str, Any]:
    """A key with a `kid`, of its thumbprint where it has none, and with its `use`."""
    found = {name: value for name, value in jwk.items() if name not in {"key_ops", "ext", "x5t", "x5t#S256", "x5u"}}
    if not isinstance(found.get("kid"), str) or not found["kid"]:
        try:
            found["kid"] = thumbprint(found)[:16]
        except JoseError as error:
            raise FormRefused("keys", "unsound_key", kid="", reason=error.reason) from error
    if "use" not in found:
        found["use"] = "enc" if str(found.get("alg", "")).startswith(("RSA-OAEP", "ECDH-ES")) else "sig"
    return found


def strength(jwk: Mapping[str, Any]) -> str:
    """What kind of key it is, as people say it: `RSA 2048`, `EC P-256`, `Ed25519`."""
    if jwk.get("kty") == "RSA":
        return f"RSA {int.from_bytes(b64u_decode(str(jwk.get('n', '')))).bit_length()}"
    return str(jwk.get("crv", jwk.get("kty"))) if jwk.get("kty") != "EC" else f"EC {jwk.get('crv')}"
