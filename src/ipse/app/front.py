"""The page at the issuer's own address: what there is, for whoever comes without knowing where to go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from ipse.kernel.settings import Settings
from ipse.web.pages import Pages, language_of
from ipse.web.routes import Caller, Route

_OWN: Final = {
    "people": (("portal", "/portal"), ("sign", "/envelopes"), ("judge", "/validate"), ("block", "/block")),
    "public": (("help", "/help"), ("figures", "/statistics")),
}
"""Places of the issuer's origin, by whom they are for; one that this installation does not serve is left out."""


@dataclass(frozen=True, slots=True)
class Front:
    """The page, with the places that this installation has."""

    pages: Pages
    groups: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]

    async def page(self, request: Request) -> Response:
        """`GET /`."""
        return self.pages.render("base/front.html", language_of(request), here="/", groups=self.groups)


def front_route(settings: Settings, pages: Pages, routes: Iterable[Route]) -> Route:
    """Its address, knowing every other one."""
    served = {route.path for route in routes}
    found = {group: [place for place in places if place[1] in served] for group, places in _OWN.items()}
    if settings.status.address:
        found["public"].insert(0, ("status", settings.status.address))
    if settings.staff is not None:
        found["work"] = [("partners", f"{settings.staff.origin}/partners")]
    groups = tuple((group, tuple(places)) for group, places in found.items() if places)
    return Route("/", Front(pages, groups).page, caller=Caller.PUBLIC, limit="page")
