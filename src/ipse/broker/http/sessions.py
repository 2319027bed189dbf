"""Sessions over HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ipse.broker.errors import InvalidBody
from ipse.broker.http.callers import Unproven, challenge, read_caller, with_nonce
from ipse.broker.model import Caller, NewSession, SessionView
from ipse.broker.service import Access, Sessions
from ipse.standards.strict_json import JsonError, parse_object

RESULT_HEADER: Final = "Result-Token"
_JSON: Final = (b"content-type", b"application/json")
_NO_STORE: Final = (b"cache-control", b"no-store")
_encoder = msgspec.json.Encoder()


class SessionEndpoints:
    """Create, read, cancel."""

    def __init__(self, sessions: Sessions, access: Access) -> None:
        self._sessions = sessions
        self._access = access

    async def create(self, request: Request) -> Response:
        """`POST /sessions`: 201 with the session and where it lives."""

        async def created(caller: Caller, body: object) -> Response:
            view = await self._sessions.create(caller, _new_session(body))
            response = _answer(view, 201)
            response.headers["Location"] = f"{request.scope['path']}/{view.id}"
            return response

        return await self._answered(request, created)

    async def read(self, request: Request) -> Response:
        """`GET /sessions/{id}`: with the value the browser brought back, also the result."""

        async def found(caller: Caller, _: object) -> Response:
            value = request.headers.get(RESULT_HEADER) or request.query_params.get("resultToken") or None
            return _answer(await self._sessions.read(caller, request.path_params["session"], value), 200)

        return await self._answered(request, found)

    async def cancel(self, request: Request) -> Response:
        """`POST /sessions/{id}/cancel`."""

        async def cancelled(caller: Caller, _: object) -> Response:
            return _answer(await self._sessions.cancel(caller, request.path_params["session"]), 200)

        return await self._answered(request, cancelled)

    async def _answered(self, request: Request, work: Callable[[Caller, Any], Awaitable[Response]]) -> Response:
        try:
            response = await work(*await read_caller(self._access, request))
        except Unproven as unproven:
            response = challenge(request, unproven.error)
        return with_nonce(self._access, request, response)


def _new_session(body: object) -> NewSession:
    try:
        members = parse_object(body) if isinstance(body, bytes) else body
        return msgspec.convert(members, NewSession)
    except JsonError as error:
        raise InvalidBody(public=f"The body is no JSON object: {error}") from error
    except msgspec.ValidationError as error:
        raise InvalidBody("a member does not fit", public=str(error)) from error


def _answer(view: SessionView, status: int) -> Response:
    response = Response(_encoder.encode(view), status_code=status)
    response.raw_headers += [_JSON, _NO_STORE]
    return response
