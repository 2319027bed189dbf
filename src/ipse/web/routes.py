"""Routes that declare who may call them and how often: an architecture test reads both from every route."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute
from starlette.types import Receive, Scope, Send

from ipse.web.limits import KINDS
from ipse.web.origins import check_same_origin

Endpoint = Callable[[Request], Awaitable[Response]]


class Caller(StrEnum):
    """Who a route is for, and so what protects it."""

    PUBLIC = "public"
    """Anybody: published documents, and addresses that partners' pages send browsers to."""
    BROWSER = "browser"
    """A person's browser on our own pages: state changes only from our own origin, errors as pages."""
    PARTNER = "partner"
    """A partner's server, which authenticates itself in the request."""
    PHONE = "phone"
    """An app, each message signed by its device key."""
    REGISTRAR = "registrar"
    """A registrar's server or the browser it sends back."""
    OPERATOR = "operator"
    """A mobile operator's server, or the browser it sends back."""
    STAFF = "staff"
    """A browser on the staff's origin, whose member the endpoint asks for; state changes only from that origin."""


_BROWSERS = frozenset({Caller.BROWSER, Caller.STAFF})


class Route(StarletteRoute):
    """One address of the service.

    `limit` names a token bucket of `kernel.settings.Limits`. Both checks run before the endpoint: the bucket of the
    client's address, and for `BROWSER` routes that change something, where the form came from.
    """

    def __init__(
        self,
        path: str,
        endpoint: Endpoint,
        methods: Sequence[str] = ("GET",),
        *,
        caller: Caller,
        limit: str,
    ) -> None:
        if limit not in KINDS:
            message = f"{path}: no limit is called {limit!r}; kernel.settings.Limits names them"
            raise ValueError(message)
        super().__init__(path, endpoint, methods=list(methods))
        self.caller = caller
        self.limit = limit

    def admit(self, scope: Scope) -> None:
        """Take from the bucket of the client's address, and check where a form came from.

        Raises:
            TooManyRequests, CrossSiteForm: not now, or not from there.
        """
        scope["ipse.caller"] = self.caller
        scope["ipse.route"] = self.path
        edge = scope.get("ipse.edge")
        if edge is not None:
            edge.buckets.take(self.limit, scope["ipse.address"])
            if self.caller in _BROWSERS and scope["method"] not in {"GET", "HEAD", "OPTIONS"}:
                check_same_origin(scope, edge.origin)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Admit, then answer."""
        self.admit(scope)
        await super().handle(scope, receive, send)
