"""A partner's event address over real HTTP: it verifies each security event token as RFC 8417 and 8935 say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ipse.standards import jose
from tests.functional.oidc.installation import is_free, listening


@dataclass
class Listener:
    """What it was told, and how it answers."""

    address: str
    issuer: str
    jwks_uri: str
    status: int = 202
    told: list[dict[str, Any]] = field(default_factory=list)

    async def hear(self, request: Request) -> Response:
        assert request.headers["content-type"] == "application/secevent+jwt"
        token = (await request.body()).decode()
        async with httpx.AsyncClient() as http:
            keys = jose.public_keys((await http.get(self.jwks_uri)).json())
        verified = jose.verify(jose.UnverifiedToken.parse(token), keys, algorithms={"ES256"}, types={"secevent+jwt"})
        assert verified.claims["iss"] == self.issuer
        assert "exp" not in verified.claims, "RFC 8417 §4.6"
        if self.status == 202:
            self.told.append(verified.claims)
        return Response(status_code=self.status)


@asynccontextmanager
async def hearing(issuer: str, jwks_uri: str, *, first_port: int = 24560) -> AsyncIterator[Listener]:
    """A listener for as long as the context lasts."""
    port = next(port for port in range(first_port, first_port + 20) if is_free(port))
    listener = Listener(f"http://127.0.0.1:{port}/events", issuer, jwks_uri)
    async with listening(Starlette(routes=[Route("/events", listener.hear, methods=["POST"])]), port):
        yield listener
