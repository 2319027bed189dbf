"""The addresses of one operator: its authorization server, its APIs, and what describes them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from ipse.sandbox import jose
from ipse.sandbox.bank.errors import Refusal, invalid_request
from ipse.sandbox.forms import fields
from ipse.sandbox.moods import SLOWEST, How, Moods
from ipse.sandbox.operators import asked
from ipse.sandbox.operators.descriptions import description
from ipse.sandbox.operators.errors import ApiError, denied, invalid, not_found, unauthenticated
from ipse.sandbox.operators.lookups import Lookups
from ipse.sandbox.operators.model import Operator
from ipse.sandbox.operators.oauth import AuthorizationServer, Grant
from ipse.sandbox.operators.subscriptions import Subscriptions
from ipse.sandbox.operators.texts import Texts
from ipse.sandbox.sight import Sight
from ipse.standards import camara
from ipse.standards.camara import CORRELATOR, CORRELATOR_HEADER, Api, Code
from ipse.standards.camara import Scope as TokenScope
from ipse.web.errors import MalformedForm
from ipse.web.forms import read_body, read_form

COOKIE: Final = "sim"
"""By which the network knows a browser's SIM."""
_NO_STORE: Final = {"Cache-Control": "no-store"}

Answer = tuple[int, Any]
"""A status, and what the body holds; None for no body."""
Handler = Callable[[Request, Grant], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Served:
    """One address of an API: which scopes open it, and what answers."""

    api: Api
    scopes: frozenset[TokenScope]
    handler: Handler


@dataclass(frozen=True, slots=True)
class OperatorServer:
    """One operator over HTTP."""

    operator: Operator
    oauth: AuthorizationServer
    lookups: Lookups
    subscriptions: Subscriptions
    texts: Texts
    sight: Sight

    def router(self) -> Router:
        """The routes, relative to the operator's issuer."""
        routes = [
            Route("/.well-known/openid-configuration", self.discovery),
            Route("/jwks", self.jwks),
            Route("/authorize", self.authorize),
            Route("/token", self.token, methods=["POST"]),
            *(Route(f"{_BASES[api]}/openapi.json", self._describing(api)) for api in sorted(self.operator.serves)),
        ]
        routes += [Route(path, self._answering(table)) for path, table in self._table().items()]
        return Router(routes, default=self.nowhere)

    async def discovery(self, _: Request) -> Response:
        """`/.well-known/openid-configuration`."""
        return JSONResponse(self.oauth.metadata(), headers={"Cache-Control": "max-age=60"})

    async def jwks(self, _: Request) -> Response:
        """The operator's public key."""
        return JSONResponse({"keys": [jose.public(self.oauth.key)]}, headers={"Cache-Control": "max-age=60"})

    async def authorize(self, request: Request) -> Response:
        """Back at once, with a code or without."""
        try:
            target = await self.oauth.authorize(fields(request.url.query), browser_of(request))
        except (Refusal, MalformedForm) as error:
            return self.sight.page("operators/stopped.html", status=400, operator=self.operator, detail=str(error))
        return RedirectResponse(target, 302, headers=_NO_STORE)

    async def token(self, request: Request) -> Response:
        """A token for an assertion."""
        try:
            answer = await self.oauth.token(await read_form(request))
        except (Refusal, MalformedForm) as error:
            refusal = error if isinstance(error, Refusal) else invalid_request(str(error))
            body = {"error": refusal.error, "error_description": refusal.description}
            return JSONResponse(body, status_code=refusal.status, headers=_NO_STORE)
        return JSONResponse(answer, headers=_NO_STORE)

    async def nowhere(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Whatever is not served here."""
        correlator = Request(scope).headers.get(CORRELATOR_HEADER, "")
        fits = CORRELATOR.fullmatch(correlator) is not None
        response = _problem(not_found("There is no such address here."), correlator if fits else "")
        await response(scope, receive, send)

    def _table(self) -> dict[str, dict[str, Served]]:
        """What is served at which address, by method."""
        read, remove = TokenScope.READ_SUBSCRIPTIONS, TokenScope.DELETE_SUBSCRIPTIONS
        swap = TokenScope.SIM_SWAP
        one = f"{camara.SUBSCRIPTION_LIST}/{{id}}"
        rows = (
            (camara.VERIFY, "POST", Api.NUMBER_VERIFICATION, {TokenScope.VERIFY}, self._verify),
            (camara.DEVICE_PHONE_NUMBER, "GET", Api.NUMBER_VERIFICATION, {TokenScope.DEVICE_PHONE_NUMBER}, self._share),
            (camara.CHECK, "POST", Api.SIM_SWAP, {TokenScope.CHECK, swap}, self._check),
            (camara.RETRIEVE_DATE, "POST", Api.SIM_SWAP, {TokenScope.RETRIEVE_DATE, swap}, self._date),
            (camara.SUBSCRIPTION_LIST, "POST", Api.SIM_SWAP_SUBSCRIPTIONS, {TokenScope.SUBSCRIBE}, self._subscribe),
            (camara.SUBSCRIPTION_LIST, "GET", Api.SIM_SWAP_SUBSCRIPTIONS, {read}, self._list),
            (one, "GET", Api.SIM_SWAP_SUBSCRIPTIONS, {read}, self._one),
            (one, "DELETE", Api.SIM_SWAP_SUBSCRIPTIONS, {remove}, self._delete),
            (camara.SEND_CODE, "POST", Api.OTP_SMS, {TokenScope.SEND_VALIDATE}, self._send_code),
            (camara.VALIDATE_CODE, "POST", Api.OTP_SMS, {TokenScope.SEND_VALIDATE}, self._validate_code),
        )
        table: dict[str, dict[str, Served]] = {}
        for path, method, api, scopes, handler in rows:
            if api in self.operator.serves:
                table.setdefault(path, {})[method] = Served(api, frozenset(scopes), handler)
        return table

    def _answering(self, table: dict[str, Served]) -> _Endpoint:
        return _Endpoint(self.oauth, table)

    def _describing(self, api: Api) -> Callable[[Request], Awaitable[Response]]:
        async def described(_: Request) -> Response:
            return JSONResponse(description(api, self.oauth.issuer), headers={"Cache-Control": "max-age=60"})

        return described

    async def _verify(self, request: Request, grant: Grant) -> Answer:
        answer = self.lookups.verify(grant, await _body(request))
        self.oauth.use_up(_token(request))
        return 200, answer

    async def _share(self, request: Request, grant: Grant) -> Answer:
        answer = self.lookups.share(grant)
        self.oauth.use_up(_token(request))
        return 200, answer

    async def _check(self, request: Request, grant: Grant) -> Answer:
        return 200, self.lookups.check(grant, await _body(request))

    async def _date(self, request: Request, grant: Grant) -> Answer:
        return 200, self.lookups.date(grant, await _body(request))

    async def _subscribe(self, request: Request, grant: Grant) -> Answer:
        return 201, self.subscriptions.create(grant, await _body(request))

    async def _list(self, _: Request, grant: Grant) -> Answer:
        return 200, self.subscriptions.all_of(grant)

    async def _one(self, request: Request, grant: Grant) -> Answer:
        return 200, self.subscriptions.one(grant, request.path_params["id"])

    async def _delete(self, request: Request, grant: Grant) -> Answer:
        self.subscriptions.delete(grant, request.path_params["id"])
        return 204, None

    async def _send_code(self, request: Request, _: Grant) -> Answer:
        return 200, self.texts.send(await _body(request))

    async def _validate_code(self, request: Request, _: Grant) -> Answer:
        self.texts.validate(await _body(request))
        return 204, None


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """ASGI: one address of an API, for all methods. Token first, then what the request says."""

    oauth: AuthorizationServer
    table: dict[str, Served]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        correlator = request.headers.get(CORRELATOR_HEADER, "")
        fits = CORRELATOR.fullmatch(correlator) is not None
        try:
            if not fits:
                raise invalid(f"{CORRELATOR_HEADER} holds what it must not.")
            response = await self._answer(request, correlator)
        except ApiError as error:
            response = _problem(error, correlator if fits else "")
        await response(scope, receive, send)

    async def _answer(self, request: Request, correlator: str) -> Response:
        served = self.table.get(request.method)
        if served is None:
            allow = {"Allow": ", ".join(sorted(self.table)), **_correlated(correlator)}
            body = {"status": 405, "code": "METHOD_NOT_ALLOWED", "message": "This address answers to other methods."}
            return JSONResponse(body, status_code=405, headers=allow)
        grant = self.oauth.granted(_token(request))
        if grant is None:
            raise unauthenticated()
        if not served.scopes & set(grant.scopes):
            raise denied("The token does not have the scope for this.")
        if self.oauth.moods.of(self.oauth.operator.id).how is How.REFUSE and served.api is not Api.OTP_SMS:
            raise denied("We answer nobody, as asked on the world page.")
        status, body = await served.handler(request, grant)
        headers = _correlated(correlator) | _NO_STORE
        if body is None:
            return Response(status_code=status, headers=headers)
        return JSONResponse(body, status_code=status, headers=headers)


@dataclass(frozen=True, slots=True)
class OperatorMood:
    """ASGI middleware around one operator: it can misbehave in more ways than others."""

    app: ASGIApp
    party: str
    moods: Moods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, in this operator's mood."""
        mood = self.moods.of(self.party)
        await self.moods.wait(mood)
        match mood.how:
            case How.DOWN:
                # Headers that promise a body which never comes: the server then closes the connection.
                headers = [(b"content-length", b"1000"), (b"content-type", b"application/json")]
                await send({"type": "http.response.start", "status": 200, "headers": headers})
                return
            case How.HANG:
                await _for_ever(self.moods)
                broken = _broken(503, "UNAVAILABLE")
            case How.ERROR:
                broken = PlainTextResponse("Out of order, as asked on the world page.\n", status_code=500)
            case How.BUSY:
                broken = _broken(429, Code.TOO_MANY_REQUESTS)
            case How.GARBAGE:
                broken = HTMLResponse('<html><p>Welcome to our new portal! {"swapped": maybe}')
            case _:
                await self.app(scope, receive, send)
                return
        await broken(scope, receive, send)


def browser_of(request: Request) -> str:
    """The value of the cookie by which the network knows a browser's SIM."""
    cookies: SimpleCookie = SimpleCookie(request.headers.get("cookie", ""))
    return cookies[COOKIE].value if COOKIE in cookies else ""


_BASES: Final = {
    Api.NUMBER_VERIFICATION: camara.NUMBER_VERIFICATION,
    Api.SIM_SWAP: camara.SIM_SWAP,
    Api.SIM_SWAP_SUBSCRIPTIONS: camara.SUBSCRIPTIONS,
    Api.OTP_SMS: camara.OTP_SMS,
}


async def _for_ever(moods: Moods) -> None:
    try:
        await asyncio.wait_for(moods.closing.wait(), timeout=SLOWEST)
    except TimeoutError:
        return


async def _body(request: Request) -> dict[str, Any]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise invalid("The body must be application/json.")
    try:
        return asked.json_object(await read_body(request))
    except MalformedForm as error:
        raise invalid("The body is too large.") from error


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _correlated(correlator: str) -> dict[str, str]:
    return {CORRELATOR_HEADER: correlator} if correlator else {}


def _problem(error: ApiError, correlator: str) -> Response:
    headers = _correlated(correlator) | _NO_STORE
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    body = {"status": error.status, "code": str(error.code), "message": error.message}
    return JSONResponse(body, status_code=error.status, headers=headers)


def _broken(status: int, code: str) -> Response:
    body = {"status": status, "code": code, "message": "Not now, as asked on the world page."}
    return JSONResponse(body, status_code=status, headers={"Retry-After": "30"})
