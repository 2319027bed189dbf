"""Refusals as answers: RFC 9457 problem documents for programs, a calm page for people.

Both carry a short reference that also stands in the log, beside the precise reason which only the log holds.
"""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ipse.kernel.errors import PlatformError
from ipse.kernel.ids import Ids
from ipse.telemetry import metrics
from ipse.web.errors import MethodNotAllowed, NotFound, ServerError, TooManyRequests

TYPE = b"application/problem+json"

ErrorPage = Callable[[Request, PlatformError, str], Response]
"""Renders a refusal for a person: request, error, reference."""

log = structlog.get_logger("ipse.web")


def new_reference(ids: Ids) -> str:
    """Eight letters and digits to quote to a help desk; finds the log line, tells nothing."""
    text = b32encode(ids.octets(5)).decode()
    return f"{text[:4]}-{text[4:]}"


def problem_body(
    code: str, status: int, detail: str, reference: str, fields: Mapping[str, object] | None = None
) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """Body and headers of a problem document (RFC 9457 §3)."""
    body = msgspec.json.encode(
        {
            "type": "about:blank",
            "title": _title(status),
            "status": status,
            "detail": detail,
            "code": code,
            "reference": reference,
            **(fields or {}),
        }
    )
    return body, [(b"content-type", TYPE), (b"content-length", str(len(body)).encode())]


def problem(error: PlatformError, reference: str) -> Response:
    """The problem document of a refusal; `error.fields` become members of their own."""
    body, headers = problem_body(error.code, error.status, error.public, reference, error.fields)
    response = Response(status_code=error.status)
    response.body = body
    response.raw_headers = headers
    return with_error_headers(response, error)


def with_error_headers(response: Response, error: PlatformError) -> Response:
    """Add what HTTP itself wants to say about a refusal (RFC 9110 §10.2.3)."""
    if isinstance(error, TooManyRequests):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def note(error: PlatformError, reference: str) -> None:
    """One log line for one refusal: code, place and the precise reason, no personal data."""
    metrics.REFUSALS.add(error.code)
    log.info("refused", code=error.code, status=error.status, detail=error.detail, reference=reference)


def handlers(error_page: ErrorPage | None = None) -> dict[Any, Any]:
    """Exception handlers for `Starlette(exception_handlers=…)`.

    People (`Caller.BROWSER`, or an unknown address asked for with `Accept: text/html`) get `error_page`, where there
    is one; programs get problem documents.
    """

    def answer(request: Request, error: PlatformError) -> Response:
        reference = request.scope["ipse.reference"] = error.reference or new_reference(request.scope["ipse.edge"].ids)
        if not isinstance(error, ServerError):
            note(error, reference)
        if error_page is not None and _for_a_person(request):
            return with_error_headers(error_page(request, error, reference), error)
        response = problem(error, reference)
        if request.scope.get("ipse.caller") == "phone":
            # The app lives on another origin. What is refused before its message is read tells nothing about anybody.
            response.headers["access-control-allow-origin"] = "*"
            response.headers["access-control-expose-headers"] = "retry-after"
        return response

    async def refused(request: Request, error: PlatformError) -> Response:
        return answer(request, error)

    async def http(request: Request, error: HTTPException) -> Response:
        if error.status_code == MethodNotAllowed.status:
            response = answer(request, MethodNotAllowed())
            response.headers.update(error.headers or {})
            return response
        if error.status_code == NotFound.status:
            return answer(request, NotFound())
        raise error

    async def unforeseen(request: Request, _error: Exception) -> Response:
        # Starlette raises it again after this answer, so that the edge can log it under the same reference.
        return answer(request, ServerError())

    return {PlatformError: refused, HTTPException: http, Exception: unforeseen}


def _for_a_person(request: Request) -> bool:
    caller = request.scope.get("ipse.caller")
    # A registrar's server asks for keys, the browser it sends back wants a page: the header tells them apart.
    if caller is not None and caller != "registrar":
        return bool(caller == "browser")
    return "text/html" in request.headers.get("accept", "")


def _title(status: int) -> str:
    return _PHRASES.get(status, "Error")


_PHRASES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    410: "Gone",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    426: "Upgrade Required",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
