"""How answers and refusals look."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response

from ipse.csc.errors import (
    AcceptedRequest,
    AccessDenied,
    CscError,
    ExpiredToken,
    InvalidClient,
    InvalidRequest,
    InvalidToken,
    NotImplementedMethod,
    ServerError,
    TemporarilyUnavailable,
)
from ipse.kernel.errors import PlatformError
from ipse.partners.service.log import RequestLog
from ipse.signing.errors import NoSigning, SigningRefused, SigningUnavailable
from ipse.standards.oauth import challenge_header
from ipse.storage.errors import DatabaseUnavailableError
from ipse.web.errors import MalformedForm

_REALM: Final = "ipse"
_JSON: Final = (b"content-type", b"application/json")
_NO_STORE: Final = (b"cache-control", b"no-store")
_UNAVAILABLE: Final = (SigningUnavailable, DatabaseUnavailableError, NoSigning)

log = structlog.get_logger("ipse.csc")


class Answers:
    """Answers of methods; refusals are told to the partner's developer as well."""

    def __init__(self, request_log: RequestLog) -> None:
        self._log = request_log

    def refused(self, request: Request, error: PlatformError, partner_id: str = "") -> Response:
        """A refusal as the specification renders it."""
        told = as_csc(error)
        if isinstance(told, AcceptedRequest):
            return answer({"error": told.code, "error_description": told.public}, status=told.status)
        log.info("refused", code=told.code, status=told.status, detail=error.detail)
        if partner_id:
            where = request.scope["path"].removeprefix("/")
            self._log.refused(partner_id, "", where, told.check, told.code, told.detail or told.public)
        response = answer({"error": told.code, "error_description": told.public}, status=told.status)
        if isinstance(told, InvalidToken | ExpiredToken):
            response.headers["WWW-Authenticate"] = challenge_header("Bearer", realm=_REALM, error="invalid_token")
        if isinstance(told, InvalidClient):
            response.headers["WWW-Authenticate"] = challenge_header("Basic", realm=_REALM)
        return response

    async def not_implemented(self, request: Request) -> Response:
        """Any method of the specification that is not offered."""
        return self.refused(request, NotImplementedMethod())


def as_csc(error: PlatformError) -> CscError:
    """Any refusal in the words of this API."""
    if isinstance(error, CscError):
        return error
    if isinstance(error, _UNAVAILABLE):
        return TemporarilyUnavailable(detail=error.detail)
    if isinstance(error, SigningRefused):
        return AccessDenied(detail=error.detail)
    if error.code == InvalidClient.code:
        return InvalidClient(detail=error.detail)
    if isinstance(error, MalformedForm) or error.code == InvalidRequest.code:
        return InvalidRequest(detail=error.detail)
    return ServerError(detail=f"{type(error).__name__}: {error.detail}")


def answer(body: dict[str, Any], *, status: int = 200) -> Response:
    """JSON that nobody keeps."""
    response = Response(msgspec.json.encode(body), status_code=status)
    response.raw_headers += [_JSON, _NO_STORE, (b"pragma", b"no-cache")]
    return response


def empty() -> Response:
    """Nothing to say: 204."""
    response = Response(status_code=204)
    response.raw_headers.append(_NO_STORE)
    return response
