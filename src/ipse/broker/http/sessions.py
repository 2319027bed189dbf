"""Sessions over HTTP."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ipse.broker.errors import (
    InsufficientScope,
    InvalidAccessToken,
    InvalidBody,
    InvalidSignedRequest,
    UnsupportedMedia,
)
from ipse.broker.model import SCOPE, NewSession, SessionView
from ipse.broker.rules.signed import SCHEME
from ipse.broker.service import Access, Sessions
from ipse.kernel.errors import PlatformError
from ipse.partners.model import Partner
from ipse.standards.oauth import OAuthFormError, bearer_token, challenge_header
from ipse.standards.strict_json import JsonError, parse_object
from ipse.web import problems
from ipse.web.errors import MalformedForm
from ipse.web.forms import read_body

REALM: Final = "ipse"
SIGNED_TYPE: Final = "application/jose"
RESULT_HEADER: Final = "Result-Token"
_MOST_BYTES: Final = 16_384
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
        try:
            caller, body = await self._caller(request)
            view = await self._sessions.create(caller, _new_session(body))
        except (InvalidAccessToken, InsufficientScope, InvalidSignedRequest) as error:
            return _challenge(request, error)
        response = _answer(view, 201)
        response.headers["Location"] = f"{request.scope['path']}/{view.id}"
        return response

    async def read(self, request: Request) -> Response:
        """`GET /sessions/{id}`: with the value the browser brought back, also the result."""
        try:
            caller, _ = await self._caller(request)
            value = request.headers.get(RESULT_HEADER) or request.query_params.get("resultToken") or None
            view = await self._sessions.read(caller, request.path_params["session"], value)
        except (InvalidAccessToken, InsufficientScope, InvalidSignedRequest) as error:
            return _challenge(request, error)
        return _answer(view, 200)

    async def cancel(self, request: Request) -> Response:
        """`POST /sessions/{id}/cancel`."""
        try:
            caller, _ = await self._caller(request)
            view = await self._sessions.cancel(caller, request.path_params["session"])
        except (InvalidAccessToken, InsufficientScope, InvalidSignedRequest) as error:
            return _challenge(request, error)
        return _answer(view, 200)

    async def _caller(self, request: Request) -> tuple[Partner, Any]:
        """Who calls, and the body: as it was signed, or as bytes."""
        octets = await _body(request)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        authorization = request.headers.get("authorization")
        where = {"method": request.method, "path": request.scope["path"]}
        if octets and kind == SIGNED_TYPE:
            if authorization is not None:
                raise InvalidSignedRequest("two ways at once")
            return await self._access.by_signature(octets.decode("ascii", "replace"), **where)
        scheme, _, signed = (authorization or "").partition(" ")
        if scheme.lower() == SCHEME.lower():
            if octets:
                raise InvalidSignedRequest("a body that was not signed")
            return await self._access.by_signature(signed.strip(), **where)
        try:
            token = bearer_token(authorization)
        except OAuthFormError as error:
            raise InvalidAccessToken(str(error)) from error
        if token is None:
            raise InvalidAccessToken
        caller = await self._access.by_token(token)
        if octets and kind != "application/json":
            raise UnsupportedMedia
        return caller, octets


async def _body(request: Request) -> bytes:
    try:
        return await read_body(request, most=_MOST_BYTES)
    except MalformedForm as error:
        raise InvalidBody(error.detail, public=f"The body is {error.detail}") from error


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


def _challenge(request: Request, error: PlatformError) -> Response:
    """A refusal of the caller itself, with what HTTP wants said beside it (RFC 9110 §11.6.1, RFC 6750 §3)."""
    reference = problems.new_reference(request.scope["ipse.edge"].ids)
    problems.note(error, reference)
    response = problems.problem(error, reference)
    named = {} if request.headers.get("authorization") is None else {"error": error.code}
    scope = {"scope": SCOPE} if isinstance(error, InsufficientScope) else {}
    if not isinstance(error, InvalidSignedRequest):
        response.headers["WWW-Authenticate"] = challenge_header("Bearer", realm=REALM, **named, **scope)
    else:
        response.headers["WWW-Authenticate"] = challenge_header(SCHEME, realm=REALM)
    return response
