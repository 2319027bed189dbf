"""HTTP manners of the device protocol."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ipse.kernel import references
from ipse.kernel.errors import PlatformError
from ipse.kernel.ids import sha256
from ipse.mobile.errors import WatchRefused
from ipse.mobile.service import Mobile
from ipse.phones.errors import MalformedMessageError
from ipse.phones.model import Answer
from ipse.standards.phone_channel import MAXIMUM_SIZE
from ipse.web.problems import TYPE, problem, refer

_REFUSAL = 400
_JSON = "application/json"
_PREFLIGHT_SECONDS = "7200"
Body = Callable[[str, Request], Awaitable[Answer]]
"""An operation: from the text of a signed or sealed message to its answer."""


class Channel:
    """HTTP manners of the device protocol: cross-origin rules, sizes, problem documents, streams."""

    def __init__(self, mobile: Mobile) -> None:
        self._mobile = mobile
        self._origin = mobile.settings.app_origin

    def message(self, operation: Body) -> Callable[[Request], Awaitable[Response]]:
        """An address that takes a signed or sealed message."""

        async def endpoint(request: Request) -> Response:
            body = await _read(request)
            answer = await operation(body.decode("ascii", "replace"), request)
            if answer.status < _REFUSAL:
                return Response(msgspec.json.encode(answer.body), answer.status, media_type=_JSON)
            # The same message has the same reference, however often it comes.
            request.scope["ipse.reference"] = reference = references.written(sha256(body))
            request.scope["ipse.code"] = answer.body.get("code", "")
            told = msgspec.json.encode({**answer.body, "reference": reference})
            return Response(told, answer.status, media_type=TYPE.decode())

        return self.guarded(endpoint)

    def guarded(self, endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """Answer preflights and refusals so that the app's origin, and no other, can read them."""

        async def guard(request: Request) -> Response:
            try:
                response = Response(status_code=204) if request.method == "OPTIONS" else await endpoint(request)
            except PlatformError as error:
                response = problem(error, refer(request, error))
            if request.headers.get("origin") == self._origin:
                response.headers["access-control-allow-origin"] = self._origin
                response.headers["access-control-expose-headers"] = "retry-after, ipse-reference"
                if request.method == "OPTIONS":
                    response.headers["access-control-allow-methods"] = "GET, POST"
                    response.headers["access-control-allow-headers"] = "authorization, content-type"
                    response.headers["access-control-max-age"] = _PREFLIGHT_SECONDS
            response.headers["vary"] = "origin"
            return response

        return guard

    async def configuration(self, _request: Request) -> Response:
        """What an app needs to know before anything else."""
        return Response(msgspec.json.encode(await self._mobile.configuration()), media_type=_JSON)

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
