"""A person's phone with the app in a real browser, for stories: activate, log in, look at home."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from playwright.async_api import Browser, Page, expect

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import BrowserContext

PATIENCE = 30_000
CODE = "13579"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]
_SUBJECT = re.compile(r"\bsub\s+([A-Za-z0-9_-]{36})\b")


@dataclass
class Phone:
    """A phone-size browser context with the app open."""

    context: BrowserContext
    page: Page
    app: str
    """The app's origin."""
    world: str
    pictures: Path

    @classmethod
    @asynccontextmanager
    async def of(cls, browser: Browser, app: str, world: str, pictures: Path) -> AsyncIterator[Phone]:
        """A fresh phone, gone at the end."""
        context = await browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, locale="en-GB")
        context.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        page = await context.new_page()
        await page.goto(app + "/")
        try:
            yield cls(context, page, app, world, pictures)
        finally:
            await context.close()

    async def picture(self, name: str) -> None:
        """Keep what is on the screen."""
        await self.page.wait_for_timeout(300)  # let a screen that slides in come to rest
        await self.page.screenshot(path=self.pictures / f"{name}.png", full_page=True)

    async def enrol(self, number: str, registrar: str, *, country: str = "BE") -> None:
        """From the welcome to the registrar's own page, or to the screen of the card."""
        await self.page.locator("#welcome-start").click()
        await self.page.locator("#accept-terms").check()
        await self.page.locator("#continue").click()
        await self.page.locator("#phone-country").select_option(country)
        await self.page.locator("#phone-number").fill(number)
        await self.page.locator("#continue").click()
        await self.page.locator(f'#bank-list [data-bank="{registrar}"]').click()

    async def at_the_bank(self, person: str) -> None:
        """Be somebody at the bank, and let it confirm."""
        await self.page.locator(f'label:has(input[value="{person}"])').click()
        await self.page.locator('button[value="approve"]').click()

    async def choose_code(self, code: str = CODE) -> None:
        """From what the registrar said to the end of an activation."""
        await self.page.locator("#received-continue").click()
        await self.type_code(code)
        await self.type_code(code)

    async def activated(self) -> None:
        """See that it worked, and go home."""
        await expect(self.page.locator("#done")).to_have_attribute("data-state", "active")
        await self.page.locator("#done-continue").click()
        await expect(self.page.locator("#account-state")).to_have_attribute("data-state", "active")

    async def type_code(self, code: str = CODE) -> None:
        """Type five digits."""
        await expect(self.page.locator("#code-pad")).to_be_visible()
        for digit in code:
            await self.page.locator(f'#code-pad [data-digit="{digit}"]').click()

    async def home(self) -> None:
        """Open the app afresh."""
        await self.page.goto("about:blank")
        await self.page.goto(self.app + "/")

    async def follow(self, start: str) -> None:
        """On this phone, begin something at a partner and open its request in the app."""
        partner = await self.context.new_page()
        await partner.goto(f"{self.world}{start}")
        link = await partner.locator("#open-app").get_attribute("href")
        assert link is not None
        await self.page.goto("about:blank")
        await self.page.goto(link)

    async def approve(self, code: str = CODE) -> None:
        """Approve what is on the screen."""
        await self.page.locator("#approve").click()
        await self.type_code(code)

    async def log_in_at_the_shop(self, code: str = CODE) -> str:
        """Log in and come home again; the subject that the shop knows this person by."""
        await self.follow("/shop/login")
        await self.approve(code)
        await self.page.wait_for_url("**/shop/received")
        found = _SUBJECT.search(await self.page.locator("body").inner_text())
        if found is None:
            await self.page.locator("summary").last.click()
            found = _SUBJECT.search(await self.page.locator("body").inner_text())
        assert found is not None
        await self.home()
        return found[1]
