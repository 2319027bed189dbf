"""The partners' portal over HTTP, in process: real staff, passkeys, reviews and partners on either database."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from ipse.app.given import Given
from ipse.app.partner_portal import with_partner_portal
from ipse.app.registry import open_registry
from ipse.app.staff import StaffParts, open_staff
from ipse.app.statistics import open_statistics
from ipse.kernel.clock import FrozenClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.keystore import Keystore
from ipse.kernel.settings import Environment, Limit, Limits, Settings, StaffSettings
from ipse.keyring.model import Plan
from ipse.keyring.service import KeyRing
from ipse.partners.service import PartnerDesk
from ipse.people.service import People
from ipse.staff import Member, Organisation
from ipse.standards import jose
from ipse.storage.database import Database
from ipse.web.application import Application
from ipse.web.edge import Edge
from tests.functional.staff.office import ORIGIN, Desk, Office

SIGNING = jose.private_keys([jose.new_private_jwk("ES256", kid="scheme")])[0]
_TOKEN = re.compile(r'name="token" value="([^"]+)"')


@dataclass
class Counter:
    """The portal, and everybody who comes to it."""

    office: Office
    desk: PartnerDesk

    @property
    def parts(self) -> StaffParts:
        return self.office.parts

    @property
    def clock(self) -> FrozenClock:
        return self.office.clock

    @asynccontextmanager
    async def visitor(self, url: str) -> AsyncIterator[Visitor]:
        """A browser of whoever was invited by `url`, signed in."""
        async with self.office.desk() as desk:
            assert (await desk.join(url)).json() == {"made": True}
            assert (await desk.sign_in("/partners")).json()["to"].startswith("/partners")
            yield Visitor(desk)

    async def invitation(self) -> str:
        """The newest letter's invitation."""
        found = re.search(r"\S+/staff/join/\S+", self.office.letters[-1]["text"])
        assert found
        return found[0]

    async def registered(self, name: str) -> str:
        """Register an organisation as a stranger does; its invitation."""
        async with self.office.desk() as desk:
            answer = await Visitor(desk).send(
                "/partners/register",
                page="/partners",
                organisation=name,
                name="Ann",
                email=f"ann@{name.lower()}.example",
            )
            assert answer.status_code == 200, answer.text
        return await self.invitation()

    async def reviewer(self, *roles: str) -> Member:
        """Somebody of the scheme who decides."""
        return await self.office.member(*roles, organisation=Organisation.SCHEME)


@dataclass
class Visitor:
    """A browser on the portal."""

    desk: Desk

    @property
    def http(self) -> httpx.AsyncClient:
        return self.desk.http

    async def send(self, address: str, *, page: str = "", **fields: str) -> httpx.Response:
        """Send the form of a page."""
        found = _TOKEN.search((await self.http.get(page or address)).text)
        assert found is not None
        data = {**fields, "token": found[1]}
        return await self.http.post(address, data=data, headers={"Origin": ORIGIN})

    async def client_id(self) -> str:
        """The organisation's client id, as the overview says it."""
        found = re.search(r'id="client-id">([^<]+)<', (await self.http.get("/partners")).text)
        assert found
        return found[1]


@asynccontextmanager
async def opened(
    keystore: Keystore, database: Database, environment: Environment = Environment.SANDBOX
) -> AsyncIterator[Counter]:
    """A portal for as long as the context lasts."""
    plenty = Limit(burst=5000, per_minute=5000)
    settings = Settings(
        environment=environment,
        base_url="http://localhost:24620",
        app_origin="http://localhost:24621",
        database="",
        keystore="",
        staff=StaffSettings(ORIGIN),
        limits=Limits(page=plenty, enrolment=plenty, partner=plenty),
    )
    clock, ids, letters = FrozenClock(), RandomIds(), list[dict[str, str]]()

    async def letter(to: str, *, subject: str, text: str, language: str) -> bool:
        letters.append({"to": to, "subject": subject, "text": text, "language": language})
        return True

    ring = KeyRing(database, keystore, clock, Plan.of(settings))
    given = Given(settings, ring, database, clock, ids)
    staff = open_staff(given, letter)
    assert staff is not None
    desk = PartnerDesk.around(open_registry(settings, database, keystore, clock), ids)
    people = People(database, keystore, clock, ids)
    statistics = open_statistics(given, people, desk)
    parts = with_partner_portal(staff, given, desk, statistics, lambda: {"ES256": SIGNING})
    application = Application(parts.routes(), parts.pages.error_page)
    edge = Edge(application, origin=ORIGIN, limits=settings.limits, trusted_proxies=(), clock=clock, ids=ids)
    yield Counter(Office(parts, clock, edge, letters), desk)
    await desk.close()
