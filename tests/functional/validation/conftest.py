"""A scheme's judging with its real workers, behind a real server on a port of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import uvicorn

from ipse.documents.service import Documents
from ipse.documents.validation.model import Anchors, Quality
from ipse.kernel.clock import SystemClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import Limits
from ipse.kernel.settings.parts import Limit, Papers
from ipse.validation import http
from ipse.validation.service import Validations
from ipse.web.application import Application
from ipse.web.assets import routes as asset_routes
from ipse.web.edge import Edge
from ipse.web.pages import Pages
from tests.support.signing_authority import Authority, Holder, now

PORTS = range(24200, 24250)
MOST = 2_000_000


@dataclass(frozen=True)
class Place:
    """Where files are judged, and by whose word."""

    address: str
    authority: Authority
    ada: Holder
    ben: Holder


@pytest.fixture(scope="session")
def place() -> Iterator[Place]:
    authority = Authority(now())
    ready, ended = threading.Event(), threading.Event()
    found: list[tuple[uvicorn.Server, asyncio.AbstractEventLoop]] = []
    with _free_socket() as listening:
        address = f"http://localhost:{listening.getsockname()[1]}"

        def run() -> None:
            asyncio.run(_serve(listening, address, authority, found, ready))
            ended.set()

        threading.Thread(target=run, daemon=True).start()
        assert ready.wait(30)
        yield Place(address, authority, authority.issue("Ada Peeters"), authority.issue("Ben Maes"))
        server, loop = found[0]
        loop.call_soon_threadsafe(setattr, server, "should_exit", True)
        assert ended.wait(30)


def _free_socket() -> socket.socket:
    for port in PORTS:
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", port))
        except OSError:
            listening.close()
            continue
        return listening
    pytest.fail("no port is free")


async def _serve(
    listening: socket.socket,
    address: str,
    authority: Authority,
    found: list[tuple[uvicorn.Server, asyncio.AbstractEventLoop]],
    ready: threading.Event,
) -> None:
    clock, ids = SystemClock(), RandomIds()
    papers = Papers(most_bytes=MOST)
    documents = Documents(papers)
    anchors = Anchors(own=authority.anchors, sandbox=True, quality=Quality.TEST)
    pages = Pages(name="Ipse", ids=ids, packages=("ipse.validation",))
    judging = Validations(documents, anchors, authority, clock, papers, documents.stop)
    application = Application([*http.routes(judging, pages), *asset_routes(pages.assets)], pages.error_page)
    limits = Limits(validation=Limit(burst=60, per_minute=60))
    edge = Edge(application, origin=address, limits=limits, trusted_proxies=(), clock=clock, ids=ids)
    server = uvicorn.Server(uvicorn.Config(edge, log_level="error", lifespan="off"))
    found.append((server, asyncio.get_running_loop()))
    listening.listen()  # whoever connects before it serves waits
    ready.set()
    await server.serve(sockets=[listening])
    await judging.close()
