"""The page that blocks an identity without login and without JavaScript."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from ipse.kernel.clock import day
from ipse.portal.model import PAGE
from ipse.portal.rules import Mistyped, read
from ipse.portal.service import Blocking
from ipse.standards.calling_codes import CALLING_CODES
from ipse.web import cookies
from ipse.web.forms import read_own_form
from ipse.web.pages import Pages, language_of
from ipse.web.routes import Caller, Route

_STATUS = {"": 200, "taken": 200, "too_many": 429, "number": 422, "birthdate": 422}


def block_routes(blocking: Blocking, pages: Pages) -> list[Route]:
    """The addresses that need no session."""
    on = _Endpoints(blocking, pages)
    return [
        Route(PAGE, on.page, caller=Caller.BROWSER, limit="page"),
        Route(PAGE, on.block, ("POST",), caller=Caller.BROWSER, limit="page"),
    ]


@dataclass(frozen=True, slots=True)
class _Endpoints:
    blocking: Blocking
    pages: Pages

    async def page(self, request: Request) -> Response:
        """`GET /block`: fields for a phone number and a birth date."""
        return self._page(request, "")

    async def block(self, request: Request) -> Response:
        """`POST /block`: take the wish. The answer is the same for everybody."""
        fields = await read_own_form(request)
        try:
            wish = read(fields, today=day(self.blocking.clock.now()))
        except Mistyped as error:
            return self._page(request, error.field, fields)
        taken = await self.blocking.ask(wish, address=request.scope["ipse.address"])
        return self._page(request, "taken" if taken else "too_many")

    def _page(self, request: Request, outcome: str, fields: dict[str, str] | None = None) -> Response:
        typed = {name: (fields or {}).get(name, "")[:40] for name in ("country", "number", "day", "month", "year")}
        response = self.pages.render(
            "portal/block.html",
            language_of(request),
            status=_STATUS[outcome],
            here=PAGE,
            outcome=outcome,
            typed=typed,
            chosen=typed["country"] or "BE",
            countries=sorted(CALLING_CODES.items()),
            form_token=cookies.form_token(request, self.blocking.ids),
        )
        cookies.ensure(request, response, self.blocking.ids)
        response.headers["cache-control"] = "no-store"
        return response
