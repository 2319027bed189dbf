"""What all pages of the portal share: who is signed in, the rail, how times and refusals read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ipse.actions.errors import UnknownAction
from ipse.attributes.errors import NoFactsError
from ipse.kernel.errors import PlatformError
from ipse.kernel.ids import Ids
from ipse.panic.errors import UnknownSheet
from ipse.portal.errors import ApprovalOver, NothingToWithdraw, NotOpened, UnknownEntry
from ipse.portal.http.words import Words
from ipse.portal.model import HOME, Act
from ipse.portal.service import Portal
from ipse.portal.service.acts import Wanted
from ipse.sessions import NotSignedIn, Session
from ipse.sessions.service import Sessions
from ipse.signin.service import SignIn
from ipse.web import cookies
from ipse.web.pages import Pages, language_of
from ipse.web.routes import Endpoint

_NOTICES: Final = (ApprovalOver, NotOpened, NothingToWithdraw, UnknownEntry, UnknownAction, UnknownSheet)
SECTIONS: Final = (
    ("", ("overview",)),
    ("activity", ("history", "documents", "partners", "notices")),
    ("identity", ("data", "phone", "access", "block")),
)
"""The rail: groups of sections; each is an address below `HOME`."""


def address_of(section: str) -> str:
    """Where a section is."""
    return HOME if section == "overview" else f"{HOME}/{section}"


@dataclass(frozen=True, slots=True)
class Desk:
    """What every page needs."""

    portal: Portal
    sessions: Sessions
    signin: SignIn
    pages: Pages
    ids: Ids

    def told(self, endpoint: Endpoint) -> Endpoint:
        """An endpoint whose refusals read as pages of ours: who is not signed in may sign in and go on."""

        async def answer(request: Request) -> Response:
            try:
                return await endpoint(request)
            except NotSignedIn as error:
                return self.welcome(request, status=error.status if request.url.path != HOME else 200)
            except _NOTICES as error:
                return await self.notice(request, error)

        return answer

    async def who(self, request: Request) -> Session:
        """Whose browser this is.

        Raises:
            NotSignedIn: nobody's.
        """
        return await self.sessions.required(request)

    def browser(self, request: Request) -> bytes:
        """By which this browser is known."""
        return cookies.browser_hash(request, self.ids)

    async def opened(self, request: Request, session: Session) -> int | None:
        """Until when protected values may be shown here (microseconds); None where they may not."""
        return await self.portal.acts.opened_until(session.account_id, self.browser(request))

    async def ask(self, request: Request, session: Session, act: Act, *, about: str = "", named: str = "") -> Response:
        """Ask the phone for an approval with the code: the waiting page."""
        action = await self.portal.acts.begin(
            session,
            Wanted(act, about, named),
            self.browser(request),
            language=language_of(request),
            address=request.scope["ipse.address"],
        )
        return self.signin.start_page(request, action)

    async def render(
        self,
        request: Request,
        template: str,
        section: str,
        *,
        status: int = 200,
        **context: Any,  # noqa: ANN401
    ) -> Response:
        """A page of somebody who is signed in; never kept by browsers."""
        session, language = await self.who(request), language_of(request)
        try:
            name = await self.portal.identity.name(session.account_id)
        except NoFactsError:
            name = ""
        values: dict[str, Any] = {
            "here": request.url.path,
            "section": address_of(section),
            "rail": self._rail(language),
            "face": self.pages.text(language, "portal.face"),
            "who": name,
            "leave": "/session/end",
            "form_token": cookies.form_token(request, self.ids),
            "words": Words(self.pages, language),
            "when": lambda microseconds: self._shown(self.pages.moments.moment, microseconds, language),
            "day": lambda microseconds: self._shown(self.pages.moments.day, microseconds, language),
            "session": session,
            "ended": request.query_params.get("ended", "") in {"rejected", "cancelled", "expired", "failed"},
            "done": self._done(request),
            **context,
        }
        response = self.pages.render(f"portal/{template}.html", language, status=status, **values)
        cookies.ensure(request, response, self.ids)
        return response

    def welcome(self, request: Request, *, status: int = 200) -> Response:
        """What this is, and the button to sign in."""
        language = language_of(request)
        onward = request.url.path if request.method == "GET" else HOME
        response = self.pages.render(
            "portal/welcome.html",
            language,
            status=status,
            here=request.url.path,
            onward=f"{onward}?lang={language}",
            form_token=cookies.form_token(request, self.ids),
        )
        cookies.ensure(request, response, self.ids)
        return response

    async def notice(self, request: Request, error: PlatformError) -> Response:
        """A refusal in plain words."""
        return await self.render(request, "notice", "", status=error.status, name=error.code)

    def to(self, request: Request, address: str, *, done: str = "") -> Response:
        """Go on to an address of ours; `done` is what has just been done, as the page says it."""
        return RedirectResponse(f"{address}?lang={language_of(request)}{done and f'&done={done}'}", 303)

    @staticmethod
    def _shown(write: Callable[[int, str], str], microseconds: int | None, language: str) -> str:
        """A moment, or its day, in words; empty where there is none."""
        return "" if microseconds is None else write(microseconds, language)

    def _done(self, request: Request) -> str:
        """What has just been done, where we have a sentence for it."""
        done = request.query_params.get("done", "")
        return done if done in _SENTENCES else ""

    def _rail(self, language: str) -> list[tuple[str, list[tuple[str, str, str]]]]:
        text = self.pages.text
        return [
            (
                text(language, f"portal.rail.{group}") if group else "",
                [(address_of(name), text(language, f"portal.section.{name}"), "") for name in names],
            )
            for group, names in SECTIONS
        ]


_SENTENCES: Final = frozenset(
    {
        "opened",
        "closed",
        "disowned",
        "disowned_before",
        "withdrawn",
        "unlinked",
        "browser",
        "touch",
        "way",
        "sheet",
        "session",
        "sessions",
    }
)
