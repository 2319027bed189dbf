"""Use my phone number: the form, and the cookie of browsers that their person has trusted.

The page that follows is the waiting page with its two digits. It is the same for every number in every browser.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from ipse.actions.model import Action, ActionState, ActionView
from ipse.actions.model import Request as Asked
from ipse.actions.service.numbers import NumberStarts
from ipse.actions.service.requests import Actions
from ipse.kernel.ids import Ids
from ipse.standards.calling_codes import CALLING_CODES
from ipse.standards.phone_numbers import normalised
from ipse.web import cookies, languages
from ipse.web.pages import Pages

PATH: Final = "/v2/sign-in"
KNOWN: Final = "known"
"""The word of the cookie that a trusted browser holds."""
_TRUSTING: Final = "ipse.trusting"
_LONGEST: Final = 40


class NumberPages:
    """What happens around a phone number on the sign-in page."""

    def __init__(self, actions: Actions, pages: Pages, ids: Ids) -> None:
        self._actions = actions
        self._starts = NumberStarts(actions)
        self._pages = pages
        self._ids = ids

    async def page(
        self,
        request: Request,
        handle: str,
        *,
        problem: str = "",
        status: int = 200,
        typed: Mapping[str, str] = MappingProxyType({}),
    ) -> Response:
        """The form; with what was typed where something is wrong with it.

        Raises:
            UnknownAction, StartedElsewhere: the request is not there, or not this browser's.
        """
        view = await self._view(request, handle)
        action = view.action
        language = languages.choose(request.query_params.get("lang"), None, action.request.language)
        partner = action.request.partner_name
        response = self._pages.render(
            "signin/number.html",
            language,
            status=status,
            here=f"{PATH}/{handle}/number",
            waiting=f"{PATH}/{handle}?lang={language}",
            title=self._pages.text(language, "signin.number.title"),
            partner=partner,
            problem=self._pages.text(language, f"signin.number.{problem}") if problem else "",
            countries=sorted(CALLING_CODES.items()),
            chosen=typed.get("country") if typed.get("country") in CALLING_CODES else "BE",
            typed=typed.get("number", "")[:_LONGEST],
            form_token=cookies.form_token(request, self._ids),
        )
        cookies.ensure(request, response, self._ids)
        return response

    async def ask(self, request: Request, handle: str, fields: Mapping[str, str]) -> Response | None:
        """Take a number; the form again where it is no number or too many came from here, else None.

        What follows None is the waiting page, whatever became of the number. The form's token has shown by now that
        the browser keeps our cookie: before, nothing is written.
        """
        try:
            number = _number(fields)
        except ValueError:
            return await self.page(request, handle, problem="bad", status=422, typed=fields)
        view = await self._view(request, handle)
        if not _takes_numbers(view):
            return None
        if not await self._starts.may_ask(request.scope["ipse.address"]):
            return await self.page(request, handle, problem="busy", status=429, typed=fields)
        await self._starts.typed(view.action, number, token=cookies.read_kept(request, KNOWN) or "")
        return None

    async def seen(self, request: Request, handle: str) -> None:
        """The digits are before the person's eyes.

        Raises:
            UnknownAction, StartedElsewhere: the request is not there, or not this browser's.
        """
        view = await self._view(request, handle)
        if view.action.request.number and view.state is ActionState.WAITING:
            await self._starts.seen(view.action)

    async def _view(self, request: Request, handle: str) -> ActionView:
        return await self._actions.for_browser(handle, cookies.known_hash(request) or b"")


async def trust(actions: Actions, request: Request, account_id: str, asked: Asked, ids: Ids) -> None:
    """Trust this browser for the person who has just approved that; `hand_trust` then gives it the cookie."""
    token = cookies.read_kept(request, KNOWN) or ids.secret()
    place = asked.origin.place.name if asked.origin.place else ""
    browsers = actions.fraud.browsers
    await browsers.trust(account_id, token, user_agent=request.headers.get("user-agent", ""), place=place)
    request.scope[_TRUSTING] = token


def hand_trust(actions: Actions, request: Request, response: Response) -> Response:
    """The response, with the cookie where this browser has just been trusted."""
    token = request.scope.get(_TRUSTING)
    if token is not None:
        cookies.give_kept(request, response, KNOWN, token, seconds=actions.fraud.browsers.seconds)
    return response


def _takes_numbers(view: ActionView) -> bool:
    action: Action = view.action
    addressed = action.request.match and not action.request.number
    return view.state is ActionState.WAITING and not addressed


def _number(fields: Mapping[str, str]) -> str:
    """The number in the one form we know it by.

    Raises:
        ValueError: it is none.
    """
    written, code = fields.get("number", "").strip()[:_LONGEST], CALLING_CODES.get(fields.get("country", ""), "")
    return normalised(written if written.startswith(("+", "00")) else f"+{code}{written}")
