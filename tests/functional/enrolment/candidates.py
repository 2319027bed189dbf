"""A bank that somebody has just built: the sandbox's, as it is or broken in one way. In process, no ports."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount

from ipse.enrolment.model import Registrar
from ipse.enrolment.service.examination import Examination
from ipse.kernel.clock import SystemClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import Environment
from ipse.sandbox import jose
from ipse.sandbox.bank import bank
from ipse.sandbox.bank.assertions import Assertions, SchemeKeys
from ipse.sandbox.bank.http import BankPages
from ipse.sandbox.bank.provider import Memory, Provider
from ipse.sandbox.drawers import Drawer
from ipse.sandbox.moods import Moods
from ipse.sandbox.sight import Sight
from ipse.standards.jose import new_private_jwk, private_keys, public_jwk
from ipse.web.assets import Assets

ISSUER = "https://login.candidate.example/oidc"
BACK = "https://id.example/enrolment/return"


class _Trusting(Assertions):
    """Judges assertions as the bank does, unless it is told to look away."""

    blind: Callable[[Mapping[str, str]], bool]

    async def verify(self, form: Mapping[str, str]) -> None:
        """Believe what the broken bank believes."""
        if not self.blind(form):
            await super().verify(form)


@dataclass
class Candidate:
    """One candidate bank, and what is broken about it."""

    folder: Path
    documents: dict[str, Callable[[dict[str, Any]], object]] = field(default_factory=dict)
    """Changes of JSON answers, by the end of the path."""
    answers: dict[str, Callable[[Request], Response | None]] = field(default_factory=dict)
    """Whole answers, by the end of the path; None lets the bank answer."""
    form: Callable[[dict[str, str]], object] = lambda _form: None
    """What the bank makes of a form before it looks at it."""
    blind: Callable[[Mapping[str, str]], bool] = lambda _form: False
    """Which assertions it believes unseen."""
    delay: float = 0.0
    environment: Environment = Environment.PRODUCTION
    issuer: str = ISSUER
    provider: Provider = field(init=False)

    def __post_init__(self) -> None:
        ids, clock, ours = RandomIds(), SystemClock(), new_private_jwk("ES256") | {"kid": "scheme-1"}
        self.ours = private_keys([ours])[0]
        published = httpx.MockTransport(lambda _: httpx.Response(200, json={"keys": [public_jwk(ours)]}))
        keys = SchemeKeys("https://id.example/enrolment/jwks", httpx.AsyncClient(transport=published), clock)
        assertions = _Trusting.__new__(_Trusting)
        names = {"issuer": ISSUER, "client_id": "ipse", "keys": keys, "clock": clock, "blind": self.blind}
        for name, value in {**names, "used": self._drawer("assertions")}.items():
            object.__setattr__(assertions, name, value)
        known = bank("bank-vesta")
        assert known is not None
        self.provider = Provider(
            bank=known,
            issuer=ISSUER,
            client_id="ipse",
            redirect_uri=BACK,
            key=jose.generate("candidate-1", "sig", "ES256"),
            subject_salt="salt",
            memory=Memory(*(self._drawer(name) for name in ("pushed", "logins", "codes", "spent", "tokens"))),
            assertions=assertions,
            clock=clock,
            ids=ids,
        )

    def _drawer(self, name: str) -> Drawer:
        return Drawer(self.folder / name, SystemClock(), RandomIds())

    def examination(self) -> Examination:
        """The examination of this candidate."""
        return Examination(
            registrar=Registrar(id="candidate", name="Candidate", country="BE", issuer=self.issuer, client_id="ipse"),
            environment=self.environment,
            redirect_uri=BACK,
            signing=lambda: self.ours,
            http=httpx.AsyncClient(transport=httpx.ASGITransport(self.application()), trust_env=False),
            clock=SystemClock(),
            ids=RandomIds(),
        )

    def application(self) -> Starlette:
        """The bank over HTTP."""
        places = type("Places", (), {"world": "https://login.candidate.example"})()
        sight = Sight.of(Assets(("ipse.web", "ipse.sandbox")), places, ())
        pages = BankPages(self.provider, sight, Moods(parties=("bank-vesta",)), True, "/oidc")
        app = Starlette(routes=[Mount("/oidc", app=pages.router())])
        inner = app.middleware_stack = app.build_middleware_stack()

        async def around(scope: Any, receive: Any, send: Any) -> None:
            request = Request(scope, receive)
            body = await request.body()
            path = request.url.path.rpartition("/")[2]
            await asyncio.sleep(self.delay)
            if path in self.answers and (whole := self.answers[path](Request(scope, _replayed(body)))) is not None:
                await whole(scope, receive, send)
                return
            if body:
                said = dict(parse_qsl(body.decode(), keep_blank_values=True))
                self.form(said)
                body = urlencode(said).encode()
                scope["headers"] = [
                    (name, str(len(body)).encode() if name == b"content-length" else value)
                    for name, value in scope["headers"]
                ]
            if path not in self.documents:
                await inner(scope, _replayed(body), send)
                return
            answer = await _collected(inner, scope, body)
            document = msgspec.json.decode(answer.body)
            self.documents[path](document)
            await JSONResponse(document, answer.status_code)(scope, receive, send)

        app.middleware_stack = around
        return app


def _replayed(body: bytes) -> Any:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _collected(app: Any, scope: Any, body: bytes) -> Response:
    parts: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        parts.append(message)

    await app(scope, _replayed(body), send)
    return Response(b"".join(part.get("body", b"") for part in parts), parts[0]["status"])
