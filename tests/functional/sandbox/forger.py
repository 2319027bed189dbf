"""An OpenID provider that says whatever a test wants, to see what the partners believe."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
from joserfc import jwe, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ipse.kernel.ids import sha256
from ipse.web.forms import read_form

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ipse.sandbox.world import World

ACR_ADVANCED = "http://itsme.services/v2/claim/acr_advanced"


@dataclass
class Forger:
    """Answers both partners. `id_token`, `userinfo`: changes to the right claims; None removes one."""

    world: World
    id_token: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    form: str = "nested"
    """`nested`, `signed` or `encrypted`."""
    foreign_key: bool = False
    token_error: str = ""
    nonce: str = ""
    token_requests: list[dict[str, str]] = field(default_factory=list)
    pushed: dict[str, str] = field(default_factory=dict)
    """The last request that was pushed."""
    rsa: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "r1", "use": "sig"}))
    ec: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "e1", "use": "sig"}))

    @property
    def issuer(self) -> str:
        return self.world.places.issuer

    def application(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v2/.well-known/openid-configuration", self._metadata),
                Route("/v2/jwkSet", self._keys),
                Route("/v2/par", self._push, methods=["POST"]),
                Route("/v2/token", self._token, methods=["POST"]),
                Route("/v2/userinfo", self._userinfo),
                Route("/enrolment/jwks", self._keys),
            ]
        )

    async def _metadata(self, _: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorization",
                "pushed_authorization_request_endpoint": f"{self.issuer}/par",
                "token_endpoint": f"{self.issuer}/token",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "jwks_uri": f"{self.issuer}/jwkSet",
            }
        )

    async def _keys(self, _: Request) -> Response:
        return JSONResponse({"keys": [key.as_dict(private=False) for key in (self.rsa, self.ec)]})

    async def _push(self, request: Request) -> Response:
        self.pushed = await read_form(request)
        if self.token_error:
            return JSONResponse({"error": self.token_error, "error_description": "as the test wants"}, status_code=400)
        return JSONResponse({"request_uri": "urn:ietf:params:oauth:request_uri:x", "expires_in": 90}, status_code=201)

    async def _token(self, request: Request) -> Response:
        form = await read_form(request)
        self.token_requests.append(form)
        if self.token_error:
            return JSONResponse({"error": self.token_error, "detail": "as the test wants"}, status_code=400)
        client_id = form.get("client_id", "portal")
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": client_id,
            "sub": "a" * 36,
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
            "acr": ACR_ADVANCED,
            "given_name": "Ada",
        }
        id_token = self._seal(client_id, _changed(claims, self.id_token))
        return JSONResponse({"access_token": client_id, "token_type": "Bearer", "id_token": id_token})

    async def _userinfo(self, request: Request) -> Response:
        client_id = request.headers["authorization"].removeprefix("Bearer ")
        claims = {"iss": self.issuer, "aud": client_id, "sub": "a" * 36}
        return Response(self._seal(client_id, _changed(claims, self.userinfo)), media_type="application/jwt")

    def _seal(self, client_id: str, claims: Mapping[str, Any]) -> str:
        algorithm = "RS256" if client_id == "shop" else "ES256"
        key: RSAKey | ECKey = self.rsa if client_id == "shop" else self.ec
        if self.foreign_key:
            key = ECKey.generate_key("P-256") if algorithm == "ES256" else RSAKey.generate_key(2048)
        header = {"alg": algorithm, "kid": "r1" if client_id == "shop" else "e1", **self.header}
        inner = jwt.encode(header, dict(claims), key, algorithms=[algorithm, "HS256", "ES256"])
        if self.form == "signed":
            return inner
        content = msgspec.json.encode(claims) if self.form == "encrypted" else inner.encode()
        if client_id == "shop":
            secret = OctKey.import_key(sha256(self.world.secrets.shop_secret))
            outer = {"alg": "dir", "enc": "A256GCM", "cty": "JWT"}
            return jwe.encrypt_compact(outer, content, secret, algorithms=["dir", "A256GCM"])
        enc = ECKey.import_key(self.world.secrets.portal_enc)
        outer = {"alg": "ECDH-ES", "enc": "A256GCM", "cty": "JWT", "kid": "portal-enc-1"}
        return jwe.encrypt_compact(outer, content, enc, algorithms=["ECDH-ES", "A256GCM"])


def _changed(claims: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**claims, **changes}.items() if value is not None}
