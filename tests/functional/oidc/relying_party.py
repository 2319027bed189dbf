"""A relying party that knows nothing of our code: tokens are made and judged with joserfc."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from joserfc import jwe, jws, jwt
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

_HANDLE = re.compile(r"/v2/sign-in/([A-Za-z0-9_-]{22})")
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

_ENCRYPTION = ("RSA-OAEP-256", "RSA-OAEP", "A128CBC-HS256", "A256GCM", "A128GCM", "A256CBC-HS512")


def private_jwk(kty: str, use: str, kid: str) -> dict[str, Any]:
    """A private JWK made by joserfc."""
    parameters: Any = {"use": use, "kid": kid}
    if kty == "OKP":
        return dict(OKPKey.generate_key("Ed25519", parameters).as_dict(private=True))
    key = RSAKey.generate_key(2048, parameters) if kty == "RSA" else ECKey.generate_key("P-256", parameters)
    return dict(key.as_dict(private=True))


def public_jwk(jwk: dict[str, Any]) -> dict[str, Any]:
    """Its public half."""
    return {name: value for name, value in jwk.items() if name not in {"d", "p", "q", "dp", "dq", "qi"}}


@dataclass
class Began:
    """A browser that waits on the sign-in page, and what its partner keeps."""

    handle: str
    state: str
    nonce: str
    verifier: str


@dataclass
class RelyingParty:
    """A partner's back end and one browser of a person."""

    issuer: str
    client_id: str
    redirect_uri: str
    service: str
    secret: str | None = None
    signing: dict[str, Any] | None = None
    encryption: dict[str, Any] | None = None
    algorithms: tuple[str, str, str] = ("ES256", "ECDH-ES", "A256GCM")
    browser: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(timeout=30, trust_env=False))
    metadata: dict[str, Any] = field(default_factory=dict)

    async def close(self) -> None:
        await self.browser.aclose()

    async def discover(self) -> dict[str, Any]:
        if not self.metadata:
            answer = await self.browser.get(f"{self.issuer}/.well-known/openid-configuration")
            self.metadata = answer.json()
            assert self.metadata["issuer"] == self.issuer
        return self.metadata

    async def authorize(self, **changes: str | None) -> httpx.Response:
        """The answer of the authorization endpoint to a good request with changes; None leaves one out."""
        endpoint = (await self.discover())["authorization_endpoint"]
        good: dict[str, str | None] = {
            "client_id": self.client_id,
            "response_type": "code",
            "scope": f"openid service:{self.service}",
            "redirect_uri": self.redirect_uri,
        }
        query = {name: value for name, value in (good | changes).items() if value is not None}
        return await self.browser.get(endpoint, params=query)

    async def begin(self, **changes: str | None) -> Began:
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        pkce: dict[str, str | None] = {"code_challenge": challenge, "code_challenge_method": "S256"}
        page = await self.authorize(**({"state": state, "nonce": nonce} | pkce | changes))
        assert page.status_code == 200, page.text
        found = _HANDLE.search(page.text)
        assert found
        return Began(found[1], state, nonce, verifier)

    async def finish(self, began: Began) -> dict[str, str]:
        """What the browser brings back after the approval."""
        answer = await self.browser.get(f"{self.issuer}/sign-in/{began.handle}/finish")
        assert answer.status_code == 303, answer.text
        location = answer.headers["location"]
        assert location.startswith(self.redirect_uri)
        query = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        assert query["iss"] == self.issuer
        assert query.get("state") == began.state
        return query

    def assertion(self, **changes: Any) -> str:
        """A client assertion with some claims changed; None leaves one out. `header` changes the header."""
        assert self.signing
        usual = "ES256" if self.signing["kty"] == "EC" else "RS256"
        header = {"alg": self.signing.get("alg", usual), "kid": self.signing["kid"]}
        header |= changes.pop("header", {})
        now = int(time.time())
        good = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.issuer,
            "jti": secrets.token_urlsafe(16),
            "iat": now,
            "exp": now + 60,
        }
        claims = {name: value for name, value in (good | changes).items() if value is not None}
        key = imported(self.signing)
        return jws.serialize_compact(header, json.dumps(claims), key, algorithms=[header["alg"]])

    def request_object(self, **changes: Any) -> str:
        """A signed request with some members changed; None leaves one out. `header` changes the header."""
        assert self.signing
        header = {
            "alg": "ES256" if self.signing["kty"] == "EC" else "RS256",
            "kid": self.signing["kid"],
            "typ": "oauth-authz-req+jwt",
        } | changes.pop("header", {})
        now = int(time.time())
        good = {
            "iss": self.client_id,
            "aud": self.issuer,
            "nbf": now,
            "exp": now + 300,
            "client_id": self.client_id,
            "response_type": "code",
            "scope": f"openid service:{self.service}",
            "redirect_uri": self.redirect_uri,
        }
        claims = {name: value for name, value in (good | changes).items() if value is not None}
        return jws.serialize_compact(header, json.dumps(claims), imported(self.signing), algorithms=[header["alg"]])

    async def encrypted(self, token: str, **header: str) -> str:
        """A token encrypted to the provider."""
        keys = (await self.browser.get((await self.discover())["jwks_uri"])).json()["keys"]
        key = next(key for key in keys if key["use"] == "enc")
        protected = {"alg": "RSA-OAEP-256", "enc": "A128CBC-HS256", "kid": key["kid"], "cty": "JWT"} | header
        return jwe.encrypt_compact(protected, token, RSAKey.import_key(key), algorithms=list(_ENCRYPTION))

    async def push(self, **changes: str | None) -> httpx.Response:
        """The answer to a good pushed request with changes; None leaves one out."""
        endpoint = (await self.discover())["pushed_authorization_request_endpoint"]
        good: dict[str, str | None] = {
            "client_id": self.client_id,
            "response_type": "code",
            "scope": f"openid service:{self.service}",
            "redirect_uri": self.redirect_uri,
            **self.credentials(),
        }
        form = {name: value for name, value in (good | changes).items() if value is not None}
        return await self.browser.post(endpoint, data=form)

    def credentials(self) -> dict[str, str]:
        if self.secret is not None:
            return {"client_id": self.client_id, "client_secret": self.secret}
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": self.assertion()}

    async def token(self, code: str, verifier: str | None, /, **changes: str | None) -> httpx.Response:
        endpoint = (await self.discover())["token_endpoint"]
        good: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": verifier,
            **self.credentials(),
        }
        form = {name: value for name, value in (good | changes).items() if value is not None}
        return await self.browser.post(endpoint, data=form)

    async def tokens(self, began: Began) -> dict[str, Any]:
        """Finish and redeem."""
        came = await self.finish(began)
        answer = await self.token(came["code"], began.verifier)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def opened(self, nested: str) -> dict[str, Any]:
        """The claims of a token that is signed by the provider and encrypted to this partner, judged by joserfc."""
        signing, alg, enc = self.algorithms
        key = imported(self.encryption) if self.encryption else derived(self.secret or "")
        outer = jwe.decrypt_compact(nested, key, algorithms=[alg, enc])
        assert outer.protected["cty"] == "JWT"
        assert (outer.protected["alg"], outer.protected["enc"]) == (alg, enc)
        assert outer.protected.get("kid") == (self.encryption["kid"] if self.encryption else None)
        keys = KeySet.import_key_set((await self.browser.get(self.metadata["jwks_uri"])).json())
        token = jwt.decode(outer.plaintext or b"", keys, algorithms=[signing])
        assert token.header["kid"]
        claims = dict(token.claims)
        jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self.client_id},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
        ).validate(claims)
        return claims

    async def userinfo(self, access_token: str) -> httpx.Response:
        endpoint = (await self.discover())["userinfo_endpoint"]
        return await self.browser.get(endpoint, headers={"Authorization": f"Bearer {access_token}"})

    async def shared(self, access_token: str) -> dict[str, Any]:
        """The verified claims of UserInfo."""
        answer = await self.userinfo(access_token)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/jwt"
        return await self.opened(answer.text)


def imported(jwk: dict[str, Any]) -> RSAKey | ECKey | OKPKey:
    """A JWK as joserfc's key."""
    if jwk["kty"] == "OKP":
        return OKPKey.import_key(jwk)
    return RSAKey.import_key(jwk) if jwk["kty"] == "RSA" else ECKey.import_key(jwk)


def derived(secret: str) -> OctKey:
    """The key of a client secret (OpenID Connect Core §10.2)."""
    return OctKey.import_key(hashlib.sha256(secret.encode()).digest())
