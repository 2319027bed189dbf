"""The three operators in process: no port, a clock that stands still, a sink that remembers."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ipse.kernel.clock import FrozenClock, read
from ipse.kernel.ids import RandomIds, b64u, sha256
from ipse.sandbox import jose
from ipse.sandbox.bank.assertions import SchemeKeys
from ipse.sandbox.drawers import Drawer
from ipse.sandbox.inboxes import Inboxes
from ipse.sandbox.moods import Moods
from ipse.sandbox.operators import OPERATORS
from ipse.sandbox.operators.oauth import Registered
from ipse.sandbox.operators.telecoms import Ground, Telecoms
from ipse.sandbox.places import Places
from ipse.sandbox.sight import Sight
from ipse.standards.camara import PURPOSE, Api, scopes, timestamp
from ipse.web.assets import Assets

ADA = "+32400000101"
SPARE = "+32400009000"
UNREADY = "+33639980019"
STRANGE = "+4670123456"
RETURN = "http://localhost:1/enrolment/number/return"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
VERIFIER = "v" * 43


@dataclass
class Sink:
    """Where events arrive; answers as it is told."""

    status: int = 204
    events: list[dict[str, Any]] = field(default_factory=list)
    requests: list[Mapping[str, str]] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        self.requests.append(dict(request.headers))
        if self.status < 300:
            self.events.append(msgspec.json.decode(await request.body()))
        return Response(status_code=self.status)

    def types(self) -> list[str]:
        return [event["type"].rpartition(".")[2] for event in self.events]


@dataclass
class Telecom:
    """One operator, seen by a client of its own writing."""

    telecoms: Telecoms
    http: httpx.AsyncClient
    sink: Sink
    clock: FrozenClock
    key: ECKey
    operator: str = "lumo"

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:2/operators/{self.operator}"

    def at(self, operator: str) -> Telecom:
        """The same world, another operator."""
        return Telecom(self.telecoms, self.http, self.sink, self.clock, self.key, operator)

    def assertion(self, **changes: Any) -> dict[str, str]:
        now = self.clock.now() // 1_000_000
        claims: dict[str, Any] = {"iss": "ipse", "sub": "ipse", "aud": f"{self.issuer}/token"}
        claims |= {"jti": secrets.token_urlsafe(12), "iat": now, "exp": now + 60, **changes}
        signed = jwt.encode({"alg": "ES256", "kid": "scheme-1"}, claims, self.key, algorithms=["ES256"])
        return {"client_assertion_type": ASSERTION, "client_assertion": signed}

    async def token_answer(self, scope: str, **changes: str) -> httpx.Response:
        form = {"grant_type": "client_credentials", "scope": scope, **self.assertion(), **changes}
        return await self.http.post(f"{self.issuer}/token", data=form)

    async def token(self, *wanted: str) -> str:
        """A token of the client alone, for these scopes."""
        answer = await self.token_answer(" ".join((PURPOSE, *wanted)))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    async def authorize(self, number: str, *wanted: str, **changes: str) -> dict[str, str]:
        """What comes back to the scheme from the authorization endpoint."""
        query = {
            "client_id": "ipse",
            "redirect_uri": RETURN,
            "response_type": "code",
            "scope": " ".join(("openid", PURPOSE, *wanted)),
            "state": "s1",
            "nonce": "n1",
            "prompt": "none",
            "login_hint": f"tel:{number}",
            "code_challenge": b64u(sha256(VERIFIER)),
            "code_challenge_method": "S256",
        }
        query = {name: value for name, value in {**query, **changes}.items() if value}
        answer = await self.http.get(f"{self.issuer}/authorize", params=query)
        assert answer.status_code == 302, answer.text
        return dict(httpx.URL(answer.headers["location"]).params)

    async def redeem(self, code: str, **changes: str) -> httpx.Response:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": RETURN, "code_verifier": VERIFIER}
        return await self.http.post(f"{self.issuer}/token", data={**form, **self.assertion(), **changes})

    async def token_of(self, number: str, *wanted: str) -> str:
        """A token of the person whose SIM has the number."""
        back = await self.authorize(number, *wanted)
        answer = await self.redeem(back["code"])
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    async def call(
        self, method: str, path: str, body: object = None, *, token: str | None = None, **headers: str
    ) -> httpx.Response:
        sent = {"x-correlator": "corr-1", **headers}
        if token:
            sent["authorization"] = f"Bearer {token}"
        content = None if body is None else msgspec.json.encode(body)
        if content is not None:
            sent["content-type"] = "application/json"
        return await self.http.request(method, self.issuer + path, content=content, headers=sent)

    async def happen(self, number: str, do: str, **more: str) -> dict[str, Any]:
        """Let something happen to a SIM, and the events be told."""
        address = f"http://127.0.0.1:2/operators/api/sims/{number}"
        answer = await self.http.post(address, json={"do": do, **more})
        assert answer.status_code == 200, answer.text
        await self.telecoms.settle()
        told: dict[str, Any] = answer.json()
        return told

    def hours_ago(self, hours: float) -> str:
        """When that was, as the world's own API takes it."""
        return timestamp(self.clock.now() - round(hours * 3_600_000_000))


def everything(api: Api) -> tuple[str, ...]:
    """All scopes of an API."""
    return tuple(sorted(str(scope) for scope in scopes(api)))


@contextmanager
def telecom(folder: Path) -> Iterator[Telecom]:
    """All three operators, and a scheme that publishes its keys."""
    clock, ids, sink = FrozenClock(read("2026-03-01T12:00:00Z")), RandomIds(), Sink()
    key = ECKey.generate_key("P-256", {"kid": "scheme-1", "use": "sig"})
    published = {"keys": [key.as_dict(private=False)]}
    scheme = Starlette(routes=[Route("/enrolment/jwks", lambda _: JSONResponse(published))])
    sinks = Starlette(routes=[Route("/{rest:path}", sink.take, methods=["POST"])])
    transports = {"http://localhost:1": scheme, "https://": sinks}
    inside = httpx.AsyncClient(mounts={at: httpx.ASGITransport(app) for at, app in transports.items()})
    places = Places.on_this_machine(1)
    ground = Ground(
        places=places,
        client=Registered("ipse", (RETURN,), SchemeKeys(places.enrolment_keys, inside, clock)),
        drawer=lambda *names: Drawer(folder.joinpath(*names), clock, ids),
        inboxes=Inboxes(folder / "inboxes", clock, ids),
        sight=Sight.of(Assets(("ipse.web", "ipse.sandbox")), places, ()),
        http=inside,
        moods=Moods(parties=tuple(one.id for one in OPERATORS), inventive=frozenset(one.id for one in OPERATORS)),
        clock=clock,
        ids=ids,
    )
    keys = {one.id: jose.generate(f"{one.id}-1", "sig", "ES256") for one in OPERATORS}
    telecoms = Telecoms.of(ground, keys, "salt")
    http = httpx.AsyncClient(transport=httpx.ASGITransport(Starlette(routes=telecoms.routes())))
    yield Telecom(telecoms, http, sink, clock, key)


def assert_problem(answer: httpx.Response, status: int, code: str) -> None:
    """An error as the standard writes it, with the correlator that was sent."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["message"]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-correlator"] == "corr-1"
