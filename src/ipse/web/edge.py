"""The outermost layer of an application: who is calling, headers that no answer may lack, and no trace to outsiders."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ipse.kernel.addresses import is_named
from ipse.kernel.clock import Clock
from ipse.kernel.ids import Ids
from ipse.kernel.settings import Limits
from ipse.standards.client_certificates import CertificateError
from ipse.telemetry import metrics
from ipse.telemetry.spans import is_on, span
from ipse.web.addresses import client_address
from ipse.web.certificates import take_certificate
from ipse.web.errors import MalformedRequest
from ipse.web.limits import Buckets
from ipse.web.problems import HEADER, Refused, new_reference, problem, problem_body, refer

HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"cache-control", b"no-store"),
)
"""What every answer carries unless its own code decided otherwise (S-11)."""

_REFUSAL = 400
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_CLASSES = {status: f"{status // 100}xx" for status in (200, 201, 204, 302, 303, 400, 401, 403, 404)}
HSTS = (b"strict-transport-security", b"max-age=63072000; includeSubDomains; preload")

log = structlog.get_logger("ipse.web")


class Edge:
    """Pure ASGI middleware, mounted once outside everything.

    Puts itself in the scope as `ipse.edge` (`origin`, `secure`, `buckets`, `ids`), the client's address as
    `ipse.address` and the certificate of its connection as `ipse.client_certificate`; adds missing security headers;
    turns an unexpected exception into a mute `server_error`.
    """

    refused: Callable[[Refused], None] | None = None
    """Who keeps refusals by their reference, for a help desk."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        origin: str,
        limits: Limits,
        trusted_proxies: tuple[str, ...],
        clock: Clock,
        ids: Ids,
        certificate_proxies: tuple[str, ...] = (),
    ) -> None:
        self._app = app
        self.origin = origin
        self.secure = origin.startswith("https://")
        self.buckets = Buckets(limits, clock)
        self.ids = ids
        self._trusted_proxies = trusted_proxies
        self._certificate_proxies = certificate_proxies
        self._headers = (*HEADERS, HSTS) if self.secure else HEADERS

    async def _traced(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve within a span that is named by the route, once it is known."""
        with span("request", kind="server", parent=_believed(scope, self._trusted_proxies)) as traced:

            async def telling(message: Message) -> None:
                if message["type"] == "http.response.start" and traced is not None:
                    route, method, status = _words(scope, message["status"])
                    traced.update_name(f"{method} {route}")
                    traced.set_attributes({"http.route": route, "http.request.method": method, "ipse.status": status})
                await send(message)

            await self._app(scope, receive, telling)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; other kinds of connection pass through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["ipse.edge"] = self
        scope["ipse.address"] = client_address(scope, self._trusted_proxies)
        started, began = False, time.perf_counter()

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _measure(scope, message["status"], began)
                message["headers"] = self._completed(scope, message)
            await send(message)

        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            # No name or value of ours holds it, and PostgreSQL's texts cannot.
            error = MalformedRequest("a NUL character in the address")
            await problem(error, refer(Request(scope), error))(scope, receive, send_with_headers)
            return
        try:
            take_certificate(scope, self._certificate_proxies)
        except CertificateError as unread:
            error = MalformedRequest(str(unread))
            await problem(error, refer(Request(scope), error))(scope, receive, send_with_headers)
            return
        try:
            if is_on():
                await self._traced(scope, receive, send_with_headers)
            else:
                await self._app(scope, receive, send_with_headers)
        except ClientDisconnect:
            return
        except Exception as fault:  # noqa: BLE001 - the last net: whatever it is, the caller learns nothing of it
            reference = scope.get("ipse.reference") or new_reference(self.ids)
            # Type and places only: a message or a trace could hold somebody's data.
            log.error(  # noqa: TRY400
                "server_error", reference=reference, error=type(fault).__name__, where=_where(fault)
            )
            if started:
                return
            body, headers = problem_body("server_error", 500, "Something went wrong", reference)
            await send_with_headers({"type": "http.response.start", "status": 500, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    def _completed(self, scope: Scope, message: Message) -> list[tuple[bytes, bytes]]:
        """The headers of an answer, with those that none may lack."""
        headers = list(message.get("headers", ()))
        present = {name for name, _ in headers}
        headers += [header for header in self._headers if header[0] not in present]
        if message["status"] >= _REFUSAL:
            self._refer(scope, message["status"], headers)
        return headers

    def _refer(self, scope: Scope, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        """See that a refusal carries its reference, and have it kept where somebody keeps them."""
        told = next((value.decode("latin-1") for name, value in headers if name == HEADER), None)
        reference = told or scope.get("ipse.reference") or new_reference(self.ids)
        if told is None:
            headers.append((HEADER, reference.encode()))
        if self.refused is not None:
            route, caller = _words(scope, status)[0], scope.get("ipse.caller") or "unknown"
            self.refused(Refused(reference, status, scope.get("ipse.code", ""), route, caller))


def _believed(scope: Scope, proxies: tuple[str, ...]) -> str | None:
    """The `traceparent` of a proxy of our own. From anybody else it would only join what others do."""
    client = scope.get("client")
    if not client or not is_named(client[0], proxies):
        return None
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"), None)


def _measure(scope: Scope, status: int, began: float) -> None:
    """How long until the answer began, by route and never by address."""
    metrics.REQUESTS.note(time.perf_counter() - began, *_words(scope, status))


def _words(scope: Scope, status: int) -> tuple[str, str, str]:
    """Route template, method and class of status: words of ours, whatever was asked for."""
    method = scope["method"]
    return (
        scope.get("ipse.route", "unknown"),
        method if method in _METHODS else "other",
        _CLASSES.get(status) or f"{status // 100}xx",
    )


def _where(error: BaseException) -> list[str]:
    """File and line of each frame: enough to find the fault, without values that could be somebody's data."""
    places = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        file = code.co_filename.rpartition("/site-packages/")[2].rpartition("/src/ipse/")[2]
        places.append(f"{file}:{trace.tb_lineno}")
        trace = trace.tb_next
    return places[-12:]
