"""A bank's endpoints, and the page where people log in."""

from __future__ import annotations

from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route, Router

from ipse.sandbox import jose
from ipse.sandbox.bank.errors import Refusal, invalid_request
from ipse.sandbox.bank.messages import Messages
from ipse.sandbox.bank.provider import LOGIN_SECONDS, Provider
from ipse.sandbox.forms import fields
from ipse.sandbox.moods import How, Moods
from ipse.sandbox.sight import Sight
from ipse.web import languages
from ipse.web.errors import MalformedForm
from ipse.web.forms import read_form

_COOKIE = "bank"
_NO_STORE = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class BankPages:
    """One bank over HTTP."""

    provider: Provider
    sight: Sight
    moods: Moods
    secure: bool
    path: str

    def router(self) -> Router:
        """The routes, relative to the bank's issuer."""
        return Router(
            [
                Route("/", self.front),
                Route("/.well-known/openid-configuration", self.discovery),
                Route("/jwks", self.jwks),
                Route("/par", self.par, methods=["POST"]),
                Route("/authorize", self.authorize),
                Route("/login/{handle}", self.login),
                Route("/login/{handle}", self.decide, methods=["POST"]),
                Route("/token", self.token, methods=["POST"]),
                Route("/userinfo", self.userinfo, methods=["GET", "POST"]),
            ]
        )

    async def front(self, request: Request) -> Response:
        """What this bank is."""
        messages = _messages(request)
        return self._page("front.html", messages, people=self.provider.people()[:3])

    async def discovery(self, _: Request) -> Response:
        """`/.well-known/openid-configuration`."""
        return JSONResponse(self.provider.metadata(), headers={"Cache-Control": "max-age=60"})

    async def jwks(self, _: Request) -> Response:
        """The bank's public key."""
        return JSONResponse({"keys": [jose.public(self.provider.key)]}, headers={"Cache-Control": "max-age=60"})

    async def par(self, request: Request) -> Response:
        """Pushed authorization request (RFC 9126)."""
        try:
            answer = await self.provider.push(await read_form(request))
        except (Refusal, MalformedForm) as error:
            return _refused(error)
        return JSONResponse(answer, status_code=201, headers=_NO_STORE)

    async def authorize(self, request: Request) -> Response:
        """Take a pushed request to its login page."""
        browser = self.provider.ids.secret()
        try:
            handle = self.provider.begin_login(fields(request.url.query), browser)
        except (Refusal, MalformedForm) as error:
            return self._stopped(request, detail=str(error))
        response = RedirectResponse(f"{self.provider.issuer}/login/{handle}", 303, headers=_NO_STORE)
        response.set_cookie(
            _COOKIE,
            browser,
            max_age=LOGIN_SECONDS,
            path=self.path,
            httponly=True,
            secure=self.secure,
            samesite="lax",
        )
        return response

    async def login(self, request: Request) -> Response:
        """The login page: what is being activated, what will be told, and who you are today."""
        wanted = self.provider.login(request.path_params["handle"], _browser(request))
        if wanted is None:
            return self._stopped(request)
        return self._login_page(request, wanted)

    async def decide(self, request: Request) -> Response:
        """The form of the login page: `person` and `decision` (`approve` or `refuse`)."""
        handle = request.path_params["handle"]
        wanted = self.provider.login(handle, _browser(request))
        if wanted is None or request.headers.get("origin", self._origin) != self._origin:
            return self._stopped(request)
        try:
            answer = await read_form(request)
        except MalformedForm as error:
            return self._stopped(request, detail=str(error))
        person = self.provider.person(answer.get("person", ""))
        if answer.get("decision") == "refuse":
            target = self.provider.refuse(handle, "the person refused")
        elif self.moods.of(self.provider.bank.id).how is How.REFUSE:
            target = self.provider.refuse(handle, "the bank does not vouch for this person")
        elif person is None or answer.get("decision") != "approve":
            return self._login_page(request, wanted, status=400, nobody=True)
        else:
            target = self.provider.approve(handle, person)
        return RedirectResponse(target, 303, headers=_NO_STORE) if target else self._stopped(request)

    async def token(self, request: Request) -> Response:
        """Code for tokens."""
        try:
            answer = await self.provider.redeem(await read_form(request))
        except (Refusal, MalformedForm) as error:
            return _refused(error)
        return JSONResponse(answer, headers=_NO_STORE)

    async def userinfo(self, request: Request) -> Response:
        """What was asked for, signed."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        answer = self.provider.userinfo(token.strip()) if scheme.lower() == "bearer" else None
        if answer is None:
            challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"', **_NO_STORE}
            return JSONResponse({"error": "invalid_token"}, status_code=401, headers=challenge)
        return Response(answer, media_type="application/jwt", headers=_NO_STORE)

    @property
    def _origin(self) -> str:
        return self.provider.issuer.removesuffix(self.path)

    def _login_page(
        self, request: Request, wanted: dict[str, Any], *, status: int = 200, nobody: bool = False
    ) -> Response:
        messages = _messages(request, wanted["ui_locales"])
        return self._page(
            "login.html",
            messages,
            status=status,
            activation_text=wanted["activation_text"],
            told=messages.told(wanted["claims"]),
            people=self.provider.people(),
            nobody=nobody,
        )

    def _stopped(self, request: Request, detail: str = "") -> Response:
        messages = _messages(request)
        return self._page("stopped.html", messages, status=400, detail=detail)

    def _page(self, template: str, messages: Messages, *, status: int = 200, **context: object) -> Response:
        return self.sight.page(
            f"bank/{template}",
            status=status,
            bank=self.provider.bank,
            path=self.path,
            t=messages,
            **context,
        )


def _browser(request: Request) -> str:
    cookies: SimpleCookie = SimpleCookie(request.headers.get("cookie", ""))
    return cookies[_COOKIE].value if _COOKIE in cookies else ""


def _refused(error: Exception) -> Response:
    refusal = error if isinstance(error, Refusal) else invalid_request(str(error))
    body = {"error": refusal.error, "error_description": refusal.description}
    return JSONResponse(body, status_code=refusal.status, headers=_NO_STORE)


def _messages(request: Request, ui_locales: str = "") -> Messages:
    return Messages.of(languages.choose(ui_locales, request.headers.get("accept-language")))
