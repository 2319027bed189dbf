"""A person with a card in the sandbox's reader, and the browser of the computer that the reader is at."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from tests.functional.enrolment.party import Browser, Phone, Stage

CARD = "eid_card"
PIN = "1234"


@dataclass
class Holder:
    """A person, a phone that begins, a browser, and a card."""

    stage: Stage
    person: str
    number: str

    def __post_init__(self) -> None:
        self.phone = Phone(self.stage, self.person, CARD, self.number)
        self.browser: Browser = self.phone.browser
        self.address = ""
        self.asked: dict[str, str] = {}

    @property
    def slot(self) -> str:
        return f"http://127.0.0.1:{self.stage.port + 1}/eid/api"

    async def begin(self) -> httpx.Response:
        """Enrol on the phone, and open the start address in the browser: the card's page."""
        await self.phone.enrol()
        page = await self.browser.to_login_page(self.phone.begun["start_url"])
        return self.on(page)

    async def begin_elsewhere(self) -> httpx.Response:
        """Enrol on the phone, and type its short code at another computer."""
        await self.phone.enrol()
        code = self.phone.begun["card"]["code"]
        return await self.type_code(f"{code[:4]}-{code[4:].lower()}")

    async def type_code(self, code: str) -> httpx.Response:
        """Type a short code at this browser."""
        form = await self.browser.open(f"{self.stage.base}/enrolment/card")
        token = re.search(r'name="token" value="([^"]+)"', form.text)
        assert token, form.text
        answer = await self.browser.http.post(
            f"{self.stage.base}/enrolment/card", data={"token": token[1], "code": code}
        )
        assert answer.status_code == 303, answer.text
        return self.on(await self.browser.open(self.stage.base + answer.headers["location"]))

    def on(self, page: httpx.Response) -> httpx.Response:
        """Remember what a page asks."""
        self.address = str(page.url.copy_with(query=None))
        self.asked = dict(attributes(page.text))
        return page

    async def again(self) -> httpx.Response:
        """Load the page once more: it asks anew."""
        return self.on(await self.browser.open(self.address))

    async def token(self, *, pin: str = PIN, **other: str) -> str:
        """What the card signs for the question on the page."""
        wanted = {"person": self.person, "origin": self.stage.base, "challengeNonce": self.asked["nonce"], "pin": pin}
        answer = await self.browser.http.post(f"{self.slot}/authenticate", json=wanted | other)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def files(self, person: str = "", challenge: str = "") -> dict[str, Any]:
        """What the reader's program reads."""
        query = {"person": person or self.person, "challenge": challenge or self.asked["challenge"]}
        answer = await self.browser.http.get(f"{self.slot}/card", params=query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def hand_in(self, token: str, files: object, *, nonce: str = "", by: Browser | None = None) -> httpx.Response:
        """What the page's script sends."""
        body = {"nonce": nonce or self.asked["nonce"], "token": token, "files": files}
        return await (by or self.browser).http.post(self.address, json=body, headers={"Origin": self.stage.base})

    async def present_card(self) -> str:
        """Card and PIN, as asked; the one-time value that goes to the app."""
        answer = await self.hand_in(await self.token(), await self.files())
        assert answer.status_code == 200, answer.text
        name, _, value = urlsplit(str(answer.json()["to"])).fragment.partition("=")
        assert name == "return", answer.text
        return value

    async def enrolled(self) -> dict[str, Any]:
        """A whole activation by card."""
        await self.begin()
        await self.phone.bring(await self.present_card())
        return await self.phone.activate()

    async def mood(self, mood: str) -> None:
        """How the responder behaves."""
        answer = await self.browser.http.post(f"{self.slot}/responder", json={"mood": mood})
        assert answer.status_code == 200, answer.text


def attributes(page: str) -> list[tuple[str, str]]:
    """The data attributes of a page, without `data-`."""
    return [(name, unescape(value)) for name, value in re.findall(r'data-([a-z-]+)="([^"]*)"', page)]


async def ready(stage: Stage, person: str = "ada", number: str = "+32 400000101") -> Holder:
    """A person whose browser shows the card's page."""
    holder = Holder(stage, person, number)
    await holder.begin()
    assert holder.asked["nonce"], holder.asked
    return holder


async def ended(stage: Stage) -> list[str]:
    """Why enrolments ended, in no order."""
    await asyncio.sleep(0)
    rows = await stage.scheme.database.rows("select why from enrolment_enrolments where state = 'ended'")
    return [row["why"] for row in rows]


def as_json(text: str) -> dict[str, Any]:
    """A token as an object."""
    found: dict[str, Any] = msgspec.json.decode(text)
    return found
