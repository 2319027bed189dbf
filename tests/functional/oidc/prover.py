"""A partner that binds its tokens to a key: DPoP proofs (RFC 9449) made by joserfc."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import httpx
from joserfc import jws
from joserfc.jwk import ECKey

from tests.functional.oidc.relying_party import RelyingParty


@dataclass
class Prover:
    """Holds a key and the nonce that the provider gave last."""

    party: RelyingParty
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"))
    nonce: str | None = None

    @property
    def thumbprint(self) -> str:
        return str(self.key.thumbprint())

    def proof(self, method: str, url: str, *, token: str | None = None, **changes: Any) -> str:
        """A good proof with changes; None leaves a claim out. `header` changes the header."""
        header: dict[str, Any] = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.key.as_dict(private=False)}
        header |= changes.pop("header", {})
        good: dict[str, Any] = {
            "jti": secrets.token_urlsafe(12),
            "htm": method,
            "htu": url,
            "iat": int(time.time()),
            "nonce": self.nonce,
        }
        if token is not None:
            good["ath"] = urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
        claims = {name: value for name, value in (good | changes).items() if value is not None}
        return jws.serialize_compact(header, json.dumps(claims), self.key, algorithms=[header["alg"]])

    def heard(self, answer: httpx.Response) -> httpx.Response:
        """Keep the nonce for the next proof."""
        self.nonce = answer.headers.get("dpop-nonce", self.nonce)
        return answer

    async def post(self, url: str, form: dict[str, str | None], *proofs: str) -> httpx.Response:
        """A request to the token endpoint or a neighbour with these proofs, as they are."""
        data = {name: value for name, value in form.items() if value is not None}
        headers = [("DPoP", proof) for proof in proofs]
        return self.heard(await self.party.browser.post(url, data=data, headers=headers))

    async def token(self, code: str, verifier: str | None, /, **changes: Any) -> httpx.Response:
        """Redeem a code with a proof; `proof` changes the proof, other names the form. Once more where told a nonce."""
        url = (await self.party.discover())["token_endpoint"]
        wrongly = changes.pop("proof", {})
        form = self.redemption(code, verifier) | changes
        answer = await self.post(url, form, self.proof("POST", url, **dict(wrongly)))
        if answer.json().get("error") == "use_dpop_nonce" and "nonce" not in wrongly:
            form = self.redemption(code, verifier) | changes
            answer = await self.post(url, form, self.proof("POST", url, **dict(wrongly)))
        return answer

    def redemption(self, code: str, verifier: str | None) -> dict[str, str | None]:
        return {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.party.redirect_uri,
            "code_verifier": verifier,
            **self.party.credentials(),
        }

    async def read(
        self, token: str, *proofs: str, path: str = "/userinfo", scheme: str = "DPoP", method: str = "GET"
    ) -> httpx.Response:
        """A request with an access token and a fresh proof, or with these proofs as they are."""
        url = self.party.issuer + path
        sent = proofs or (self.proof(method, url, token=token),)
        headers = [("Authorization", f"{scheme} {token}"), *(("DPoP", proof) for proof in sent if proof)]
        return self.heard(await self.party.browser.request(method, url, headers=headers))
