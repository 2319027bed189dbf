"""Who may say which certificate a client holds: named proxies alone (RFC 9440 §4)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response

from ipse.kernel.clock import SystemClock
from ipse.kernel.ids import RandomIds, b64u, sha256
from ipse.kernel.settings import Limits
from ipse.web.application import Application
from ipse.web.edge import Edge
from ipse.web.routes import Caller, Route

PROXY, STRANGER = "127.0.0.2", "203.0.113.7"
HEADER = ":AAECAw==:"
SEEN = b64u(sha256(b"\0\1\2\3"))


async def seen(request: Request) -> Response:
    """What reaches the application: the certificate's digest, and whether any such header does."""
    der = request.scope.get("ipse.client_certificate")
    headers = sorted(name for name in request.headers if name.startswith("client-cert"))
    return Response("|".join([b64u(sha256(der)) if der is not None else "-", *headers]))


async def asked(headers: list[tuple[str, str]], *, peer: str, **named: tuple[str, ...]) -> httpx.Response:
    settings: dict[str, Any] = {"trusted_proxies": (), "certificate_proxies": ()} | named
    edge = Edge(
        Application([Route("/", seen, caller=Caller.PUBLIC, limit="static")]),
        origin="https://id.example",
        limits=Limits(),
        clock=SystemClock(),
        ids=RandomIds(),
        **settings,
    )
    transport = httpx.ASGITransport(edge, client=(peer, 1))
    async with httpx.AsyncClient(transport=transport, base_url="https://id.example") as client:
        return await client.get("/", headers=headers)


async def test_a_named_proxy_says_which() -> None:
    for named in ((PROXY,), ("127.0.0.0/24", "192.0.2.1")):
        answer = await asked([("Client-Cert", HEADER)], peer=PROXY, certificate_proxies=named)
        assert answer.text == SEEN
    assert (await asked([], peer=PROXY, certificate_proxies=(PROXY,))).text == "-"
    assert (await asked([("Client-Cert", "")], peer=PROXY, certificate_proxies=(PROXY,))).text == "-"


@pytest.mark.parametrize(
    "named",
    [
        {},
        {"certificate_proxies": (PROXY,)},
        {"trusted_proxies": (STRANGER,)},
        {"trusted_proxies": (STRANGER,), "certificate_proxies": (PROXY,)},
    ],
)
async def test_everybody_else_says_nothing(named: dict[str, tuple[str, ...]]) -> None:
    """A forged header changes nothing, nor does one that claims to come from the proxy."""
    headers = [
        ("Client-Cert", HEADER),
        ("client-cert", "nonsense"),
        ("Client-Cert-Chain", HEADER),
        ("X-Forwarded-For", PROXY),
    ]
    assert (await asked(headers, peer=STRANGER, **named)).text == "-"


async def test_a_proxy_that_is_wrong_is_refused() -> None:
    for headers in (
        [("Client-Cert", HEADER), ("Client-Cert", HEADER)],
        [("Client-Cert", "AAECAw==")],
        [("Client-Cert", "-----BEGIN CERTIFICATE-----")],
    ):
        assert (await asked(headers, peer=PROXY, certificate_proxies=(PROXY,))).status_code == 400


async def test_the_chain_stays_outside() -> None:
    headers = [("Client-Cert", HEADER), ("Client-Cert-Chain", HEADER)]
    assert (await asked(headers, peer=PROXY, certificate_proxies=(PROXY,))).text == SEEN
