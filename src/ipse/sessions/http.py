"""Addresses under `/session`: begin, come back, end."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ipse.sessions import rules
from ipse.sessions.errors import SignInOver
from ipse.sessions.model import BEGIN, COOKIE, END, RETURN
from ipse.sessions.service import Sessions
from ipse.signin.service import SignIn
from ipse.web import cookies
from ipse.web.forms import read_own_form
from ipse.web.pages import language_of
from ipse.web.routes import Caller, Route


def routes(sessions: Sessions, signin: SignIn) -> list[Route]:
    """All addresses."""
    on = _Endpoints(sessions, signin)
    return [
        Route(BEGIN, on.begin, ("POST",), caller=Caller.BROWSER, limit="page"),
        Route(RETURN, on.come_back, caller=Caller.BROWSER, limit="page"),
        Route(END, on.end, ("POST",), caller=Caller.BROWSER, limit="page"),
    ]


@dataclass(frozen=True, slots=True)
class _Endpoints:
    sessions: Sessions
    signin: SignIn

    async def begin(self, request: Request) -> Response:
        """`POST /session/begin`: the waiting page of a sign-in; `onward` says where to go afterwards."""
        fields = await read_own_form(request)
        action = await self.sessions.begin(
            cookies.browser_hash(request, self.sessions.ids),
            language=language_of(request),
            onward=fields.get("onward", ""),
            address=request.scope["ipse.address"],
        )
        return self.signin.start_page(request, action)

    async def come_back(self, request: Request) -> Response:
        """`GET /session/return`: the browser comes from its sign-in; it gets a cookie that it did not have before."""
        code = request.query_params.get("code", "")
        try:
            begun = await self.sessions.complete(code, cookies.known_hash(request) or b"")
        except SignInOver:
            if await self.sessions.current(request) is not None:
                return RedirectResponse(rules.HOME, 303)  # the same page again, by its address
            raise
        response = RedirectResponse(begun.onward, 303)
        cookies.give_kept(request, response, COOKIE, begun.token, seconds=None)
        return response

    async def end(self, request: Request) -> Response:
        """`POST /session/end`: sign out."""
        fields = await read_own_form(request)
        await self.sessions.end(request)
        response = RedirectResponse(rules.onward(fields.get("onward", "")), 303)
        cookies.take_kept(request, response, COOKIE)
        return response
