"""A bank that can lie: an OpenID provider of few lines whose every answer a test may change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey

from ipse.enrolment.clients import BankClient
from ipse.enrolment.model import Exchange, Registrar
from ipse.kernel.clock import FrozenClock, seconds
from ipse.kernel.ids import RandomIds
from ipse.standards.jose import new_private_jwk, private_keys
from tests.unit.enrolment.answers import answer

ISSUER = "https://bank.example/oidc"
BANK = Registrar(id="bank", name="Bank", country="BE", issuer=ISSUER, client_id="ipse")
EXCHANGE = Exchange(nonce="n-1", verifier="v" * 43)

Change = Callable[[dict[str, Any]], object]


@dataclass
class HostileBank:
    """Answers a client over an in-process transport. `changes` maps a path to what to do with its JSON or claims."""

    clock: FrozenClock = field(default_factory=FrozenClock)
    changes: dict[str, Change] = field(default_factory=dict)
    raw: dict[str, httpx.Response] = field(default_factory=dict)
    """Whole answers in place of what the bank would say."""
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "k1", "use": "sig"}))
    published: ECKey | None = None
    signers: dict[str, Callable[[dict[str, Any]], str]] = field(default_factory=dict)
    """Other ways to make a token: by `id_token` or `userinfo`."""
    algorithm: str = "ES256"
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def client(self) -> BankClient:
        """The scheme's client of this bank."""
        jwk = new_private_jwk("ES256")
        return BankClient(
            BANK,
            redirect_uri="https://id.example/enrolment/return",
            signing=lambda: private_keys([jwk])[0],
            http=httpx.AsyncClient(transport=httpx.MockTransport(self._answer), trust_env=False),
            clock=self.clock,
            ids=RandomIds(),
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/oidc/")
        self.asked.append((path, dict(parse_qsl(request.content.decode()))))
        if path in self.raw:
            return self.raw[path]
        document = getattr(self, "_" + path.rpartition("/")[2].replace("-", "_"))()
        if path == "userinfo":
            text = self._signed(self._changed(path, document), path)
            return httpx.Response(200, text=text, headers={"content-type": "application/jwt"})
        status = 201 if path == "par" else 200
        return httpx.Response(status, json=self._changed(path, document))

    def _changed(self, path: str, document: dict[str, Any]) -> dict[str, Any]:
        if path in self.changes:
            self.changes[path](document)
        return document

    def _openid_configuration(self) -> dict[str, Any]:
        return {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "pushed_authorization_request_endpoint": f"{ISSUER}/par",
            "token_endpoint": f"{ISSUER}/token",
            "userinfo_endpoint": f"{ISSUER}/userinfo",
            "jwks_uri": f"{ISSUER}/jwks",
            "authorization_response_iss_parameter_supported": True,
        }

    def _par(self) -> dict[str, Any]:
        return {"request_uri": "urn:x", "expires_in": 60}

    def _jwks(self) -> dict[str, Any]:
        return {"keys": [(self.published or self.key).as_dict(private=False)]}

    def _token(self) -> dict[str, Any]:
        claims = self._changed("id_token", self._common() | {"nonce": EXCHANGE.nonce})
        return {"access_token": "t", "token_type": "Bearer", "id_token": self._signed(claims, "id_token")}

    def _userinfo(self) -> dict[str, Any]:
        return self._common() | {"verified_claims": answer()}

    def _common(self) -> dict[str, Any]:
        now = seconds(self.clock.now())
        return {"iss": ISSUER, "aud": "ipse", "sub": "s-1", "iat": now, "exp": now + 300}

    def _signed(self, claims: dict[str, Any], what: str) -> str:
        if what in self.signers:
            return self.signers[what](claims)
        return jwt.encode({"alg": self.algorithm, "kid": "k1"}, claims, self.key, algorithms=[self.algorithm])
