"""The staff's origin put together: sign-in by passkey, and the faces behind it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ipse.app.given import Given
from ipse.kernel.settings import StaffSettings
from ipse.staff import Organisation
from ipse.staff import http as staff_http
from ipse.staff.service import Letter, Passkeys, Reviews, Staff, StaffSessions
from ipse.web import languages
from ipse.web.assets import routes as asset_routes
from ipse.web.pages import LINKS, Pages
from ipse.web.routes import Route

Job = Callable[[], Awaitable[object]]
PAGES: Final = (
    "ipse.staff",
    "ipse.notices",
    "ipse.incidents",
    "ipse.console",
    "ipse.partner_portal",
    "ipse.fallback",
)
"""Packages whose pages live on the staff's origin; the last one names attributes."""
HOMES: Final[Mapping[Organisation, str]] = {
    Organisation.SCHEME: "/console",
    Organisation.PARTNER: "/partners",
    Organisation.REGISTRAR: "/console/own",
    Organisation.MOBILE_OPERATOR: "/console/own",
}
"""Where each organisation's members begin."""


@dataclass(frozen=True)
class StaffParts:
    """Staff, their sessions, and what waits for a second person."""

    settings: StaffSettings
    staff: Staff
    passkeys: Passkeys
    sessions: StaffSessions
    reviews: Reviews
    pages: Pages
    faces: tuple[Route, ...] = ()
    """Addresses behind the sign-in: the console, the partners' portal."""
    more_jobs: tuple[tuple[str, Job], ...] = ()
    """What these do now and then."""

    def routes(self) -> list[Route]:
        """All addresses of the staff's origin."""
        return [
            *staff_http.routes(self.passkeys, self.sessions, self.pages, HOMES),
            *self.faces,
            *asset_routes(self.pages.assets),
        ]

    def jobs(self) -> list[tuple[str, Job]]:
        """What is done now and then."""
        return [
            ("staff.forget", self.passkeys.forget),
            ("staff.forget_sessions", self.sessions.forget),
            ("staff.expire_reviews", self.reviews.expire),
            *self.more_jobs,
        ]


def build_staff(given: Given, letter: Letter, *, origin: str) -> Staff:
    """The members alone, for whoever invites them."""
    return Staff(
        database=given.database,
        keystore=given.keystore,
        clock=given.clock,
        ids=given.ids,
        texts=languages.load(("ipse.staff",)),
        letter=letter,
        scheme=given.settings.name,
        origin=origin,
    )


def open_staff(given: Given, letter: Letter) -> StaffParts | None:
    """Everything of the staff's origin; None where there is none."""
    settings = given.settings.staff
    if settings is None:
        return None
    staff = build_staff(given, letter, origin=settings.origin)
    pages = Pages(
        name=given.settings.name,
        ids=given.ids,
        packages=PAGES,
        links={name: given.settings.base_url + path for name, path in LINKS.items()},
        time_zone=given.settings.time_zone,
    )
    return StaffParts(settings, staff, Passkeys(staff), StaffSessions(staff), Reviews(staff), pages)
