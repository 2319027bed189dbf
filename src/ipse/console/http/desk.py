"""What every page of the console needs: whose browser it is, the rail, the token of forms, what went wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ipse.console import rules
from ipse.console.model import HOME, What
from ipse.console.service import Console
from ipse.kernel.errors import PlatformError
from ipse.staff.errors import NotAllowed, NotStaff
from ipse.staff.model import OWN, SIGN_OUT, Member, Organisation, Review, Role
from ipse.web import cookies, languages
from ipse.web.errors import CrossSiteForm, MalformedForm, TooManyRequests
from ipse.web.forms import read_own_form
from ipse.web.pages import Pages, language_of
from ipse.web.routes import Caller, Route

Page = Callable[[Request, Member, PlatformError | None], Awaitable[Response]]
Change = Callable[[Request, Member, dict[str, str]], Awaitable[str | Response]]
_NOT_OURS: Final = (NotStaff, NotAllowed, CrossSiteForm, MalformedForm, TooManyRequests)
"""What no page is shown again for."""
_RAIL: Final = (
    ("work", (("", What.READ_REVIEWS), ("/reviews", What.READ_REVIEWS), ("/people", What.FIND_PERSON))),
    (
        "service",
        (
            ("/incidents", What.READ_INCIDENTS),
            ("/figures", What.READ_FIGURES),
            ("/find", What.READ_PARTNERS),
            ("/switches", What.READ_SWITCHES),
            ("/partners", What.READ_PARTNERS),
            ("/institutions", What.READ_SWITCHES),
        ),
    ),
    ("control", (("/log", What.READ_LOG), ("/staff", What.READ_STAFF), ("/roles", What.READ_REVIEWS))),
)
OWN_PAGES: Final = {Organisation.REGISTRAR: "/own", Organisation.MOBILE_OPERATOR: "/own"}


@dataclass(frozen=True)
class Desk:
    """Renders pages of the console and takes their forms."""

    console: Console
    pages: Pages

    def reading(self, page: Page, what: What | None) -> Callable[[Request], Awaitable[Response]]:
        """A page of the scheme's members who may do this; of banks and mobile operators where `what` is None."""

        async def endpoint(request: Request) -> Response:
            return await page(request, await self._member(request, what), None)

        return self.console.sessions.guarded(endpoint)

    def changing(self, change: Change, page: Page, what: What | None) -> Callable[[Request], Awaitable[Response]]:
        """A form of such a page: where it is refused, the page comes again and says why."""

        async def endpoint(request: Request) -> Response:
            member = await self._member(request, what)
            fields = await read_own_form(request)
            try:
                done = await change(request, member, fields)
            except _NOT_OURS:
                raise
            except PlatformError as error:
                return await page(request, member, error)
            if isinstance(done, Response):
                return done
            return RedirectResponse(f"{done}?lang={language_of(request)}", 303)

        return endpoint

    async def _member(self, request: Request, what: What | None) -> Member:
        member = await self.console.sessions.current(request)
        if member is None:
            raise NotStaff
        if what is not None:
            rules.check(member, what)
        elif member.organisation not in OWN_PAGES:
            raise NotAllowed(public="this page is for banks and mobile operators")
        return member

    async def show(
        self,
        request: Request,
        member: Member,
        template: str,
        *,
        section: str,
        problem: PlatformError | None = None,
        here: str = "",
        **context: Any,  # noqa: ANN401 - what a template shows
    ) -> Response:
        """A page; `section` is the address of the section it belongs to, below `/console`."""
        language, ids = language_of(request), self.console.staff.ids
        response = self.pages.render(
            f"console/{template}.html",
            language,
            status=200 if problem is None else problem.status,
            face=self.pages.text(language, "console.face"),
            here=here or request.url.path,
            rail=await self._rail(member, language),
            section=HOME + section,
            who=member.name,
            leave=SIGN_OUT,
            own=OWN,
            form_token=cookies.form_token(request, ids),
            member=member,
            may=lambda what: rules.may(member, What(what)),
            problem="" if problem is None else self._said(problem, language),
            **context,
        )
        cookies.ensure(request, response, ids)
        return response

    def _said(self, problem: PlatformError, language: str) -> str:
        known = f"console.problem.{problem.code}"
        if known in languages.load(("ipse.console",))["en"].ids():
            return self.pages.text(language, known)
        return problem.public

    async def _rail(self, member: Member, language: str) -> list[tuple[str, list[tuple[str, str, str]]]]:
        if member.organisation in OWN_PAGES:
            sections = [(f"{HOME}/own", self._label("/own", language), "")]
            if member.has(Role.MANAGER):
                sections.append((f"{HOME}/own/staff", self._label("/staff", language), ""))
            return [("", sections)]
        waiting = [each for each in await self.console.reviews.waiting() if self.decides(member, each)]
        marks = {"/reviews": str(len(waiting)) if waiting else ""}
        found = []
        for title, parts in _RAIL:
            mine = [
                (HOME + address, self._label(address, language), marks.get(address, ""))
                for address, what in parts
                if rules.may(member, what)
            ]
            if mine:
                found.append((self.pages.text(language, f"console.rail.{title}"), mine))
        return found

    def decides(self, member: Member, review: Review) -> bool:
        """Whether a review waits for this member as its second person."""
        act = self.console.reviews.acts.get(review.kind)
        return act is not None and review.asked_by != member.member_id and member.has(*act.may_decide)

    def _label(self, address: str, language: str) -> str:
        return self.pages.text(language, "console.section." + (address.strip("/") or "home"))


def route(path: str, endpoint: Callable[[Request], Awaitable[Response]], method: str = "GET") -> Route:
    """An address below `/console`."""
    return Route(HOME + path, endpoint, (method,), caller=Caller.STAFF, limit="page")
