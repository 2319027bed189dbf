"""The console over HTTP: members of staff in browsers, people with real phones, banks and mobile operators as rows."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
import msgspec

from ipse.app.console import with_console
from ipse.app.features import Features
from ipse.app.given import Given
from ipse.app.staff import StaffParts, open_staff
from ipse.enrolment.model import Registrar, RegistrarKind
from ipse.kernel.clock import SystemClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.keystore import Keystore
from ipse.kernel.settings import StaffSettings
from ipse.keyring.model import Plan
from ipse.keyring.service import KeyRing
from ipse.partners.model import AuthMethod, Partner, Preset, preset_algorithms
from ipse.people.service import People
from ipse.sim.model import Operator
from ipse.staff import Invitee, Member, Organisation
from ipse.standards.camara import Api
from ipse.storage.database import Database
from ipse.web.application import Application
from ipse.web.edge import Edge
from tests.functional.oidc.handsets import Handset, Works
from tests.functional.oidc.installation import Installation, settings_at
from tests.support.passkeys import Keeper

PORT = 24620
ORIGIN = f"http://localhost:{PORT}"
SCHEME = Organisation.SCHEME
_TOKEN = re.compile(r'name="token" value="([^"]+)"')
_DATA = re.compile(r'data-(challenge|user)="([^"]+)"')
_DIGITS = re.compile(r'id="digits">(\d\d)<')
_IDS = RandomIds()


@dataclass
class Room:
    """The staff's origin of one installation, and everything behind it."""

    works: Works
    parts: StaffParts
    application: Edge
    stack: AsyncExitStack
    ground: Any
    """What services are built on: settings, database, keystore, clock, ids."""

    @property
    def features(self) -> Features:
        return self.works.features

    async def member(
        self, *roles: str, name: str = "Ann Peeters", organisation: Organisation = SCHEME, of: str = ""
    ) -> Seat:
        """Somebody who has taken their invitation and is signed in."""
        invitee = Invitee(name, f"{_IDS.identifier().lower()}@ipse.example", roles)
        invited = await self.parts.staff.invite(organisation, of, invitee, actor="operator:root")
        transport = httpx.ASGITransport(self.application, client=("127.0.0.1", 50_000))
        http = await self.stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url=ORIGIN))
        seat = Seat(self, http, invited.member_id, Keeper(ORIGIN, urlsplit(ORIGIN).hostname or ""))
        await seat.join(invited.url)
        await seat.sign_in()
        return seat

    async def person(self) -> Handset:
        """Somebody with an active phone."""
        return await self.works.handset()

    async def seen(self, member_id: str) -> Member:
        """A member as the rows say."""
        return await self.parts.staff.member(member_id)


@dataclass
class Seat:
    """A member of staff in a browser without scripts."""

    room: Room
    http: httpx.AsyncClient
    member_id: str
    keeper: Keeper

    async def join(self, url: str) -> None:
        """Take the invitation with a new passkey."""
        address = urlsplit(url).path
        asked = dict(_DATA.findall((await self.http.get(address)).text))
        await self._tell(address, {"credential": self.keeper.make(asked["challenge"], asked["user"])})

    async def sign_in(self) -> None:
        """Sign in with it."""
        asked = dict(_DATA.findall((await self.http.get("/staff/sign-in")).text))
        credential = self.keeper.use(asked["challenge"])
        await self._tell("/staff/sign-in", {"challenge": asked["challenge"], "credential": credential})

    async def get(self, address: str) -> httpx.Response:
        """Look at a page."""
        return await self.http.get(address)

    async def send(self, address: str, *, page: str = "", **fields: str) -> httpx.Response:
        """Send a form with the token of a page that this browser may see."""
        token = _TOKEN.search((await self.http.get(page or "/console/roles?lang=en")).text)
        assert token is not None, page
        data = {name.replace("__", "."): value for name, value in fields.items()} | {"token": token[1]}
        return await self.http.post(address, data=data, headers={"Origin": ORIGIN}, follow_redirects=True)

    async def ask(self, address: str, **fields: str) -> str:
        """Ask for an act; the id of the review that waits."""
        answer = await self.send(address, reason="case 4711", **fields)
        assert answer.status_code == 200, answer.text
        assert "Waiting for a second person" in answer.text, answer.text
        return answer.url.path.rpartition("/")[2]

    async def decide(self, review_id: str, do: str = "approve", answer: str = "") -> httpx.Response:
        """Decide, or take back."""
        return await self.send(f"/console/reviews/{review_id}", do=do, answer=answer)

    async def digits(self, account_id: str) -> str:
        """What is to be read out to the person."""
        found = _DIGITS.search((await self.get(f"/console/people/{account_id}?lang=en")).text)
        assert found is not None
        return found[1]

    async def _tell(self, address: str, content: dict[str, Any]) -> None:
        answer = await self.http.post(address, json=content, headers={"Origin": ORIGIN})
        assert answer.status_code == 200, answer.text


@asynccontextmanager
async def opened(keystore: Keystore, database: Database) -> AsyncIterator[Room]:
    """An installation with a console for as long as the context lasts."""
    settings = msgspec.structs.replace(settings_at(PORT + 10, ""), staff=StaffSettings(ORIGIN))
    clock = SystemClock()
    people = People(database, keystore, clock, _IDS)
    around = SimpleNamespace(settings=settings, database=database, people=people, clock=clock)
    works = await Works.of(cast("Installation", around), keystore)
    around.actions, around.people = works.features.actions, works.features.people
    ring = KeyRing(database, keystore, clock, Plan.of(settings))
    await ring.load()
    given = Given(settings, ring, database, clock, _IDS)

    async def letter(to: str, *, subject: str, text: str, language: str) -> bool:
        return False

    parts = open_staff(given, letter)
    assert parts is not None
    parts = with_console(parts, given, works.features)
    application = Application(parts.routes(), parts.pages.error_page)
    edge = Edge(application, origin=ORIGIN, limits=settings.limits, trusted_proxies=(), clock=clock, ids=_IDS)
    async with AsyncExitStack() as stack:
        yield Room(works, parts, edge, stack, (settings, database, ring, clock, _IDS))


def bank(name: str = "bank-lys") -> Registrar:
    """A bank, as an operator registers it."""
    return Registrar(
        id=name,
        kind=RegistrarKind.BANK,
        name="Bank Lys",
        country="BE",
        issuer="http://127.0.0.1:1/bank",
        client_id="ipse",
        trust_framework="test",
        assurance="substantial",
    )


def operator(name: str = "lumo") -> Operator:
    """A mobile operator, as an operator registers it."""
    return Operator(
        operator_id=name,
        name="Lumo Mobile",
        country="BE",
        prefixes=("+3247",),
        issuer="http://127.0.0.1:1/lumo",
        api_root="http://127.0.0.1:1/lumo",
        client_id="ipse",
        apis=tuple(Api),
        cap="high",
        timeout_milliseconds=5000,
    )


def shop() -> Partner:
    """A partner, as an operator registers it."""
    method = AuthMethod.CLIENT_SECRET_POST
    return Partner(
        partner_id="shop",
        name="Shop",
        state="active",
        auth_method=method,
        jwks=None,
        algorithms=preset_algorithms(Preset.NEW, method, encryption_key_type=None),
        contacts=("it@shop.example",),
    )
