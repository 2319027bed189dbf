"""A partner's pages."""

from __future__ import annotations

from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route, Router

from ipse.sandbox.forms import fields
from ipse.sandbox.moods import How, Moods
from ipse.sandbox.partner.client import RelyingParty, Started
from ipse.sandbox.partner.errors import LoginFailedError
from ipse.sandbox.partner.model import CLAIM
from ipse.sandbox.partner.orders import ORDERS
from ipse.sandbox.partner.visits import VISIT_SECONDS, Visits
from ipse.sandbox.partner.words import greeting, photo, shown
from ipse.sandbox.sight import Sight
from ipse.sandbox.visitors import VisitorCookie
from ipse.web import languages
from ipse.web.errors import MalformedForm
from ipse.web.forms import read_body

_NO_STORE = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class PartnerPages:
    """One partner over HTTP."""

    party: RelyingParty
    visits: Visits
    sight: Sight
    moods: Moods
    secure: bool

    def router(self) -> Router:
        """The routes, relative to the partner's path."""
        return Router(
            [
                Route("/", self.front),
                Route("/login", self.login),
                Route("/identify", self.identify),
                Route("/confirm/{order}", self.confirm),
                Route("/callback", self.callback),
                Route("/received", self.received),
                Route("/logout", self.logout, methods=["POST"]),
                Route("/events", self.hear, methods=["POST"]),
            ]
        )

    @property
    def path(self) -> str:
        """Where this partner lives in the world."""
        return f"/{self.party.profile.id}"

    async def front(self, request: Request) -> Response:
        """The partner's front page, with its start buttons."""
        known = self.visits.seen(self._cookie.read(request))
        return self._page("front.html", greeting=greeting(known) if known else None)

    async def login(self, request: Request) -> Response:
        """Start the authentication service."""
        login, way = self.party.profile.login, request.query_params.get("way", "")
        return await self._start(request, login.code, way=way if way in login.fallbacks else "")

    async def identify(self, request: Request) -> Response:
        """Start the identification service."""
        return await self._start(request, self.party.profile.identify.code)

    async def confirm(self, request: Request) -> Response:
        """Have an order confirmed; a customer who is logged in is asked on their phone at once."""
        service, order = self.party.profile.confirm, request.path_params["order"]
        if service is None or order not in ORDERS:
            return RedirectResponse(f"{self.path}/", 303, headers=_NO_STORE)
        known = self.visits.seen(self._cookie.read(request))
        return await self._start(request, service.code, order=order, subject=known.subject if known else "")

    async def _start(
        self, request: Request, code: str, *, order: str = "", subject: str = "", way: str = ""
    ) -> Response:
        service = self.party.profile.service(code)
        if service is None:  # pragma: no cover - all codes are the profile's own
            raise LookupError(code)
        started = self.party.begin(service, order=order, subject=subject, way=way)
        visitor = self._cookie.read(request) or self.party.ids.secret()
        language = languages.choose(None, request.headers.get("accept-language"))
        try:
            target = await self.party.authorization_url(started, service, language=language)
        except LoginFailedError as error:
            return self._failed(error, started)
        self.visits.begin(visitor, started)
        response = RedirectResponse(target, 303, headers=_NO_STORE)
        self._cookie.set(response, visitor)
        return response

    async def callback(self, request: Request) -> Response:
        """The scheme sends the browser back to here."""
        try:
            answer = fields(request.url.query)
        except MalformedForm as error:
            return self._failed(LoginFailedError("suspicious", str(error)))
        started = self.visits.resume(self._cookie.read(request), answer.get("state", ""))
        if started is None:
            return self._failed(LoginFailedError("not_here", "this browser has no login waiting with that state"))
        try:
            self._check_mood()
            received = await self.party.finish(started, answer)
        except LoginFailedError as error:
            return self._failed(error, started)
        known = self.visits.seen(self._cookie.read(request))
        if received.order and known and known.subject == received.subject:
            # The customer stays who they are; a confirmation says nothing more of them.
            received = replace(received, userinfo={**known.claims, **received.userinfo}, picture=known.picture)
        response = RedirectResponse(f"{self.path}/received", 303, headers=_NO_STORE)
        self._cookie.set(response, self.visits.keep(received))
        return response

    def _check_mood(self) -> None:
        if self.moods.of(self.party.profile.id).how is How.REFUSE:
            raise LoginFailedError("turned_away", "the partner refuses everybody, as asked on the world page")

    async def received(self, request: Request) -> Response:
        """What the last login brought."""
        known = self.visits.seen(self._cookie.read(request))
        if known is None:
            return RedirectResponse(f"{self.path}/", 303, headers=_NO_STORE)
        return self._page(
            "confirmed.html" if known.order else "received.html",
            received=known,
            service=self.party.profile.service(known.service),
            greeting=greeting(known),
            lines=shown(known),
            photo=photo(known),
            login=known.service == self.party.profile.login.code,
            order=ORDERS.get(known.order),
            approval_digest=known.id_token.get(CLAIM + "approval_digest"),
        )

    async def hear(self, request: Request) -> Response:
        """The scheme says that somebody has taken back what they gave, or is gone (RFC 8935): forget them."""
        try:
            self._check_mood()
            token = (await read_body(request)).decode("ascii", errors="replace")
            self.visits.forget_subject(await self.party.heard(token))
        except (LoginFailedError, MalformedForm) as error:
            problem = {"err": "invalid_request", "description": str(error)}
            return JSONResponse(problem, 400, headers=_NO_STORE)
        return Response(status_code=202, headers=_NO_STORE)

    async def logout(self, request: Request) -> Response:
        """Forget this visitor. There is no session at the scheme to end."""
        self.visits.forget(self._cookie.read(request))
        return RedirectResponse(f"{self.path}/", 303, headers=_NO_STORE)

    def _failed(self, error: LoginFailedError, started: Started | None = None) -> Response:
        again = "identify" if started and started.service == self.party.profile.identify.code else "login"
        if started and started.order:
            again = f"confirm/{started.order}"
        return self._page("failed.html", status=error.status, kind=error.kind, detail=error.detail, again=again)

    def _page(self, template: str, *, status: int = 200, **context: object) -> Response:
        profile = self.party.profile
        return self.sight.page(f"{profile.id}/{template}", status=status, partner=profile, path=self.path, **context)

    @property
    def _cookie(self) -> VisitorCookie:
        return VisitorCookie(self.party.profile.id, self.path, VISIT_SECONDS, self.secure)
