"""What all pages of the portal share: who is signed in, how refusals read, the sections beside each page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ipse.kernel.errors import PlatformError
from ipse.kernel.ids import Ids
from ipse.kernel.settings import Environment
from ipse.partner_portal.errors import FormRefused
from ipse.partner_portal.model import PAGE
from ipse.partner_portal.service import Portal, Standing
from ipse.partners.errors import PartnerRegistrationError
from ipse.partners.model import AuthMethod
from ipse.staff.errors import AlreadyMember, NotStaff, ReviewRefused, StaffRefused
from ipse.staff.model import Member, Organisation, Review, ReviewState, Role
from ipse.staff.service import Reviews, Staff, StaffSessions
from ipse.web import cookies
from ipse.web.pages import Pages, language_of
from ipse.web.routes import Endpoint

Refused: Final = (FormRefused, PartnerRegistrationError, StaffRefused, AlreadyMember, ReviewRefused)
"""What a form says beside its fields."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A member of an organisation, and how it stands."""

    member: Member
    standing: Standing

    @property
    def changes(self) -> bool:
        """Whether the member may change anything."""
        return self.member.has(Role.MANAGER)


@dataclass(frozen=True, slots=True)
class Desk:
    """What every page needs."""

    portal: Portal
    staff: Staff
    sessions: StaffSessions
    reviews: Reviews
    pages: Pages
    ids: Ids
    inbox: str = ""
    """Where a sandbox's mail can be read."""

    async def visit(self, request: Request) -> Visit:
        """Who is here.

        Raises:
            NotStaff, NotAllowed: nobody of a partner.
        """
        return await self._of(await self.sessions.required(request, Organisation.PARTNER))

    async def manager(self, request: Request) -> Visit:
        """Who is here and may change things.

        Raises:
            NotStaff, NotAllowed: nobody who may.
        """
        return await self._of(await self.sessions.required(request, Organisation.PARTNER, Role.MANAGER))

    async def _of(self, member: Member) -> Visit:
        standing = await self.portal.organisations.standing(member.organisation_id)
        if standing is None:
            raise NotStaff
        return Visit(member, standing)

    def told(self, endpoint: Endpoint) -> Endpoint:
        """An endpoint that sends whoever is not signed in to do so, and back."""
        return self.sessions.guarded(endpoint)

    async def waiting(self, visit: Visit) -> list[Review]:
        """What the organisation has asked for and nobody has decided yet, newest first."""
        every = await self.reviews.of_organisation(Organisation.PARTNER, visit.standing.organisation_id)
        return [review for review in every if review.state is ReviewState.WAITING]

    def render(
        self,
        request: Request,
        template: str,
        visit: Visit | None = None,
        *,
        section: str = "",
        status: int = 200,
        **context: Any,  # noqa: ANN401 - whatever the template shows
    ) -> Response:
        """A page; never kept by browsers, because it is one organisation's."""
        language = language_of(request)
        sandbox = self.portal.environment is not Environment.PRODUCTION
        values: dict[str, Any] = {
            "here": request.url.path,
            "face": self.pages.text(language, "partner_portal.face"),
            "section": section,
            "rail": self._rail(language, visit),
            "who": visit.standing.name if visit else "",
            "leave": "/staff/sign-out" if visit else "",
            "form_token": cookies.form_token(request, self.ids),
            "visit": visit,
            "standing": visit.standing if visit else None,
            "sandbox": sandbox,
            "issuer": self.portal.issuer,
            "problem": None,
            "typed": {},
            **context,
        }
        response = self.pages.render(f"partner_portal/{template}.html", language, status=status, **values)
        response.headers["cache-control"] = "no-store"
        cookies.ensure(request, response, self.ids)
        return response

    def _rail(self, language: str, visit: Visit | None) -> list[tuple[str, list[tuple[str, str, int]]]]:
        """The sections of the portal, by group."""
        if visit is None:
            return []

        def word(name: str) -> str:
            return self.pages.text(language, f"partner_portal.rail.{name}")

        def section(name: str, path: str) -> tuple[str, str, int]:
            return (PAGE + path, word(name), 0)

        build = [section("overview", ""), section("keys", "/keys"), section("services", "/services")]
        if self.portal.trying.phones:
            build.append(section("phone", "/phone"))
        run = [section("requests", "/requests"), section("figures", "/figures"), section("production", "/production")]
        own = [section("team", "/team"), section("organisation", "/organisation"), section("api", "/api")]
        if visit.standing.partner is not None and visit.standing.partner.broker:
            own.insert(0, section("final", "/final-partners"))
        return [(word("build"), build), (word("run"), run), (word("own"), own)]

    def sentence(self, error: PlatformError, language: str) -> str:
        """What is wrong, in a language; what only the partners' rules know is in English."""
        if not isinstance(error, FormRefused) or not error.why:
            return error.public
        every = (error, *error.others)
        return " ".join(self.pages.text(language, f"partner_portal.problem.{one.why}", **one.words) for one in every)

    def problem(self, request: Request, error: PlatformError) -> dict[str, str]:
        """A refusal for a form: where it belongs, and what it says."""
        field = str(error.fields.get("field", ""))
        translated = isinstance(error, FormRefused) and bool(error.why)
        return {"field": field, "text": self.sentence(error, language_of(request)), "lang": "" if translated else "en"}

    def to(self, request: Request, path: str, **query: str) -> Response:
        """Go on to a page of the portal."""
        more = "".join(f"&{name}={value}" for name, value in query.items())
        return RedirectResponse(f"{PAGE}{path}?lang={language_of(request)}{more}", 303)


def by_secret(standing: Standing) -> bool:
    """Whether the partner proves itself by a secret."""
    return standing.partner is not None and standing.partner.auth_method is AuthMethod.CLIENT_SECRET_POST


def once(secret: str) -> dict[str, Any]:
    """What a page is given that shows a secret this once: no languages to choose, because the choice would lose it."""
    return {"languages": ()} if secret else {}
