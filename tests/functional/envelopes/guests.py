"""People at a house where one signs: each with a browser that has signed in, and a phone."""

from __future__ import annotations

import re
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import httpx

from ipse.attributes.model import Facts, NationalNumber
from ipse.envelopes.service import Envelopes
from ipse.signing.model import NewSigning
from tests.functional.fallback.town import MovingClock
from tests.functional.sessions.house import Browser, House
from tests.functional.signing.office import Signer

_HEADING = re.compile(r"<h[12][^>]*>(.*?)</h[12]>")
_LINK = re.compile(r'readonly value="([^"]*)"')


@dataclass
class Guest:
    """Somebody who has signed in."""

    browser: Browser
    phone: Signer

    async def get(self, path: str) -> httpx.Response:
        """A page, after redirects."""
        return await self.browser.http.get(path, follow_redirects=True)

    async def post(self, path: str, **fields: str) -> httpx.Response:
        """A form of ours; the page that comes of it."""
        return await self._followed(await self.browser.send(path, **fields))

    async def bring(self, **files: bytes) -> httpx.Response:
        """Upload files by their names without ending."""
        parts = [("files", (f"{name}.pdf", content, "application/pdf")) for name, content in files.items()]
        data = {"token": await self.browser.token()}
        origin = {"Origin": self.browser.house.base}
        return await self._followed(await self.browser.http.post("/envelopes", data=data, files=parts, headers=origin))

    async def draft(self, **files: bytes) -> str:
        """Upload; the path of the new envelope."""
        page = await self.bring(**files)
        assert page.status_code == 200, page.text[-3000:]
        return str(page.url.path)

    async def sign(self, at: str, button: str = "sign") -> httpx.Response:
        """Press the button and approve all that is asked."""
        fields = {"do": "sign"} if button == "draft" else {"reason": ""}
        waiting = await self.post(at if button == "draft" else f"{at}/sign", **fields)
        return await self.approve(waiting)

    async def approve(self, waiting: httpx.Response) -> httpx.Response:
        """Approve what waits, until a page of ours does not."""
        while "/v2/sign-in/" in str(waiting.url):
            handle = waiting.url.path.rpartition("/")[2]
            await self.phone.approve(await self.phone.claim(handle))
            waiting = await self.get(f"/v2/sign-in/{handle}/finish")
        return waiting

    async def accept(self, link: str) -> httpx.Response:
        """Open an invitation and take one's part."""
        await self.get(link)
        return await self.post("/envelopes/invitation")

    async def _followed(self, answer: httpx.Response) -> httpx.Response:
        while answer.is_redirect:
            answer = await self.browser.http.get(answer.headers["location"])
        return answer


@dataclass
class Guests:
    """The house and its people."""

    house: House
    clock: MovingClock
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def envelopes(self) -> Envelopes:
        """Of a second process on the same database: what it does, the serving one must not lose."""
        found = self.house.works.features.doors.envelopes
        assert found is not None
        return found

    async def guest(self, first: str) -> Guest:
        """Somebody new, with an identity, a phone that signs, and a session."""
        works = self.house.works
        handset = await works.handset()
        people, attributes = works.features.people, works.features.attributes
        key = await people.person_key(handset.account_id)
        number = f"{int(handset.state.phone_number[-9:]):011d}"
        facts = Facts(
            family_name="Lovelace",
            given_name=first,
            email=f"{first.lower()}@example.org",
            national_number=NationalNumber(country="BE", value=number),
        )
        now = people.clock.now()
        await people.database.transact(lambda: attributes.changing(handset.account_id, key, facts, now=now))
        browser = await self._stack.enter_async_context(self.house.browser())
        phone = Signer(works, handset.state, handset.account_id)
        await browser.sign_in(phone)
        return Guest(browser, phone)

    async def certified(self, first: str) -> Guest:
        """Somebody new who has a signing certificate already."""
        found, signing = await self.guest(first), self.house.works.features.signing
        asked = NewSigning(
            partner_id="notary",
            partner_name="Notary",
            service_code="DEEDS",
            service_name={"en": "Deeds"},
            protocol={"door": "test"},
            create=True,
        )
        action = await signing.begin(asked)
        await found.phone.approve(await found.phone.claim(action.handle))
        await signing.conclude(action.action_id, "notary")
        return found

    async def leave(self) -> None:
        """Close every browser."""
        await self._stack.aclose()


def headings(page: httpx.Response) -> list[str]:
    """What a page is about."""
    return _HEADING.findall(page.text)


def links(page: httpx.Response) -> list[str]:
    """The invitations that a page shows its owner."""
    return _LINK.findall(page.text)


def signatures(pdf: bytes) -> int:
    """How many signatures a PDF carries, document time stamps aside."""
    return pdf.count(b"/ETSI.CAdES.detached")
