"""The sign-in page behind a real server, on a real database, with a front door of its own."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import re
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import httpx
import pytest
import uvicorn
from playwright.async_api import Browser, async_playwright
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import PlainTextResponse, Response

from ipse.actions import store
from ipse.actions.model import NewAction, Request
from ipse.actions.service import Actions
from ipse.kernel.clock import SECOND, SystemClock
from ipse.kernel.ids import RandomIds, sha256
from ipse.kernel.keystore import HeldKeys, unchanging
from ipse.kernel.settings import Lifetimes, Limit, Limits
from ipse.people.service import People
from ipse.signin import http as signin_http
from ipse.signin.model import Ended, WayBack
from ipse.signin.service import SignIn
from ipse.storage.database import Database
from ipse.web import assets, cookies
from ipse.web.edge import Edge
from ipse.web.pages import Pages, language_of
from ipse.web.problems import handlers
from ipse.web.routes import Caller, Route

PLENTY = Limit(burst=100_000, per_minute=1_000_000)
_ports = itertools.count(18300)


class Keys:
    """Working keys that differ by use; nothing here is signed."""

    def working_key(self, use: str) -> bytes:
        return hashlib.sha256(use.encode()).digest()

    def signing_keys(self, use: str) -> Sequence[dict[str, str]]:
        return ()

    def held_keys(self, use: str) -> HeldKeys:
        return unchanging(self.signing_keys(use))


@dataclass
class Site:
    """A running server; `door` is where a partner would send a browser."""

    origin: str
    actions: Actions
    signin: SignIn
    lifetimes: Lifetimes
    partner_name: str = "Fietsen De Ketting"
    began: list[str] = field(default_factory=list)

    @property
    def door(self) -> str:
        return self.origin + "/door"

    @property
    def partner(self) -> str:
        """The partner's origin: another site than ours, and nobody listens there."""
        return self.origin.replace("localhost", "127.0.0.1")

    @property
    def handle(self) -> str:
        """The handle of the action begun last."""
        return self.began[-1]

    async def claimed(self, handle: str, start: str = "qr") -> None:
        """What a phone's claim does to the row."""
        await self._change(handle, store.CLAIM, start, "account", "phone", b"digest", b"shown", self._now, None)

    async def approved(self, handle: str, *, return_value: str = "") -> None:
        """What an approval does to the row."""
        until = self._now + 60 * SECOND
        await self._change(
            handle, store.APPROVE, "phone", "subject", b"approval", sha256(return_value or handle), self._now, until,
            "code", None,
        )  # fmt: skip

    async def rejected(self, handle: str) -> None:
        """What a refusal does to the row."""
        await self._change(handle, store.REJECT, "phone", "declined", b"approval", self._now, "account")

    @property
    def _now(self) -> int:
        return self.actions.clock.now()

    async def _change(self, handle: str, sql: str, *parameters: Any) -> None:
        row = await self.actions.database.row(store.BY_HANDLE, handle)
        assert row is not None
        assert await self.actions.database.row(sql, row["action_id"], *parameters) is not None
        self.actions.database.wakeups.wake("action:" + row["action_id"])


class Server(uvicorn.Server):
    """Ends parked waits before it drains, as the scheme's server does."""

    database: Database

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.database.wakeups.close()
        await super().shutdown(sockets)


@pytest.fixture
def lifetimes() -> Lifetimes:
    return Lifetimes()


@pytest.fixture
def limits() -> Limits:
    return Limits(page=PLENTY, wait=PLENTY)


@pytest.fixture
async def site(database: Database, lifetimes: Lifetimes, limits: Limits) -> AsyncIterator[Site]:
    clock, ids, keys = SystemClock(), RandomIds(), Keys()
    actions = Actions(database, People(database, keys, clock, ids), keys, clock, ids, lifetimes)
    pages = Pages(name="Ipse", ids=ids, packages=("ipse.signin",))
    listener = _listener()
    origin = f"http://localhost:{listener.getsockname()[1]}"
    back = origin.replace("localhost", "127.0.0.1") + "/back"

    class Door:
        def destination(self, protocol: Any) -> str:
            return back

        async def way_back(self, end: Any) -> WayBack:
            if isinstance(end, Ended):
                return WayBack(f"{back}?error=access_denied&how={end.outcome}&state={end.protocol['state']}")
            return WayBack(f"{back}?code={end.code}&state={end.protocol['state']}")

    signin = SignIn(
        actions=actions,
        wakeups=database.wakeups,
        pages=pages,
        endings={"test": Door()},
        app_origin="http://localhost:18399",
        clock=clock,
        ids=ids,
    )
    site = Site(origin, actions, signin, lifetimes)

    async def door(request: HttpRequest) -> Response:
        asked = Request(
            partner_name=site.partner_name,
            service_name={"en": "Customer account", "nl": "Klantenaccount"},
            purpose={"en": "To see your orders", "nl": "Om uw bestellingen te zien"},
            assurance="basic",
            attributes=(),
            protocol={"door": "test", "state": request.query_params.get("state", "s")},
            language=language_of(request),
        )
        new = NewAction(
            kind=request.query_params.get("kind", "authentication"),
            partner_id="shop",
            service_code="LOGIN",
            request=asked,
            browser_hash=cookies.browser_hash(request, ids),
        )
        action = await actions.begin(new)
        site.began.append(action.handle)
        return signin.start_page(request, action)

    async def back_at_the_partner(request: HttpRequest) -> Response:
        return PlainTextResponse(f"partner: {request.url.query}")

    routes = [
        Route("/door", door, caller=Caller.PUBLIC, limit="page"),
        Route("/back", back_at_the_partner, caller=Caller.PUBLIC, limit="page"),
        *signin_http.routes(signin),
        *assets.routes(pages.assets),
    ]
    inner = Starlette(routes=list(routes), exception_handlers=handlers(pages.error_page))
    app = Edge(inner, origin=origin, limits=limits, trusted_proxies=(), clock=clock, ids=ids)
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=5)
    server = Server(config)
    server.database = database
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    yield site
    server.should_exit = True
    await serving


@pytest.fixture
async def client(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without scripts; follows nothing by itself."""
    async with httpx.AsyncClient(base_url=site.origin, trust_env=False, timeout=20) as found:
        yield found


@pytest.fixture
async def stranger(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody else's browser."""
    async with httpx.AsyncClient(base_url=site.origin, trust_env=False, timeout=20) as found:
        yield found


@pytest.fixture(scope="session")
def devtools(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One Chromium for all tests here; each test has a context of its own in it."""
    profile = tmp_path_factory.mktemp("chromium")
    options = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--remote-debugging-port=0"]
    process = subprocess.Popen(
        [chromium, *options, f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    place = profile / "DevToolsActivePort"
    try:
        deadline = time.monotonic() + 60
        while not (place.is_file() and "\n" in place.read_text()):
            assert process.poll() is None, "Chromium did not start"
            assert time.monotonic() < deadline, "Chromium did not start in a minute"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{place.read_text().splitlines()[0]}"
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
async def browser(devtools: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        found = await playwright.chromium.connect_over_cdp(devtools)
        yield found
        await found.close()


def attribute(html: str, id_: str, name: str) -> str:
    """An attribute of the element with an id."""
    tag = re.search(rf'<[^>]*\bid="{id_}"[^>]*>', html)
    assert tag is not None, id_
    value = re.search(rf'\b{name}="([^"]*)"', tag[0])
    assert value is not None, tag[0]
    return unescape(value[1])


def form_of(html: str, id_: str) -> tuple[str, dict[str, str]]:
    """Action and fields of the form with an id."""
    form = re.search(rf'<form id="{id_}".*?</form>', html, re.DOTALL)
    assert form is not None, id_
    fields = re.findall(r'name="([^"]*)" value="([^"]*)"', form[0])
    return attribute(html, id_, "action"), {name: unescape(value) for name, value in fields}


def _listener() -> socket.socket:
    for _ in range(90):
        listener = socket.socket()
        try:
            listener.bind(("127.0.0.1", 18300 + next(_ports) % 90))
        except OSError:
            listener.close()
            continue
        listener.listen(4096)
        return listener
    message = "no free port between 18300 and 18390"
    raise RuntimeError(message)
