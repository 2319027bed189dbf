"""The desk's pages. They work without JavaScript: the page at the counter asks for itself again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route, Router

from ipse.kernel.ids import Ids
from ipse.sandbox.desk.client import DeskClient
from ipse.sandbox.desk.model import DESK, FinalPartner
from ipse.sandbox.desk.museum import MuseumProgram
from ipse.sandbox.desk.visits import VISIT_SECONDS, Begun, DeskVisits, Received
from ipse.sandbox.forms import fields
from ipse.sandbox.moods import How, Moods
from ipse.sandbox.partner.errors import LoginFailedError
from ipse.sandbox.sight import Sight
from ipse.sandbox.visitors import VisitorCookie
from ipse.web import languages
from ipse.web.errors import MalformedForm
from ipse.web.forms import read_form

_NO_STORE: Final = {"Cache-Control": "no-store"}
_AGAIN_SECONDS: Final = 4


@dataclass(frozen=True, slots=True)
class DeskPages:
    """The desk over HTTP."""

    client: DeskClient
    museum: MuseumProgram
    visits: DeskVisits
    sight: Sight
    moods: Moods
    ids: Ids
    secure: bool

    def router(self) -> Router:
        """The routes, relative to the desk's path."""
        return Router(
            [
                Route("/", self.front),
                Route("/start", self.start, methods=["POST"]),
                Route("/counter", self.counter),
                Route("/callback", self.callback),
                Route("/callback/abort", self.aborted),
                Route("/callback/error", self.broken),
                Route("/received", self.received),
                Route("/leave", self.leave, methods=["POST"]),
            ]
        )

    @property
    def path(self) -> str:
        """Where the desk stands in the world."""
        return f"/{DESK.id}"

    async def front(self, _: Request) -> Response:
        """Choose for whom."""
        return self._page("front.html")

    async def start(self, request: Request) -> Response:
        """Begin a session: in this browser, or at the counter where a phone scans the screen."""
        try:
            form = await read_form(request)
        except MalformedForm:
            form = {}
        final = DESK.final(form.get("final", ""))
        if final is None:
            return RedirectResponse(f"{self.path}/", 303, headers=_NO_STORE)
        language = languages.choose(None, request.headers.get("accept-language"))
        here = form.get("how") == "counter"
        try:
            self._check_mood()
            begin = self.client.begin_here if here else self.client.begin
            session = await begin(final, language=language)
        except LoginFailedError as error:
            return self._failed(error)
        visitor = self.ids.secret()
        self.visits.begin(visitor, Begun(session["id"], final.id))
        target = f"{self.path}/counter" if here else session["authenticationUrl"]
        response = RedirectResponse(target, 303, headers=_NO_STORE)
        self._cookie.set(response, visitor)
        return response

    async def counter(self, request: Request) -> Response:
        """The screen at the counter: a fresh code each few seconds, until somebody has decided."""
        visitor = self._cookie.read(request)
        begun = self.visits.waiting(visitor)
        final = DESK.final(begun.final) if begun else None
        if begun is None or final is None:
            return RedirectResponse(f"{self.path}/", 303, headers=_NO_STORE)
        try:
            session = await self.client.read(begun.session)
            if session["status"] == "WAITING_FOR_USER":
                return self._page("counter.html", final=final, session=session, again=_AGAIN_SECONDS)
            await self._take(visitor, final, session)
        except LoginFailedError as error:
            return self._failed(error)
        return RedirectResponse(f"{self.path}/received", 303, headers=_NO_STORE)

    async def callback(self, request: Request) -> Response:
        """The scheme sends the browser back to here, with the value that reads the result."""
        try:
            answer = fields(request.url.query)
            visitor, begun = self._own(request, answer)
            final = DESK.final(begun.final)
            if final is None:  # pragma: no cover - the desk wrote it itself
                raise LookupError(begun.final)
            self._check_mood()
            session = await self.client.read(begun.session, answer.get("resultToken", ""))
            await self._take(visitor, final, session)
        except MalformedForm as error:
            return self._failed(LoginFailedError("suspicious", str(error)))
        except LoginFailedError as error:
            return self._failed(error)
        return RedirectResponse(f"{self.path}/received", 303, headers=_NO_STORE)

    async def aborted(self, request: Request) -> Response:
        """The person refused or cancelled."""
        return await self._ended(request)

    async def broken(self, request: Request) -> Response:
        """It ended otherwise."""
        return await self._ended(request)

    async def received(self, request: Request) -> Response:
        """What the last session brought."""
        known = self.visits.seen(self._cookie.read(request))
        final = DESK.final(known.final) if known else None
        if known is None or final is None:
            return RedirectResponse(f"{self.path}/", 303, headers=_NO_STORE)
        return self._page("received.html", received=known, final=final, lines=_lines(known.shared))

    async def leave(self, request: Request) -> Response:
        """Forget this browser."""
        self.visits.forget(self._cookie.read(request))
        return RedirectResponse(f"{self.path}/", 303, headers=_NO_STORE)

    async def _ended(self, request: Request) -> Response:
        try:
            _, begun = self._own(request, fields(request.url.query))
            session = await self.client.read(begun.session)
        except MalformedForm as error:
            return self._failed(LoginFailedError("suspicious", str(error)))
        except LoginFailedError as error:
            return self._failed(error)
        return self._failed(_failure(session))

    def _own(self, request: Request, answer: dict[str, str]) -> tuple[str, Begun]:
        """The session of this browser; one that somebody else began is refused."""
        visitor = self._cookie.read(request)
        begun = self.visits.waiting(visitor)
        if begun is None or begun.session != answer.get("sessionId"):
            raise LoginFailedError("not_here", "this browser waits for no session with that id")
        return visitor, begun

    async def _take(self, visitor: str, final: FinalPartner, session: dict[str, Any]) -> None:
        if session["status"] != "SUCCESS":
            raise _failure(session)
        sealed = str(session.get("encryptedResult", ""))
        if final.encrypted:
            subject, shared = await self.museum.open(sealed)
        else:
            subject, shared = session["subject"]["id"], session["subject"]["attributes"]
        received = Received(final.id, subject, str(session.get("loa", "")), shared, sealed[:64])
        self.visits.keep(visitor, received)

    def _check_mood(self) -> None:
        if self.moods.of(DESK.id).how is How.REFUSE:
            raise LoginFailedError("turned_away", "the desk refuses everybody, as asked on the world page")

    def _failed(self, error: LoginFailedError) -> Response:
        return self._page("failed.html", status=error.status, kind=error.kind, detail=error.detail)

    def _page(self, template: str, *, status: int = 200, **context: object) -> Response:
        return self.sight.page(f"desk/{template}", status=status, desk=DESK, path=self.path, **context)

    @property
    def _cookie(self) -> VisitorCookie:
        return VisitorCookie(DESK.id, self.path, VISIT_SECONDS, self.secure)


def _failure(session: dict[str, Any]) -> LoginFailedError:
    error = session.get("error", {})
    kind = "refused" if session["status"] in {"ABORT", "CANCELLED"} else "broken"
    return LoginFailedError(kind, f"{session['status']} {error.get('code', '')}: {error.get('detail', '')}")


_LABELS: Final = {
    "given_name": "First name",
    "family_name": "Last name",
    "birthdate": "Born on",
    "email": "E-mail",
    "address": "Address",
}


def _lines(shared: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Claim, label and text of what was shared."""
    return [
        (name, label, shared[name].get("formatted", "") if isinstance(shared[name], dict) else str(shared[name]))
        for name, label in _LABELS.items()
        if name in shared
    ]
