"""Refusals as answers: RFC 9457 problem documents for programs, a calm page for people.

Both carry a short reference that also stands in the log, beside the precise reason which only the log holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ipse.kernel import references
from ipse.kernel.errors import PlatformError
from ipse.kernel.ids import Ids
from ipse.telemetry import metrics
from ipse.web.errors import MethodNotAllowed, NotFound, ServerError, TooManyRequests

TYPE = b"application/problem+json"

ErrorPage = Callable[[Request, PlatformError, str], Response]
"""Renders a refusal for a person: request, error, reference."""

log = structlog.get_logger("ipse.web")


HEADER = b"ipse-reference"
"""Every refusal carries its reference in this header, whatever its body is."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal as it is kept for a help desk: nothing in it is about a person."""

    reference: str
    status: int
    code: str
    """Empty where no error of ours was rendered."""
    route: str
    """The template of the address."""
    caller: str


def new_reference(ids: Ids) -> str:
    """Eight letters and digits to read out to a help desk, as `7QK2-M4PX`; finds the log line, tells nothing."""
    return references.written(ids.octets(references.OCTETS))


def refer(request: Request, error: PlatformError) -> str:
    """The reference of a refusal of this request, written into the log beside the precise reason.

    It is the one that a log has given it already, where there is one.
    """
    reference = error.reference or new_reference(request.scope["ipse.edge"].ids)
    request.scope["ipse.reference"], request.scope["ipse.code"] = reference, error.code
    metrics.REFUSALS.add(error.code)
    log.info("refused", code=error.code, status=error.status, detail=error.detail, reference=reference)
    return reference


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


def handlers(error_page: ErrorPage | None = None) -> dict[Any, Any]:
    """Exception handlers for `Starlette(exception_handlers=…)`.

    People (`Caller.BROWSER`, or `STAFF` or an unknown address with `Accept: text/html`) get `error_page`, where there
    is one; programs get problem documents.
    """

    def answer(request: Request, error: PlatformError) -> Response:
        if isinstance(error, ServerError):
            # The edge logs it, under the same reference, with where it happened.
            reference = request.scope["ipse.reference"] = new_reference(request.scope["ipse.edge"].ids)
            request.scope["ipse.code"] = error.code
        else:
            reference = refer(request, error)
        if error_page is not None and _for_a_person(request):
            return with_error_headers(error_page(request, error, reference), error)
        response = problem(error, reference)
        if request.scope.get("ipse.caller") == "phone":
            # The app lives on another origin. What is refused before its message is read tells nothing about anybody.
            response.headers["access-control-allow-origin"] = "*"
            response.headers["access-control-expose-headers"] = "retry-after, ipse-reference"
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
    # A registrar's server asks for keys, the browser it sends back wants a page; so does the staff's browser, but no
    # script of their pages: the header tells them apart.
    if caller not in {None, "registrar", "staff"}:
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
