"""An application out of routes: Starlette, with a short way for the addresses that every login asks for.

An address without parameters is found in a table instead of by trying one pattern after another, and answered without
the layers that a lean service does not use. Everything else goes through Starlette, which knows the rare cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from ipse.kernel.errors import PlatformError
from ipse.web.problems import ErrorPage, handlers
from ipse.web.routes import Route


class Application:
    """ASGI application; mount it inside `edge.Edge`."""

    def __init__(self, routes: Sequence[Route], error_page: ErrorPage | None = None) -> None:
        refusals: dict[Any, Any] = handlers(error_page)
        self.routes = routes
        self._refused = refusals[PlatformError]
        self._unforeseen = refusals[Exception]
        self._starlette = Starlette(routes=routes, exception_handlers=refusals)
        self._table = {
            (method, route.path): route for route in routes if "{" not in route.path for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        route = self._table.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is None or scope["method"] == "HEAD":
            await self._starlette(scope, receive, send)
            return
        request = Request(scope, receive, send)
        try:
            route.admit(scope)
            response = await route.endpoint(request)
        except PlatformError as error:
            response = await self._refused(request, error)
        except Exception as error:
            response = await self._unforeseen(request, error)
            await response(scope, receive, send)
            raise
        await response(scope, receive, send)
