"""The table of addresses finds what Starlette finds."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from ipse.kernel import references
from ipse.kernel.clock import SystemClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import Limits
from ipse.web.application import Application
from ipse.web.edge import Edge
from ipse.web.problems import Refused
from ipse.web.routes import Caller, Endpoint, Route

ORIGIN = "http://localhost"


def _says(name: str) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return PlainTextResponse(f"{name} {dict(request.path_params)}")

    return endpoint


ROUTES = [
    Route("/", _says("front"), caller=Caller.PUBLIC, limit="page"),
    Route("/in/return/{value}", _says("return"), caller=Caller.BROWSER, limit="page"),
    Route("/in/{handle}", _says("page"), caller=Caller.BROWSER, limit="page"),
    Route("/in/{handle}/finish", _says("finish"), caller=Caller.BROWSER, limit="page"),
    Route("/in/{handle}/cancel", _says("cancel"), ("POST",), caller=Caller.BROWSER, limit="page"),
    Route("/schemas/{name}.json", _says("schema"), caller=Caller.PUBLIC, limit="page"),
    Route("/files/{path:path}", _says("files"), caller=Caller.PUBLIC, limit="page"),
]


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("GET", "/", 200, "front {}"),
        ("GET", "/in/abc", 200, "page {'handle': 'abc'}"),
        ("GET", "/in/abc/finish", 200, "finish {'handle': 'abc'}"),
        ("GET", "/in/return/abc", 200, "return {'value': 'abc'}"),
        ("GET", "/in/return/finish", 200, "return {'value': 'finish'}"),
        ("GET", "/in/a%20b/finish", 200, "finish {'handle': 'a b'}"),
        ("GET", "/in/%00/finish", 400, None),
        ("POST", "/in/abc/cancel", 200, "cancel {'handle': 'abc'}"),
        ("GET", "/files/a/b", 200, "files {'path': 'a/b'}"),
        ("GET", "/schemas/payment.json", 200, "schema {'name': 'payment'}"),
        ("GET", "/schemas/payment", 404, None),
        ("GET", "/in/abc/cancel", 405, None),
        ("POST", "/in/abc/finish", 405, None),
        ("GET", "/in/", 404, None),
        ("GET", "/in//finish", 404, None),
        ("GET", "/in/a/b/finish", 404, None),
        ("GET", "/in/a%2Fb/finish", 404, None),
        ("GET", "/nowhere", 404, None),
    ],
)
async def test_every_address_leads_where_it_says(method: str, path: str, status: int, text: str | None) -> None:
    edge: dict[str, Any] = {"limits": Limits(), "trusted_proxies": (), "clock": SystemClock(), "ids": RandomIds()}
    transport = httpx.ASGITransport(Edge(Application(ROUTES), origin=ORIGIN, **edge))
    headers = {"Origin": ORIGIN}
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers, timeout=5) as client:
        answer = await client.request(method, path)
    assert answer.status_code == status
    if text is not None:
        assert answer.text == text


async def test_every_refusal_has_one_reference_in_header_body_and_for_the_help_desk() -> None:
    kept: list[Refused] = []
    edge = Edge(
        Application(ROUTES), origin=ORIGIN, limits=Limits(), trusted_proxies=(), clock=SystemClock(), ids=RandomIds()
    )
    edge.refused = kept.append
    async with httpx.AsyncClient(transport=httpx.ASGITransport(edge), base_url=ORIGIN, timeout=5) as client:
        fine = await client.get("/in/abc")
        refused = await client.post("/in/abc/cancel", headers={"Origin": "http://elsewhere"})
        plain = await client.get("/in/%00/finish")
    assert "ipse-reference" not in fine.headers
    reference = refused.json()["reference"]
    assert refused.headers["ipse-reference"] == reference
    assert references.read(reference) == reference
    assert kept[0] == Refused(reference, 403, refused.json()["code"], "/in/{handle}/cancel", "browser")
    assert plain.headers["ipse-reference"] == kept[1].reference == plain.json()["reference"]
