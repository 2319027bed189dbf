"""The pages of one-time codes, and those that all ways share: which ways there are, and what is asked."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ipse.actions.errors import EvidenceExpired, StartedElsewhere, UnknownAction
from ipse.actions.model import Action, Method
from ipse.fallback.errors import FallbackRefused, TooManyTries
from ipse.fallback.rules import showing
from ipse.fallback.service import Codes, Visits
from ipse.fallback.service.visits import PATH, Asked
from ipse.kernel.errors import PlatformError
from ipse.web import cookies, languages
from ipse.web.forms import read_own_form
from ipse.web.pages import Pages


@dataclass(frozen=True)
class FallbackPages:
    """Endpoints."""

    visits: Visits
    codes: Codes
    pages: Pages

    async def offers(self, request: Request) -> Response:
        """`GET …/other`: the ways without the phone."""
        action, offers = await self.visits.offers(handle_of(request), browser_of(request))
        language = language_for(request, action)
        return self.pages.render(
            "fallback/offers.html",
            language,
            here=f"{PATH}/{action.handle}",
            action=action,
            partner=action.request.partner_name,
            offers=offers,
        )

    async def code_form(self, request: Request) -> Response:
        """`GET …/other/totp` or `…/sheet`: the form for a one-time code."""
        method = _method_of(request)
        action = await self.visits.chosen(handle_of(request), browser_of(request), method)
        return self._code_form(request, action, method)

    async def code(self, request: Request) -> Response:
        """`POST …/other/totp` or `…/sheet`: judge the code."""
        method, browser = _method_of(request), browser_of(request)
        action = await self.visits.allowed(handle_of(request), browser, method)
        form = await read_own_form(request)
        address = address_of(request)
        try:
            await self.visits.admit(address)
            proven = await self.codes.prove(method, form.get("name", "")[:40], form.get("code", "")[:40])
            await self.visits.prove(action, browser, proven, address=address)
        except (FallbackRefused, TooManyTries, EvidenceExpired) as error:
            return self._code_form(request, action, method, refused=error, typed=form.get("name", "")[:40])
        return to_consent(request, action)

    async def consent(self, request: Request) -> Response:
        """`GET …/other/consent`: who asks for what, as the phone would show it."""
        asked = await self.visits.asked(handle_of(request), browser_of(request))
        return self._consent(request, asked)

    async def decide(self, request: Request) -> Response:
        """`POST …/other/consent`: approve with the chosen attributes, or refuse."""
        handle = handle_of(request)
        form = await read_own_form(request)
        shared = tuple(sorted(name.removeprefix("share.") for name in form if name.startswith("share.")))
        action = await self.visits.decide(
            handle, browser_of(request), form.get("decision", ""), shared, address=address_of(request)
        )
        language, partner = language_for(request, action), action.request.partner_name
        title = self.pages.text(language, "fallback.onward.partner", partner=partner)
        return self.pages.render("fallback/onward.html", language, title=title, to=f"{PATH}/{handle}/finish")

    def _code_form(
        self,
        request: Request,
        action: Action,
        method: Method,
        *,
        refused: PlatformError | None = None,
        typed: str = "",
    ) -> Response:
        return self.pages.render(
            "fallback/code.html",
            language_for(request, action),
            status=200 if refused is None else refused.status,
            here=f"{PATH}/{action.handle}",
            partner=action.request.partner_name,
            method=method.value,
            refused="" if refused is None else refused.code,
            typed=typed,
            form_token=cookies.form_token(request, self.visits.actions.ids),
        )

    def _consent(self, request: Request, asked: Asked) -> Response:
        action = asked.action
        language = language_for(request, action)
        return self.pages.render(
            "fallback/consent.html",
            language,
            here=f"{PATH}/{action.handle}",
            action=action,
            partner=action.request.partner_name,
            broker=action.request.broker_name,
            service=action.request.service_in(language),
            purpose=action.request.purpose_in(language),
            method=asked.proven.method.value,
            level=showing.level(asked.shown),
            lines=showing.lines(asked.shown),
            form_token=cookies.form_token(request, self.visits.actions.ids),
        )


def handle_of(request: Request) -> str:
    """The page handle of the address."""
    handle: str = request.path_params["handle"]
    if len(handle) > 64:
        raise UnknownAction("not a handle")
    return handle


def browser_of(request: Request) -> bytes:
    """What names this browser.

    Raises:
        StartedElsewhere: it holds no cookie of ours.
    """
    known = cookies.known_hash(request)
    if known is None:
        raise StartedElsewhere
    return known


def address_of(request: Request) -> str:
    """The network address the request came from."""
    address: str = request.scope["ipse.address"]
    return address


def language_for(request: Request, action: Action) -> str:
    """The language of the request's page."""
    return languages.choose(request.query_params.get("lang"), None, action.request.language)


def to_consent(request: Request, action: Action) -> Response:
    """On to what is asked, in the same language."""
    return RedirectResponse(f"{PATH}/{action.handle}/other/consent?lang={language_for(request, action)}", 303)


def _method_of(request: Request) -> Method:
    return Method(request.scope["path"].rpartition("/")[2])
