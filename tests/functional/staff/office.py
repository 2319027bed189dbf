"""The staff's origin over HTTP, members with browsers and passkeys, and the letters they were sent."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from ipse.app.given import Given
from ipse.app.staff import StaffParts, open_staff
from ipse.kernel.clock import FrozenClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.keystore import Keystore
from ipse.kernel.settings import Environment, Limit, Limits, Settings, StaffSettings
from ipse.keyring.model import Plan
from ipse.keyring.service import KeyRing
from ipse.staff import Invitee, Member, Organisation
from ipse.storage.database import Database
from ipse.web.application import Application
from ipse.web.edge import Edge
from tests.support.passkeys import Keeper

ORIGIN = "http://localhost:24600"
_TOKEN = re.compile(r'name="token" value="([^"]+)"')
_DATA = re.compile(r'data-(challenge|user)="([^"]+)"')


@dataclass
class Office:
    """The staff's origin."""

    parts: StaffParts
    clock: FrozenClock
    application: Edge
    letters: list[dict[str, str]] = field(default_factory=list)

    @asynccontextmanager
    async def desk(self) -> AsyncIterator[Desk]:
        """A fresh browser."""
        transport = httpx.ASGITransport(self.application, client=("127.0.0.1", 50_000))
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as http:
            yield Desk(self, http)

    async def member(
        self, *roles: str, email: str = "", organisation: Organisation = Organisation.SCHEME, organisation_id: str = ""
    ) -> Member:
        """Somebody who has taken their invitation."""
        email = email or f"{'-'.join(roles)}-{self.parts.staff.ids.identifier().lower()}@ipse.example"
        invitee = Invitee("Ann Peeters", email, roles)
        invitation = await self.parts.staff.invite(organisation, organisation_id, invitee, actor="operator:root")
        async with self.desk() as desk:
            assert (await desk.join(invitation.url)).json() == {"made": True}
        return await self.parts.staff.member(invitation.member_id)


@dataclass
class Desk:
    """One browser on the staff's origin, with a keeper of passkeys."""

    office: Office
    http: httpx.AsyncClient
    keeper: Keeper = field(default_factory=lambda: Keeper(ORIGIN, urlsplit(ORIGIN).hostname or ""))

    async def asked(self, address: str) -> dict[str, str]:
        """What a page asks of the keeper."""
        page = await self.http.get(address)
        return {**dict(_DATA.findall(page.text)), "status": str(page.status_code)}

    async def join(self, url: str) -> httpx.Response:
        """Take an invitation with a new passkey."""
        address = urlsplit(url).path
        asked = await self.asked(address)
        credential = self.keeper.make(asked["challenge"], asked["user"])
        return await self.tell(address, {"credential": credential})

    async def sign_in(self, onward: str = "") -> httpx.Response:
        """Sign in with the passkey."""
        address = f"/staff/sign-in{onward and '?onward='}{onward}"
        challenge = (await self.asked(address))["challenge"]
        return await self.tell(address, {"challenge": challenge, "credential": self.keeper.use(challenge)})

    async def tell(self, address: str, content: Mapping[str, object]) -> httpx.Response:
        """Send JSON as our script does."""
        return await self.http.post(address, json=content, headers={"Origin": ORIGIN})

    async def send(self, address: str, **fields: str) -> httpx.Response:
        """Send a form of the page that this browser looks at."""
        found = _TOKEN.search((await self.http.get("/staff/account")).text)
        assert found is not None
        return await self.http.post(address, data={**fields, "token": found[1]}, headers={"Origin": ORIGIN})


@asynccontextmanager
async def opened(keystore: Keystore, database: Database) -> AsyncIterator[Office]:
    """An office for as long as the context lasts."""
    plenty = Limit(burst=5000, per_minute=5000)
    settings = Settings(
        environment=Environment.SANDBOX,
        base_url="http://localhost:24610",
        app_origin="http://localhost:24611",
        database="",
        keystore="",
        staff=StaffSettings(ORIGIN),
        limits=Limits(page=plenty),
    )
    clock, ids, letters = FrozenClock(), RandomIds(), []

    async def letter(to: str, *, subject: str, text: str, language: str) -> bool:
        letters.append({"to": to, "subject": subject, "text": text, "language": language})
        return True

    ring = KeyRing(database, keystore, clock, Plan.of(settings))
    parts = open_staff(Given(settings, ring, database, clock, ids), letter)
    assert parts is not None
    application = Application(parts.routes(), parts.pages.error_page)
    edge = Edge(application, origin=ORIGIN, limits=settings.limits, trusted_proxies=(), clock=clock, ids=ids)
    yield Office(parts, clock, edge, letters)
