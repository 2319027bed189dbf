"""A browser without scripts at a partner's login, and that partner's back end, over plain HTTP."""

from __future__ import annotations

import json
import re
import secrets
import time
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from joserfc import jwe, jws, jwt
from joserfc.jwk import KeySet, OctKey

from ipse.kernel.ids import b64u, sha256

_QR = re.compile(r'id="qr"[^>]*data-content="([^"]+)"')
_LINK = re.compile(r'id="open-app"[^>]*href="([^"]+)"')
_DIGITS = re.compile(r'id="digits">(\d\d)<')
_HANDLE = re.compile(r"/v2/sign-in/([A-Za-z0-9_-]{10,})")
_ENCRYPTION = ["RSA-OAEP-256", "RSA-OAEP", "ECDH-ES", "dir", "A128CBC-HS256", "A256GCM"]
_SIGNATURES = ["ES256", "RS256", "HS256"]


@dataclass(frozen=True)
class SignInPage:
    """What the page shows, and the secrets the partner keeps for the way back."""

    qr: str
    link: str
    digits: str
    handle: str
    state: str
    nonce: str
    verifier: str
    redirect_uri: str


@dataclass
class Visitor:
    """One browser with its cookies; `partner` is an entry of world.json."""

    base: str
    partner: dict[str, Any]
    browser: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30, trust_env=False))

    def close(self) -> None:
        """Close the browser."""
        self.browser.close()

    def service(self, kind: str) -> dict[str, Any]:
        """The partner's service of a type."""
        service: dict[str, Any] = next(one for one in self.partner["services"] if one["type"] == kind)
        return service

    def start(self, kind: str = "authentication", *, scope: str = "", **parameters: str) -> SignInPage:
        """Come to the sign-in page with a fresh request."""
        address, asked = self.asking(kind, scope=scope, **parameters)
        page = self.browser.get(address)
        assert page.status_code == 200, page.text
        return self._read(
            page.text, state=asked.state, nonce=asked.nonce, verifier=asked.verifier, uri=asked.redirect_uri
        )

    def asking(
        self, kind: str = "authentication", *, scope: str = "", **parameters: str
    ) -> tuple[httpx.URL, SignInPage]:
        """The address of a fresh request, for whichever browser, and what the partner keeps of it."""
        service = self.service(kind)
        state, nonce, verifier = secrets.token_urlsafe(16), secrets.token_urlsafe(16), secrets.token_urlsafe(48)
        query = {
            "client_id": self.partner["client_id"],
            "response_type": "code",
            "scope": f"openid service:{service['code']} {scope}".strip(),
            "redirect_uri": service["redirect_uris"][0],
            "state": state,
            "nonce": nonce,
            "code_challenge": b64u(sha256(verifier)),
            "code_challenge_method": "S256",
            **parameters,
        }
        asked = self._read("", state=state, nonce=nonce, verifier=verifier, uri=query["redirect_uri"])
        return httpx.URL(f"{self.base}/v2/authorization", params=query), asked

    @staticmethod
    def _read(text: str, *, state: str, nonce: str, verifier: str, uri: str) -> SignInPage:
        found = [pattern.search(text) for pattern in (_QR, _LINK, _DIGITS, _HANDLE)]
        qr, link, digits, handle = (unescape(match.group(1)) if match else "" for match in found)
        return SignInPage(qr, link, digits, handle, state, nonce, verifier, uri)

    def finish(self, page: SignInPage) -> str:
        """Go on after an approval by QR; the authorization code."""
        return self.code_of(self.browser.get(f"{self.base}/v2/sign-in/{page.handle}/finish"), page)

    def open_return(self, return_url: str, page: SignInPage) -> str:
        """Open the address an approval by app link brought; the authorization code."""
        return self.code_of(self.browser.get(return_url), page)

    @staticmethod
    def code_of(answer: httpx.Response, page: SignInPage) -> str:
        """The code in a redirect to the partner."""
        assert answer.has_redirect_location, answer.text
        target = answer.headers["Location"]
        query = parse_qs(urlsplit(target).query)
        assert target.startswith(page.redirect_uri), target
        assert query["state"] == [page.state], target
        return query["code"][0]

    def redeem(self, code: str, page: SignInPage) -> httpx.Response:
        """The partner's back end asks for its tokens."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": page.redirect_uri,
            "code_verifier": page.verifier,
            **self._authentication(),
        }
        return self.browser.post(f"{self.base}/v2/token", data=form)

    def _authentication(self) -> dict[str, str]:
        client_id = self.partner["client_id"]
        if "client_secret" in self.partner:
            return {"client_id": client_id, "client_secret": self.partner["client_secret"]}
        key = next(one for one in self._keys().keys if one.as_dict().get("use") == "sig")
        now = int(time.time())
        claims = {"iss": client_id, "sub": client_id, "aud": f"{self.base}/v2", "iat": now, "exp": now + 60}
        header = {"alg": str(key.as_dict().get("alg", "ES256")), "kid": key.kid}
        assertion = jwt.encode(header, {**claims, "jti": secrets.token_urlsafe(16)}, key, algorithms=_SIGNATURES)
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        return {"client_assertion_type": kind, "client_assertion": assertion}

    def _keys(self) -> KeySet:
        return KeySet.import_key_set({"keys": self.partner["jwks"]["keys"]})

    def opened(self, nested: str) -> dict[str, Any]:
        """Decrypt and verify an ID token or UserInfo answer with joserfc."""
        if "client_secret" in self.partner:
            # OpenID Connect Core §10.2: the left-most bits of the secret's SHA-256.
            secret = OctKey.import_key(sha256(self.partner["client_secret"]))
            opened = jwe.decrypt_compact(nested, secret, algorithms=_ENCRYPTION)
        else:
            opened = jwe.decrypt_compact(nested, self._keys(), algorithms=_ENCRYPTION)
        published = KeySet.import_key_set(self.browser.get(f"{self.base}/v2/jwkSet").json())
        signed = jws.deserialize_compact(opened.plaintext or b"", published, algorithms=_SIGNATURES)
        claims: dict[str, Any] = json.loads(signed.payload)
        return claims
