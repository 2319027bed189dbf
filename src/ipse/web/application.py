"""An application out of routes: Starlette, with a short way for the addresses that every login asks for.

An address is found in a table instead of by trying one pattern after another, and answered without the layers that a
lean service does not use; one part of it may be a parameter. Everything else goes through Starlette, which knows the
rare cases.
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

_GAP = "\x00"
"""Stands for a parameter; no address holds it."""


class Application:
    """ASGI application; mount it inside `edge.Edge`."""

    def __init__(self, routes: Sequence[Route], error_page: ErrorPage | None = None) -> None:
        refusals: dict[Any, Any] = handlers(error_page)
        self.routes = routes
        self._refused = refusals[PlatformError]
        self._unforeseen = refusals[Exception]
        self._starlette = Starlette(routes=routes, exception_handlers=refusals)
        self._table: dict[tuple[str, str], Route] = {}
        self._shapes: dict[tuple[str, str], Route] = {}
        places: set[int] = set()
        for route in filter(_fits, routes):
            found = _parameters(route.path)
            places.update(found)
            table = self._shapes if found else self._table
            table |= {(method, _shape(route.path, found)): route for method in route.methods or ()}
        # `/return/{value}` before `/{handle}/finish`: what is fixed further decides.
        self._places = sorted(places, reverse=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        route = self._find(scope) if scope["type"] == "http" else None
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

    def _find(self, scope: Scope) -> Route | None:
        method, path = scope["method"], scope["path"]
        route = self._table.get((method, path))
        if route is not None:
            return route
        parts = path.split("/")
        for place in self._places:
            if place < len(parts) and parts[place]:
                route = self._shapes.get((method, "/".join((*parts[:place], _GAP, *parts[place + 1 :]))))
                if route is not None:
                    (name,) = route.param_convertors
                    scope["path_params"] = {name: parts[place]}
                    return route
        return None


def _parameters(path: str) -> list[int]:
    """Which parts of a path are parameters, and nothing else."""
    return [place for place, part in enumerate(path.split("/")) if part.startswith("{") and part.endswith("}")]


def _fits(route: Route) -> bool:
    """Whether a table can hold it: at most one parameter, a text that is a whole part of the path."""
    path = route.path
    return path.count("{") == len(_parameters(path)) <= 1 and ":" not in path


def _shape(path: str, places: list[int]) -> str:
    return "/".join(_GAP if place in places else part for place, part in enumerate(path.split("/")))
