"""Addresses under `/phone/v1`, and the application that serves the app's origin."""

from __future__ import annotations

import mimetypes
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib import resources
from importlib.resources.abc import Traversable

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ipse.kernel.errors import PlatformError
from ipse.kernel.ids import Ids, b64u, sha256
from ipse.mobile.errors import WatchRefused
from ipse.mobile.service import Mobile
from ipse.phones.errors import MalformedMessageError
from ipse.phones.model import Answer
from ipse.standards.phone_channel import MAXIMUM_SIZE
from ipse.web.problems import TYPE, new_reference, note, problem
from ipse.web.routes import Caller, Route

PREFIX = "/phone/v1"
_JSON = "application/json"
_PREFLIGHT_SECONDS = "7200"
Body = Callable[[str, Request], Awaitable[Answer]]


def routes(mobile: Mobile, ids: Ids) -> list[Route]:
    """All addresses of the device protocol."""
    channel = _Channel(mobile, ids)
    operations: dict[str, Body] = {
        "/enrolments": lambda body, _request: mobile.enrol(body),
        "/enrolments/return": lambda body, _request: mobile.enrolment_return(body),
        "/activation": lambda body, _request: mobile.activate(body),
        "/home": lambda body, _request: mobile.home(body),
        "/claims": lambda body, request: mobile.claim(body, address=request.scope["ipse.address"]),
        "/show": lambda body, _request: mobile.show(body),
        "/approvals": lambda body, request: mobile.decide(body, address=request.scope["ipse.address"]),
        "/reveals": lambda body, _request: mobile.reveal(body),
        "/history": lambda body, _request: mobile.history(body),
        "/code": lambda body, _request: mobile.change_code(body),
        "/settings": lambda body, _request: mobile.change_settings(body),
        "/block": lambda body, _request: mobile.block(body),
        "/removal": lambda body, _request: mobile.remove(body),
    }
    posts = {path: channel.message(operation) for path, operation in operations.items()}
    posts["/tickets"] = channel.guarded(channel.ticket)
    gets = {
        "/configuration": channel.guarded(channel.configuration),
        "/watch": channel.guarded(channel.watch),
    }
    # Anybody may begin an activation, and each keeps two rows for a day.
    return [
        Route(
            PREFIX + path,
            endpoint,
            (method, "OPTIONS"),
            caller=Caller.PHONE,
            limit="enrolment" if path == "/enrolments" else "phone",
        )
        for method, table in (("POST", posts), ("GET", gets))
        for path, endpoint in table.items()
    ]


class _Channel:
    """HTTP manners of the device protocol: cross-origin rules, sizes, problem documents, streams."""

    def __init__(self, mobile: Mobile, ids: Ids) -> None:
        self._mobile = mobile
        self._ids = ids
        self._origin = mobile.settings.app_origin

    def message(self, operation: Body) -> Callable[[Request], Awaitable[Response]]:
        """An address that takes a signed or sealed message."""

        async def endpoint(request: Request) -> Response:
            body = await _read(request)
            answer = await operation(body.decode("ascii", "replace"), request)
            content_type = _JSON if answer.status < 400 else TYPE.decode()
            return Response(msgspec.json.encode(answer.body), answer.status, media_type=content_type)

        return self.guarded(endpoint)

    def guarded(self, endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """Answer preflights and refusals so that the app's origin, and no other, can read them."""

        async def guard(request: Request) -> Response:
            try:
                response = Response(status_code=204) if request.method == "OPTIONS" else await endpoint(request)
            except PlatformError as error:
                reference = new_reference(self._ids)
                note(error, reference)
                response = problem(error, reference)
            if request.headers.get("origin") == self._origin:
                response.headers["access-control-allow-origin"] = self._origin
                response.headers["access-control-expose-headers"] = "retry-after"
                if request.method == "OPTIONS":
                    response.headers["access-control-allow-methods"] = "GET, POST"
                    response.headers["access-control-allow-headers"] = "authorization, content-type"
                    response.headers["access-control-max-age"] = _PREFLIGHT_SECONDS
            response.headers["vary"] = "origin"
            return response

        return guard

    async def configuration(self, _request: Request) -> Response:
        """What an app needs to know before anything else."""
        return Response(msgspec.json.encode(self._mobile.configuration()), media_type=_JSON)

    async def ticket(self, request: Request) -> Response:
        """A claim ticket for a frame or link."""
        return Response(msgspec.json.encode(await self._mobile.ticket(await _read(request))), media_type=_JSON)

    async def watch(self, request: Request) -> Response:
        """Server-sent events while the app is open."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise WatchRefused
        events = self._mobile.watch(token)
        first = await anext(events, "stopped")  # a bad token is refused before the stream begins
        return StreamingResponse(_stream(first, events), media_type="text/event-stream")


async def _stream(first: str | None, events: AsyncIterator[str | None]) -> AsyncIterator[bytes]:
    yield b": ipse\n\n" if first is None else f"event: {first}\ndata: {{}}\n\n".encode()
    async for event in events:
        yield b": still here\n\n" if event is None else f"event: {event}\ndata: {{}}\n\n".encode()


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAXIMUM_SIZE:
            raise MalformedMessageError(public=f"the body is larger than {MAXIMUM_SIZE} bytes")
    return bytes(body)


def app_files(base_url: str) -> dict[str, tuple[bytes, str]]:
    """The app's files by path, with their media types; `/app.json` tells the app where the scheme is."""
    files: dict[str, tuple[bytes, str]] = {}
    _collect(resources.files("ipse.mobile") / "static" / "app", "", files)
    files["/"] = files["/index.html"]
    files["/app.json"] = (msgspec.json.encode({"base": base_url}), _JSON)
    return files


def _collect(folder: Traversable, prefix: str, files: dict[str, tuple[bytes, str]]) -> None:
    for entry in folder.iterdir():
        path = f"{prefix}/{entry.name}"
        if entry.is_dir():
            _collect(entry, path, files)
        else:
            kind = mimetypes.guess_type(entry.name)[0] or "application/octet-stream"
            if entry.name.endswith(".webmanifest"):
                kind = "application/manifest+json"
            files[path] = (entry.read_bytes(), "text/javascript" if kind.endswith("javascript") else kind)


def app_routes(base_url: str) -> list[Route]:
    """The app's origin: static files, nothing else, under a policy of its own."""
    files = app_files(base_url)
    tags = {path: f'"{b64u(sha256(octets)[:12])}"' for path, (octets, _) in files.items()}
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        f"connect-src 'self' {base_url}; manifest-src 'self'; worker-src 'self'; media-src 'self' blob:; "
        "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers = {
        "content-security-policy": policy,
        "permissions-policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
        "cache-control": "no-cache",
    }

    async def file(request: Request) -> Response:
        path = request.scope["path"]
        if path not in files:
            return Response("There is nothing here.", 404, media_type="text/plain")
        if request.headers.get("if-none-match") == tags[path]:
            return Response(status_code=304, headers={**headers, "etag": tags[path]})
        octets, kind = files[path]
        return Response(octets, media_type=kind, headers={**headers, "etag": tags[path]})

    return [Route("/{path:path}", file, caller=Caller.PUBLIC, limit="static")]
