"""Requests for the rules of the CSC API, good ones to be spoilt."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode, urlsafe_b64encode
from typing import Any

from ipse.csc.model import Asked, Version
from ipse.csc.rules.authorization import Request

SECRET = "a secret that two parties share, long enough"
NOW = 1_790_000_000
PARTNER = "notary"
DIGESTS = [hashlib.sha256(bytes([number])).digest() for number in range(71)]
SHA256 = "2.16.840.1.101.3.4.2.1"


def b64(octets: bytes) -> str:
    return b64encode(octets).decode()


def b64url(octets: bytes) -> str:
    return urlsafe_b64encode(octets).decode().rstrip("=")


def account_token(key: bytes = SECRET.encode(), header: dict[str, Any] | None = None, **changes: Any) -> str:
    """An account token by a second reading of RFC 7515; a claim that is None is left out."""
    claims = {"sub": "ada", "iat": NOW, "jti": "one", "azp": PARTNER, **changes}
    claims = {name: value for name, value in claims.items() if value is not None}
    parts = [b64url(json.dumps(part).encode()) for part in (header or {"alg": "HS256", "typ": "JWT"}, claims)]
    signed = ".".join(parts)
    return f"{signed}.{b64url(hmac.new(key, signed.encode(), hashlib.sha256).digest())}"


def details(count: int = 2, **changes: Any) -> str:
    """Authorization details of the type `credential`."""
    entry = {
        "type": "credential",
        "credentialID": "c1",
        "documentDigests": [{"hash": b64(DIGESTS[n]), "label": f"Deed {n}"} for n in range(count)],
        "hashAlgorithmOID": SHA256,
        **changes,
    }
    return json.dumps([{name: value for name, value in entry.items() if value is not None}])


def request(version: Version, parameters: dict[str, str], *, batch: int = 70, quality: str = "test") -> Request:
    """A request with these parameters alone."""
    return Request(
        parameters=parameters,
        version=version,
        partner_id=PARTNER,
        secret=SECRET,
        batch=batch,
        quality=quality,
        language="en",
        now=NOW,
        asked=Asked(redirect_uri="https://notary.example/back"),
    )


def service_round(**changes: str | None) -> dict[str, str]:
    """The first way of the browser in version 1."""
    return _without({"response_type": "code", "scope": "service", "account_token": account_token(), **changes})


def credential_round(**changes: str | None) -> dict[str, str]:
    """The second way of the browser in version 1."""
    asked = {
        "response_type": "code",
        "scope": "credential",
        "account_token": account_token(),
        "credentialID": "c1",
        "numSignatures": "2",
        "hash": f"{b64url(DIGESTS[0])},{b64url(DIGESTS[1])}",
        **changes,
    }
    return _without(asked)


def modern_round(**changes: str | None) -> dict[str, str]:
    """A way of the browser in version 2."""
    asked = {
        "response_type": "code",
        "scope": "credential",
        "code_challenge": b64url(DIGESTS[0]),
        "code_challenge_method": "S256",
        "credentialID": "c1",
        "numSignatures": "1",
        "hashes": b64url(DIGESTS[0]),
        "hashAlgorithmOID": SHA256,
        **changes,
    }
    return _without(asked)


def _without(asked: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in asked.items() if value is not None}
