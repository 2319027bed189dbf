"""A phone app that asks too often can read when to come back, although it lives on another origin."""

from __future__ import annotations

import httpx
from starlette.requests import Request
from starlette.responses import Response

from ipse.kernel.clock import FrozenClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import Limit, Limits
from ipse.web.application import Application
from ipse.web.edge import Edge
from ipse.web.routes import Caller, Route


async def _answer(_request: Request) -> Response:
    return Response("ok")


async def test_the_app_can_read_that_it_must_wait_and_how_long() -> None:
    application = Application([Route("/phone/v1/home", _answer, ("POST",), caller=Caller.PHONE, limit="phone")])
    edge = Edge(
        application,
        origin="http://localhost:8000",
        limits=Limits(phone=Limit(burst=1, per_minute=1)),
        trusted_proxies=(),
        clock=FrozenClock(),
        ids=RandomIds(),
    )
    transport = httpx.ASGITransport(edge)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as app:
        first = await app.post("/phone/v1/home")
        second = await app.post("/phone/v1/home")
    assert (first.status_code, second.status_code) == (200, 429)
    assert second.headers["access-control-allow-origin"] == "*"
    assert second.headers["access-control-expose-headers"] == "retry-after, ipse-reference"
    assert int(second.headers["retry-after"]) > 0
    assert second.json()["code"] == "too_many_requests"
