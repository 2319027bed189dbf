"""People, phones and browsers in small steps; browsers go straight into the application, from any address."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from ipse.softphone import Outcome, Request, SoftPhone
from tests.functional.enrolment.party import Stage

CODE = "13579"
ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
"""For what does not lie in a statement: one database is enough."""
PARTNERS = ("shop", "bank")
PLACES = """network,country,place,lat,lon
127.0.0.0/24,BE,Ghent,51.05,3.72
127.0.1.0/24,BE,Liège,50.63,5.57
127.0.4.0/24,PT,Lisbon,38.72,-9.14
198.51.100.0/24,BE,Ghent,51.05,3.72
"""
GHENT, LISBON, SOMEWHERE = "127.0.0.9", "127.0.4.9", "203.0.113.7"
_HANDLE = re.compile(r"/v2/sign-in/([A-Za-z0-9_-]{22})")
_TOKEN = re.compile(r'name="token" value="([^"]+)"')
_QR = re.compile(r'id="qr"[^>]*data-content="([^"]+)"')
_LINK = re.compile(r'id="open-app"[^>]*href="([^"]+)"')
_DIGITS = re.compile(r'id="digits"[^>]*>(\d\d)<')


@dataclass
class Page:
    """A page of the sign-in, as a browser without scripts has it."""

    response: httpx.Response

    def __post_init__(self) -> None:
        self.text = self.response.text

    def _found(self, pattern: re.Pattern[str]) -> str:
        match = pattern.search(self.text)
        assert match is not None, self.text
        return unescape(match.group(1))

    @property
    def handle(self) -> str:
        return self._found(_HANDLE)

    @property
    def token(self) -> str:
        return self._found(_TOKEN)

    @property
    def qr(self) -> str:
        return self._found(_QR)

    @property
    def link(self) -> str:
        return self._found(_LINK)

    @property
    def digits(self) -> str:
        return self._found(_DIGITS)


@dataclass
class Visitor:
    """One browser at one address."""

    http: httpx.AsyncClient

    async def start(self, partner: str = "shop", service: str = "LOGIN", **more: str) -> Page:
        query = {
            "client_id": partner,
            "response_type": "code",
            "scope": f"openid service:{partner.upper()}_{service}",
            "redirect_uri": f"http://127.0.0.1:9/{partner}/back",
            "state": "s" * 16,
            "nonce": "n" * 16,
            **more,
        }
        response = await self.http.get("/v2/authorization", params=query)
        assert response.status_code == 200, response.text
        return Page(response)

    async def page(self, handle: str) -> Page:
        return Page(await self.http.get(f"/v2/sign-in/{handle}?lang=en"))

    async def type_number(self, page: Page, number: str, *, country: str = "BE") -> httpx.Response:
        form = {"token": page.token, "country": country, "number": number}
        return await self.http.post(f"/v2/sign-in/{page.handle}/number/ask?lang=en", data=form)

    async def see(self, page: Page) -> httpx.Response:
        return await self.http.post(f"/v2/sign-in/{page.handle}/number/seen?lang=en", data={"token": page.token})

    async def by_number(self, number: str, partner: str = "shop") -> Page:
        """The whole way to the page with the digits, in view."""
        page = await self.start(partner)
        typed = await self.type_number(page, number)
        assert typed.status_code == 303, typed.text
        shown = await self.page(page.handle)
        await self.see(shown)
        return shown

    async def finish(self, page: Page) -> httpx.Response:
        return await self.http.get(f"/v2/sign-in/{page.handle}/finish")


@dataclass
class Scene:
    """Ada with her phone in Ghent, and browsers anywhere."""

    stage: Stage
    phone: SoftPhone
    browsers: list[httpx.AsyncClient] = field(default_factory=list)

    @property
    def number(self) -> str:
        return self.phone.state.phone_number

    def browser(self, address: str = GHENT, cookies: httpx.Cookies | None = None) -> Visitor:
        transport = httpx.ASGITransport(self.stage.scheme.application, client=(address, 40_000))
        http = httpx.AsyncClient(transport=transport, base_url=self.stage.base, cookies=cookies)
        http.headers["user-agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
        self.browsers.append(http)
        return Visitor(http)

    async def trusted(self, address: str = GHENT) -> Visitor:
        """A browser in which Ada has logged in and asked to be remembered."""
        visitor = self.browser(address)
        page = await visitor.start()
        request = await self.claim(page.qr)
        await self.approve(request, remember=True)
        finished = await visitor.finish(page)
        assert "code" in parse_qs(urlsplit(finished.headers["location"]).query)
        return visitor

    async def claim(self, start: str, phone: SoftPhone | None = None) -> Request:
        return await asyncio.to_thread((phone or self.phone).claim, start)

    async def approve(self, request: Request, **more: Any) -> Outcome:
        return await asyncio.to_thread(lambda: self.phone.approve(request, CODE, **more))

    async def listed(self) -> list[dict[str, Any]]:
        """What the phone shows as open."""
        return await asyncio.to_thread(self.phone.requests)

    async def known(self) -> list[dict[str, Any]]:
        return await asyncio.to_thread(self.phone.browsers)

    async def close(self) -> None:
        for browser in self.browsers:
            await browser.aclose()
