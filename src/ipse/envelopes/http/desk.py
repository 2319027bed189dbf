"""What all pages of envelopes share: who is signed in, how refusals read, where links lead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ipse.envelopes.errors import (
    EnvelopeEnded,
    InvitationRefused,
    NotYourTurn,
    PenTaken,
    UnknownEnvelope,
)
from ipse.envelopes.model import PAGE
from ipse.envelopes.service import Envelopes, Visit
from ipse.kernel.clock import SECOND
from ipse.kernel.errors import PlatformError
from ipse.kernel.ids import Ids
from ipse.sessions import NotSignedIn, Session
from ipse.sessions.service import Sessions
from ipse.signing.errors import SigningUnavailable
from ipse.web import cookies
from ipse.web.pages import Pages, language_of
from ipse.web.routes import Endpoint

_NOTICES: Final = (EnvelopeEnded, InvitationRefused, NotYourTurn, PenTaken, UnknownEnvelope, SigningUnavailable)
_SCRIPTED: Final = "x-ipse-script"
"""A page's script says by this header that it wants an address to go to, not a redirect."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What every page needs."""

    envelopes: Envelopes
    sessions: Sessions
    pages: Pages
    ids: Ids

    def told(self, endpoint: Endpoint) -> Endpoint:
        """An endpoint whose refusals read as pages of ours: who is not signed in may sign in and go on."""

        async def answer(request: Request) -> Response:
            try:
                return await endpoint(request)
            except NotSignedIn as error:
                return self.welcome(request, status=error.status if request.url.path != PAGE else 200)
            except _NOTICES as error:
                return self.notice(request, error)

        return answer

    async def who(self, request: Request) -> Session:
        """Whose browser this is.

        Raises:
            NotSignedIn: nobody's.
        """
        return await self.sessions.required(request)

    async def visit(self, request: Request) -> Visit:
        """Who asks, and from where, for what goes to a phone."""
        session = await self.who(request)
        browser = cookies.browser_hash(request, self.ids)
        return Visit(session.account_id, browser, language_of(request), request.scope["ipse.address"])

    def render(self, request: Request, template: str, *, status: int = 200, **context: Any) -> Response:  # noqa: ANN401
        """A page; never kept by browsers, because it is one person's."""
        language = language_of(request)
        values: dict[str, Any] = {
            "here": request.url.path,
            "signed_in": True,
            "form_token": cookies.form_token(request, self.ids),
            "quality": self.envelopes.quality,
            "limits": self.envelopes.papers,
            "when": lambda microseconds: self._shown(language, "moment", microseconds),
            "day": lambda microseconds: self._shown(language, "day", microseconds),
            **context,
        }
        response = self.pages.render(f"envelopes/{template}.html", language, status=status, **values)
        cookies.ensure(request, response, self.ids)
        return response

    def welcome(self, request: Request, *, status: int = 200) -> Response:
        """What this is, and the button to sign in."""
        onward = request.url.path if request.method == "GET" else PAGE
        return self.render(
            request, "welcome", status=status, onward=f"{onward}?lang={language_of(request)}", signed_in=False
        )

    def notice(self, request: Request, error: PlatformError) -> Response:
        """A refusal in plain words."""
        why = str(error.fields.get("why", ""))
        name = f"{error.code}.{why}" if error.code == "invitation_refused" and why else error.code
        return self.render(
            request, "notice", status=error.status, name=name, code=error.code,
            again=isinstance(error, (PenTaken, SigningUnavailable)), signed_in=False,
        )  # fmt: skip

    def to(self, request: Request, address: str, part: str = "") -> Response:
        """Go on to an address of ours, or to a part of its page; a script is told where."""
        address = f"{address}?lang={language_of(request)}{part and '#'}{part}"
        if request.headers.get(_SCRIPTED):
            return Response(f'{{"to":"{address}"}}', media_type="application/json")
        return RedirectResponse(address, 303)

    def sentence(self, request: Request, error: PlatformError) -> str:
        """What is wrong with what somebody typed or brought."""
        why = str(error.fields.get("why", error.code))
        words = {
            "name": str(error.fields.get("name", "")),
            "most": str(error.fields.get("most", self.envelopes.papers.most_files)),
            "megabytes": str(self.envelopes.papers.most_bytes // 1_000_000),
            "pages": str(self.envelopes.papers.most_pages),
        }
        return self.pages.text(language_of(request), f"envelopes.problem.{why}", **words)

    def refused(self, request: Request, error: PlatformError) -> Response | None:
        """The answer to a script; None for a browser, which gets its page again."""
        if not request.headers.get(_SCRIPTED):
            return None
        sentence = self.sentence(request, error).replace("\\", "").replace('"', "'")
        return Response(f'{{"problem":"{sentence}"}}', status_code=error.status, media_type="application/json")

    def _shown(self, language: str, form: str, microseconds: int | None) -> str:
        """A moment, or its day, in words."""
        if microseconds is None:
            return ""
        at = datetime.fromtimestamp(microseconds // SECOND, UTC)
        months = self.pages.text(language, "envelopes.months").split()
        parts = {"day": str(at.day), "month": months[at.month - 1], "year": str(at.year), "time": f"{at:%H:%M}"}
        return self.pages.text(language, f"envelopes.{form}", **parts)
