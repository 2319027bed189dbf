"""The page that blocks with a code, without login and without JavaScript, and the call of telephone menus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ipse.kernel.errors import PlatformError
from ipse.kernel.ids import Ids
from ipse.panic.errors import MalformedCall, TelephoneRefused
from ipse.panic.model import PAGE, Outcome
from ipse.panic.service import Panic
from ipse.web import cookies
from ipse.web.errors import MalformedForm
from ipse.web.forms import read_body, read_own_form
from ipse.web.pages import Pages, language_of
from ipse.web.problems import problem, refer
from ipse.web.routes import Caller, Route

CALL: Final = "/v1/telephone/panic"
_MOST_TYPED: Final = 64
_STATUS: Final = {Outcome.TAKEN: 200, Outcome.MISTYPED: 422, Outcome.TOO_MANY: 429}


class Call(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a telephone menu reports."""

    digits: str
    """What was dialled, check digits included."""
    line: str = ""
    """Which line the call came over, in whatever form: its tries are counted together."""
    language: str = "en"
    """nl, fr, de or en: of the words to say."""


class Told(msgspec.Struct, frozen=True):
    """What the menu is told."""

    outcome: str
    """`taken`, `mistyped` or `too_many`."""
    say: str
    """What to say to the caller."""


def routes(panic: Panic, pages: Pages) -> list[Route]:
    """All addresses."""
    on = _Endpoints(panic, pages, panic.ids)
    return [
        Route(PAGE, on.page, caller=Caller.BROWSER, limit="page"),
        Route(PAGE, on.block, ("POST",), caller=Caller.BROWSER, limit="page"),
        Route(CALL, on.call, ("POST",), caller=Caller.PARTNER, limit="partner"),
    ]


@dataclass(frozen=True, slots=True)
class _Endpoints:
    panic: Panic
    pages: Pages
    ids: Ids

    async def page(self, request: Request) -> Response:
        """`GET /block/panic`: a field for the code."""
        return self._page(request, None)

    async def block(self, request: Request) -> Response:
        """`POST /block/panic`: take the code."""
        fields = await read_own_form(request)
        typed = fields.get("code", "")[:_MOST_TYPED]
        return self._page(request, await self.panic.take(typed, source=request.scope["ipse.address"]))

    async def call(self, request: Request) -> Response:
        """`POST /v1/telephone/panic`: a telephone menu brings what was dialled."""
        try:
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer":
                raise TelephoneRefused
            telephone = await self.panic.telephone_of(token.strip())
            call = await _read(request)
        except PlatformError as error:
            reference = refer(request, error)
            return problem(error, reference)
        # A menu that does not tell its lines apart is counted as one: its tries are those of one address.
        outcome = await self.panic.take(call.digits[:_MOST_TYPED], source=f"{telephone} {call.line}")
        language = call.language if call.language in {"nl", "fr", "de", "en"} else "en"
        told = Told(outcome.value, self.pages.text(language, f"panic.say.{outcome}"))
        return Response(msgspec.json.encode(told), media_type="application/json", headers={"cache-control": "no-store"})

    def _page(self, request: Request, outcome: Outcome | None) -> Response:
        response = self.pages.render(
            "panic/page.html",
            language_of(request),
            status=200 if outcome is None else _STATUS[outcome],
            here=PAGE,
            outcome="" if outcome is None else outcome.value,
            form_token=cookies.form_token(request, self.ids),
            telephone=self.panic.settings.telephone,
        )
        cookies.ensure(request, response, self.ids)
        response.headers["cache-control"] = "no-store"
        return response


async def _read(request: Request) -> Call:
    try:
        return msgspec.json.decode(await read_body(request, most=4096), type=Call)
    except (msgspec.DecodeError, UnicodeDecodeError, MalformedForm) as error:
        raise MalformedCall(str(error)) from error
