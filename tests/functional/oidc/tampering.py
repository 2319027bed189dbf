"""What somebody between a client and the provider can do to an answer, even with the provider's own keys in hand."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwe, jws
from starlette.responses import JSONResponse, Response

from ipse.standards import jose
from tests.functional.oidc.installation import Installation
from tests.functional.oidc.relying_party import RelyingParty, derived, imported, private_jwk, public_jwk
from tests.functional.oidc.rivals import Tamper

Change = Callable[["Forger", str], str]
"""Makes another signed token of a signed token."""


@dataclass
class Forger:
    """Opens what was encrypted to a partner, changes it, and encrypts it again."""

    installation: Installation
    party: RelyingParty

    def opened(self, nested: str) -> str:
        """The signed token within."""
        _, alg, enc = self.party.algorithms
        key = imported(self.party.encryption) if self.party.encryption else derived(self.party.secret or "")
        return (jwe.decrypt_compact(nested, key, algorithms=[alg, enc]).plaintext or b"").decode()

    def encrypted(self, token: str, to: dict[str, Any] | None = None) -> str:
        """A signed token, encrypted to the partner or to somebody else."""
        _, alg, enc = self.party.algorithms
        receiver = to or self.party.encryption
        header = {"alg": alg, "enc": enc, "cty": "JWT"} | ({"kid": receiver["kid"]} if receiver else {})
        key = imported(public_jwk(receiver)) if receiver else derived(self.party.secret or "")
        return jwe.encrypt_compact(header, token, key, algorithms=[alg, enc])

    def signed(self, claims: dict[str, Any]) -> str:
        """Any claims, signed by the provider's own key."""
        alg = self.party.algorithms[0]
        return jose.sign(claims, self.installation.provider.keys.signing[alg], alg=alg)

    def tampered(self, change: Change, *, member: str = "id_token", to: dict[str, Any] | None = None) -> Tamper:
        """A proxy that changes ID tokens, or UserInfo for `member` empty."""

        def tamper(path: str, answer: httpx.Response) -> Response | None:
            if answer.status_code != 200 or not path.endswith("/token" if member else "/userinfo"):
                return None
            if not member:
                changed = self.encrypted(change(self, self.opened(answer.text)), to)
                return Response(changed, media_type="application/jwt")
            body = answer.json()
            body[member] = self.encrypted(change(self, self.opened(body[member])), to)
            return JSONResponse(body)

        return tamper


def claims_of(token: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_decoded(token.split(".")[1]))
    return found


def anyhow(forge: Callable[[str], str]) -> Change:
    """What a stranger does, who has none of the keys."""
    return lambda _, token: forge(token)


def said(**changes: Any) -> Change:
    """Other claims under a good signature; None leaves one out, a function makes one of the old."""

    def change(forger: Forger, token: str) -> str:
        old = claims_of(token)
        new = {name: value(old.get(name)) if callable(value) else value for name, value in changes.items()}
        return forger.signed({name: value for name, value in (old | new).items() if value is not None})

    return change


def altered(token: str) -> str:
    """Another claim under the old signature."""
    head, payload, signature = token.split(".")
    return f"{head}.{_encoded(json.loads(_decoded(payload)) | {'sub': 'somebody else'})}.{signature}"


def unsigned(token: str) -> str:
    """`alg` none."""
    head, payload, _signature = token.split(".")
    return f"{_encoded(json.loads(_decoded(head)) | {'alg': 'none'})}.{payload}."


def by_another_key(token: str) -> str:
    """Signed by a stranger, who says that the key is ours."""
    head = json.loads(_decoded(token.split(".", maxsplit=1)[0]))
    key = private_jwk("EC", "sig", head["kid"])
    return _signed_with(key, {**head, "alg": "ES256"}, claims_of(token))


def by_an_unknown_key(token: str) -> str:
    key = private_jwk("EC", "sig", "nobody's")
    return _signed_with(key, {"alg": "ES256", "kid": "nobody's"}, claims_of(token))


def by_a_key_of_its_own(token: str) -> str:
    """The header brings the key to verify with (RFC 8725 §3.10)."""
    key = private_jwk("EC", "sig", "mine")
    return _signed_with(key, {"alg": "ES256", "jwk": public_jwk(key)}, claims_of(token))


def by_our_public_key(forger: Forger, token: str) -> str:
    """HS256 with what everybody knows as the secret (RFC 8725 §2.1)."""
    head = json.loads(_decoded(token.split(".", maxsplit=1)[0]))
    public = forger.installation.provider.keys.signing[head["alg"]].public
    secret = public.handle.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signing = f"{_encoded(head | {'alg': 'HS256'})}.{token.split('.')[1]}"
    return f"{signing}.{_bytes(hmac.digest(secret, signing.encode(), hashlib.sha256))}"


def _signed_with(key: dict[str, Any], header: dict[str, Any], claims: dict[str, Any]) -> str:
    return jws.serialize_compact(header, json.dumps(claims), imported(key), algorithms=["ES256"])


def later(seconds: int) -> Callable[[Any], int]:
    return lambda _: int(time.time()) + seconds


ID_TOKENS: dict[str, Change] = {
    "for another partner": said(aud="somebody else"),
    "for several, none of them this partner": said(aud=["somebody", "somebody else"]),
    "from another issuer": said(iss="https://other.example/v2"),
    "another nonce": said(nonce="another"),
    "without its nonce": said(nonce=None),
    "expired": said(exp=later(-600), iat=later(-900)),
    "without an end": said(exp=None),
    "without a subject": said(sub=None),
    "altered": anyhow(altered),
    "not signed": anyhow(unsigned),
    "signed by another key": anyhow(by_another_key),
    "signed by an unknown key": anyhow(by_an_unknown_key),
    "signed by the key in its header": anyhow(by_a_key_of_its_own),
    "signed with our public key as a secret": by_our_public_key,
}
"""Each must be refused by every library that judges ID tokens."""


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _bytes(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def _encoded(value: dict[str, Any]) -> str:
    return _bytes(json.dumps(value).encode())
