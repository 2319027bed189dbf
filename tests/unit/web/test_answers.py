"""What every answer of the service has in common, over real HTTP semantics (ASGI, no mocks)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from ipse.kernel.clock import FrozenClock
from ipse.kernel.errors import PlatformError
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import Limit, Limits
from ipse.web import assets, cookies, forms
from ipse.web.edge import Edge
from ipse.web.pages import Pages
from ipse.web.problems import handlers
from ipse.web.routes import Caller, Route

IDS = RandomIds()
ORIGIN = "http://localhost:18300"


class OutOfTea(PlatformError):
    code = "out_of_tea"
    status = 409
    title = "No tea left"


async def hello(request: Request) -> Response:
    response = PlainTextResponse(request.scope["ipse.address"])
    cookies.ensure(request, response, IDS)
    return response


async def refuse(request: Request) -> Response:
    raise OutOfTea("the secret cupboard is empty", brew="oolong")


async def break_down(request: Request) -> Response:
    raise ValueError("Ada Lovelace, 85.07.30-033.61")


async def change(request: Request) -> Response:
    fields = await forms.read_own_form(request)
    return PlainTextResponse(",".join(fields))


async def form(request: Request) -> Response:
    response = PlainTextResponse(cookies.form_token(request, IDS))
    cookies.ensure(request, response, IDS)
    return response


def application(*, origin: str = ORIGIN, limits: Limits | None = None, clock: FrozenClock | None = None) -> Starlette:
    pages = Pages(name="Ipse", ids=IDS)
    routes = [
        Route("/hello", hello, caller=Caller.PUBLIC, limit="page"),
        Route("/refuse", refuse, caller=Caller.PARTNER, limit="partner"),
        Route("/refuse-person", refuse, caller=Caller.BROWSER, limit="page"),
        Route("/break", break_down, caller=Caller.PARTNER, limit="partner"),
        Route("/form", form, caller=Caller.BROWSER, limit="page"),
        Route("/change", change, ("POST",), caller=Caller.BROWSER, limit="page"),
        *assets.routes(pages.assets),
    ]
    edge = Middleware(
        Edge,
        origin=origin,
        limits=limits or Limits(),
        trusted_proxies=(),
        clock=clock or FrozenClock(),
        ids=IDS,
    )
    return Starlette(routes=list(routes), middleware=[edge], exception_handlers=handlers(pages.error_page))


def client_of(app: Starlette, origin: str = ORIGIN) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url=origin)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(application()) as found:
        yield found


async def test_every_answer_carries_the_security_headers(client: httpx.AsyncClient) -> None:
    """S-11."""
    for path in ("/hello", "/refuse", "/refuse-person", "/break", "/nowhere"):
        headers = (await client.get(path)).headers
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert "strict-transport-security" not in headers


async def test_https_adds_hsts_and_the_cookie_prefix() -> None:
    """S-11, S-12."""
    origin = "https://id.example"
    async with client_of(application(origin=origin), origin) as client:
        response = await client.get("/hello")
    assert response.headers["strict-transport-security"].startswith("max-age=63072000")
    cookie = response.headers["set-cookie"]
    assert cookie.startswith("__Host-ipse=")
    assert set(cookie.split("; ")[1:]) == {"Path=/", "HttpOnly", "SameSite=Lax", "Secure"}


async def test_the_cookie_is_handed_out_once(client: httpx.AsyncClient) -> None:
    first = await client.get("/hello")
    assert first.headers["set-cookie"].startswith("ipse=")
    assert "Secure" not in first.headers["set-cookie"]
    assert "set-cookie" not in (await client.get("/hello")).headers


@pytest.mark.parametrize("planted", ["ipse=short", "ipse=" + "a" * 43 + "; ipse=" + "b" * 43, "ipse=" + "é" * 43])
async def test_a_planted_cookie_counts_as_none(client: httpx.AsyncClient, planted: str) -> None:
    response = await client.get("/hello", headers={b"cookie": planted.encode()})
    assert "set-cookie" in response.headers


async def test_a_refusal_is_a_problem_document_for_programs(client: httpx.AsyncClient) -> None:
    response = await client.get("/refuse")
    assert response.status_code == 409
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["code"] == "out_of_tea"
    assert body["detail"] == "No tea left"
    assert body["brew"] == "oolong"
    assert len(body["reference"]) == 9
    assert "cupboard" not in response.text


async def test_a_refusal_is_a_page_for_people(client: httpx.AsyncClient) -> None:
    response = await client.get("/refuse-person", headers={"accept-language": "fr"})
    assert response.status_code == 409
    assert '<html lang="fr">' in response.text
    assert "409 out_of_tea" in response.text
    assert "cupboard" not in response.text


async def test_the_unforeseen_tells_nothing(client: httpx.AsyncClient) -> None:
    response = await client.get("/break")
    assert response.status_code == 500
    assert response.json()["code"] == "server_error"
    assert "Lovelace" not in response.text
    assert "ValueError" not in response.text


async def test_missing_pages_and_methods(client: httpx.AsyncClient) -> None:
    assert (await client.get("/nowhere")).json()["code"] == "not_found"
    page = await client.get("/nowhere", headers={"accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    wrong = await client.delete("/hello")
    assert wrong.status_code == 405
    assert "GET" in wrong.headers["allow"]


@pytest.mark.parametrize("address", ["/hello?a=%00", "/hello%00", "/hello?%00"])
async def test_a_nul_is_refused_before_anything_sees_it(client: httpx.AsyncClient, address: str) -> None:
    response = await client.get(address)
    assert response.status_code == 400
    assert response.json()["code"] == "malformed_request"
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_limits_count_loopback_and_say_when_to_come_back() -> None:
    clock = FrozenClock()
    limits = Limits(page=Limit(burst=3, per_minute=6))
    async with client_of(application(limits=limits, clock=clock)) as client:
        assert [(await client.get("/hello")).status_code for _ in range(4)] == [200, 200, 200, 429]
        refused = await client.get("/hello")
        assert refused.headers["retry-after"] == "10"
        assert (await client.get("/refuse")).status_code == 409, "another kind of route has a bucket of its own"
        clock.advance(seconds=10)
        assert (await client.get("/hello")).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": ORIGIN, "sec-fetch-site": "same-origin"}, 200),
        ({"origin": "null", "sec-fetch-site": "same-origin"}, 200),
        ({}, 200),
        ({"origin": "http://127.0.0.1:18301"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
    ],
)
async def test_forms_count_only_from_our_own_pages(
    client: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    """S-13: the source of the request."""
    token = (await client.get("/form")).text
    assert (await client.post("/change", data={"token": token}, headers=headers)).status_code == status


async def test_forms_need_the_token_of_this_browser(client: httpx.AsyncClient) -> None:
    """S-13: the synchroniser token."""
    token = (await client.get("/form")).text
    assert (await client.post("/change", data={"token": token, "a": "1"})).text == "a"
    assert (await client.post("/change", data={"a": "1"})).status_code == 403
    async with client_of(application()) as other:
        await other.get("/form")
        assert (await other.post("/change", data={"token": token})).status_code == 403


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"a=1&a=2", "application/x-www-form-urlencoded"),
        (b"a=%00", "application/x-www-form-urlencoded"),
        (b"a=%ff", "application/x-www-form-urlencoded"),
        (b"a=" + b"x" * 70_000, "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
    ],
)
async def test_bodies_that_are_no_form(client: httpx.AsyncClient, body: bytes, kind: str) -> None:
    response = await client.post("/change", content=body, headers={"content-type": kind})
    assert response.status_code == 400


async def test_static_files_are_kept_for_a_year_under_their_version(client: httpx.AsyncClient) -> None:
    pages = Pages(name="Ipse", ids=IDS)
    response = await client.get(pages.assets.url("tokens.css"))
    assert response.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in response.headers["cache-control"]
    assert response.headers["content-encoding"] == "gzip"
    plain = await client.get(pages.assets.url("tokens.css"), headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == response.content
    older = await client.get("/static/0123456789ab/tokens.css")
    assert older.content == response.content
    assert older.headers["cache-control"] == "public, max-age=60"
    assert (await client.get(f"/static/{pages.assets.version}/%2e%2e/pages.py")).status_code in {307, 404}
    with pytest.raises(KeyError):
        pages.assets.url("missing.css")
