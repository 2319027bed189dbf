"""The layer between the outermost edge and the application, and the addresses that only a lab has."""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ipse.lab.model import AUTHENTICATED, AUTHORIZATION, FINISH, REQUESTS, SIGN_IN
from ipse.lab.rules import Pairs, continues, in_the_body, served, silent
from ipse.lab.service import LabDesk
from ipse.standards.oauth import OAuthFormError, basic_credentials
from ipse.web import cookies
from ipse.web.errors import MalformedForm
from ipse.web.forms import read_body
from ipse.web.queries import parse_pairs
from ipse.web.routes import Caller, Route

_MOST_PARAMETERS = 64


def routes(desk: LabDesk) -> list[Route]:
    """What only a lab serves."""
    if not desk.switches.open_requests:
        return []

    async def requests(request: Request) -> Response:  # noqa: ARG001 - the same for everybody on this machine
        return Response(msgspec.json.encode(await desk.open_requests()), media_type="application/json")

    return [Route(REQUESTS, requests, caller=Caller.PUBLIC, limit="partner")]


class LabLayer:
    """Pure ASGI, inside `web.edge.Edge`."""

    def __init__(self, app: ASGIApp, desk: LabDesk) -> None:
        self._app = app
        self._desk = desk
        self._switches = desk.switches

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, changed as the switches say."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["method"] == "GET" and scope["path"] == AUTHORIZATION:
            await self._authorize(scope, receive, send)
        elif scope["method"] == "POST" and scope["path"] in AUTHENTICATED and self._switches.basic_clients:
            await self._app(*await self._with_credentials(scope, receive), send)
        else:
            await self._app(scope, receive, send)
            if self._switches.browser_session and scope["method"] == "GET" and (handle := _finished(scope["path"])):
                await self._desk.came_back(handle, cookies.known_hash(Request(scope)))

    async def _authorize(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            pairs = parse_pairs(scope["query_string"].decode("ascii"), most=_MOST_PARAMETERS)
        except ValueError:
            await self._app(scope, receive, send)
            return
        changed = served(pairs, self._switches)
        scope = _asking(scope, changed) if changed != pairs else scope
        if self._switches.browser_session and self._continues(scope, changed):
            await self._silently(scope, changed, receive, send)
        else:
            await self._app(scope, receive, send)

    def _continues(self, scope: Scope, pairs: Pairs) -> bool:
        login = self._desk.remembered(cookies.known_hash(Request(scope)))
        return continues(pairs, login, self._desk.clock.now())

    async def _silently(self, scope: Scope, pairs: Pairs, receive: Receive, send: Send) -> None:
        """Begin the request, let the phone decide, and answer as the page would have at its end."""
        browser = cookies.known_hash(Request(scope)) or b""
        inner = _asking(scope, silent(pairs))
        noted = self._desk.noting(inner)
        for message in await _answered(self._app, inner):
            if not noted:
                await send(message)
        if not noted:
            return
        if await self._desk.approved(noted[0], browser):
            await self._app(_at(scope, f"{SIGN_IN}{noted[0]}{FINISH}"), receive, send)
            return
        await self._desk.give_up(noted[0], browser)
        await self._app(scope, receive, send)

    async def _with_credentials(self, scope: Scope, receive: Receive) -> tuple[Scope, Receive]:
        """The request with the client's secret in the body, where it came in the header and may."""
        request = Request(scope, receive)
        try:
            client = basic_credentials(request.headers.get("authorization"))
        except OAuthFormError:
            client = None
        if client is None:
            return scope, receive
        try:
            body = await read_body(request)
        except MalformedForm:
            return scope, receive
        added = in_the_body(body.decode("latin-1"), client, self._switches.basic_clients)
        headers = list(scope["headers"])
        if added is not None:
            body = b"&".join(part for part in (body, urlencode(added).encode()) if part)
            headers = [
                (name, str(len(body)).encode() if name == b"content-length" else value)
                for name, value in headers
                if name != b"authorization"
            ]
        return dict(scope, headers=headers), _once(body)


def _finished(path: str) -> str | None:
    """The handle in the address of a page that is left."""
    handle = path.removeprefix(SIGN_IN).removesuffix(FINISH)
    return handle if path == f"{SIGN_IN}{handle}{FINISH}" and "/" not in handle else None


def _asking(scope: Scope, pairs: Pairs) -> Scope:
    return dict(scope, query_string=urlencode(list(pairs)).encode())


def _at(scope: Scope, path: str) -> Scope:
    return dict(scope, path=path, raw_path=path.encode(), query_string=b"")


def _once(body: bytes) -> Receive:
    waiting = [body]

    async def receive() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return {"type": "http.disconnect"}

    return receive


async def _answered(app: ASGIApp, scope: Scope) -> list[Message]:
    """A whole answer, kept back."""
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    await app(scope, _once(b""), send)
    return messages
