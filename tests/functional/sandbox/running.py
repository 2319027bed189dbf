"""A running world for tests: the real server on real ports, and a scheme that only publishes its keys."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from ipse.kernel.ids import b64u, sha256
from ipse.sandbox.server import application
from ipse.sandbox.world import World
from tests.support.worlds import world_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_starts = itertools.count(18010, 5)
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def free_ports() -> int:
    """A base port that is free with the four after it."""
    for start in _starts:
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for port in range(start, start + 5):
                stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return start
    raise AssertionError


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


@contextlib.asynccontextmanager
async def serving(app: Starlette, port: int) -> AsyncIterator[None]:
    """Serve an application until the block ends."""
    config = uvicorn.Config(app, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=1)
    server = _Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn offers a flag, no event
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await task


@dataclass
class Client:
    """The scheme's side, written from the specifications: a small relying party of one bank."""

    world: World
    key: ECKey
    http: httpx.AsyncClient
    bank: str = "bank-vesta"
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @property
    def issuer(self) -> str:
        return self.world.places.bank_issuer(self.bank)

    def assertion(self, **changes: Any) -> dict[str, str]:
        now = int(time.time())
        claims = {
            "iss": "ipse",
            "sub": "ipse",
            "aud": self.issuer,
            "jti": secrets.token_urlsafe(16),
            "iat": now,
            "exp": now + 60,
            **changes,
        }
        signed = jwt.encode({"alg": "ES256", "kid": "scheme-1"}, claims, self.key, algorithms=["ES256"])
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": signed}

    def request(self, **changes: Any) -> dict[str, str]:
        form = {
            "client_id": "ipse",
            "response_type": "code",
            "redirect_uri": self.world.places.enrolment_return,
            "scope": "openid",
            "state": "state-1",
            "nonce": "nonce-1",
            "code_challenge": b64u(sha256(self.verifier)),
            "code_challenge_method": "S256",
            "activation_text": "Phone ending in 01",
            "claims": msgspec.json.encode({"userinfo": {"verified_claims": EVERYTHING}}).decode(),
        }
        return {name: value for name, value in {**form, **changes}.items() if value is not None}

    async def push(self, assertion: dict[str, str] | None = None, **changes: Any) -> httpx.Response:
        form = self.request(**changes) | (assertion or self.assertion())
        return await self.http.post(f"{self.issuer}/par", data=form)

    async def login_page(self, **changes: Any) -> httpx.Response:
        pushed = await self.push(**changes)
        assert pushed.status_code == 201, pushed.text
        query = {"client_id": "ipse", "request_uri": pushed.json()["request_uri"]}
        return await self.http.get(f"{self.issuer}/authorize", params=query, follow_redirects=True)

    async def decide(self, page: httpx.Response, person: str = "ada", decision: str = "approve") -> dict[str, str]:
        """Post the form; the parameters of the redirect back to the scheme."""
        answer = await self.http.post(str(page.url), data={"person": person, "decision": decision})
        assert answer.status_code == 303, answer.text
        target = httpx.URL(answer.headers["location"])
        assert str(target).startswith(self.world.places.enrolment_return + "?")
        return dict(target.params)

    async def redeem(self, code: str, **changes: Any) -> httpx.Response:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.world.places.enrolment_return,
            "code_verifier": self.verifier,
            **self.assertion(),
            **changes,
        }
        return await self.http.post(f"{self.issuer}/token", data=form)

    async def verified(self, token: str) -> dict[str, Any]:
        """The claims of a token by the key the bank publishes."""
        keys = (await self.http.get(f"{self.issuer}/jwks")).json()["keys"]
        claims = jwt.decode(token, ECKey.import_key(keys[0]), algorithms=["ES256"]).claims
        return dict(claims)

    async def userinfo(self, person: str = "ada", **changes: Any) -> dict[str, Any]:
        """The whole way: push, login, code, token, UserInfo."""
        answer = await self.decide(await self.login_page(**changes), person)
        tokens = (await self.redeem(answer["code"])).json()
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        response = await self.http.get(f"{self.issuer}/userinfo", headers=headers)
        assert response.headers["content-type"].startswith("application/jwt")
        return await self.verified(response.text)


EVERYTHING: dict[str, Any] = {
    "verification": {
        "trust_framework": None,
        "assurance_level": None,
        "time": None,
        "evidence": [
            {"type": {"value": "electronic_record"}, "check_details": None, "record": None},
            {"type": {"value": "document"}, "document_details": None},
        ],
    },
    "claims": {
        "given_name": None,
        "family_name": None,
        "birthdate": None,
        "place_of_birth": None,
        "nationalities": None,
        "address": None,
        "phone_number": None,
        "urn:ipse:claim:national_number": None,
        "urn:ipse:claim:photo": None,
    },
}


@contextlib.asynccontextmanager
async def running_world(folder: Path) -> AsyncIterator[tuple[World, Client]]:
    """A world on free ports, and a client that its banks know as the scheme."""
    world = world_in(folder, free_ports())
    key = ECKey.generate_key("P-256", {"kid": "scheme-1", "use": "sig"})
    keys = {"keys": [key.as_dict(private=False)]}
    scheme = Starlette(routes=[Route("/enrolment/jwks", lambda _: JSONResponse(keys))])
    async with (
        serving(scheme, world.places.port),
        serving(application(world), world.places.port + 1),
        httpx.AsyncClient(timeout=10, trust_env=False) as http,
    ):
        yield world, Client(world, key, http)
