"""Drives the phone app in Chromium as a person does, for tests of the app itself."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.support.sandbox import Sandbox

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]
CODE = "13579"
PATIENCE = 20_000


@dataclass
class Handset:
    """One browser that is a phone, and beside it a desktop browser for partners' pages."""

    sandbox: Sandbox
    context: BrowserContext
    page: Page
    desktop: BrowserContext

    @property
    def origin(self) -> str:
        """The app's origin."""
        return f"http://localhost:{self.sandbox.port + 2}"

    @property
    def world(self) -> str:
        """The origin of banks and partners."""
        return f"http://127.0.0.1:{self.sandbox.port + 1}"

    async def open(self, path: str = "/") -> None:
        """Open the app anew."""
        await self.page.goto("about:blank")
        await self.page.goto(self.origin + path)

    async def on_screen(self, name: str) -> None:
        """Wait until this screen is the present one."""
        await expect(self.page.locator("#screen")).to_have_attribute("data-screen", name)

    async def press(self, *selectors: str) -> None:
        """Press one thing after the other."""
        for selector in selectors:
            await self.page.locator(selector).first.click()

    async def type_code(self, code: str = CODE) -> None:
        """On the pad."""
        for digit in code:
            await self.press(f'#code-pad [data-digit="{digit}"]')

    async def activate(self, person: str, phone_number: str) -> None:
        """From the welcome to home, through Vesta Bank."""
        await self.choose_code(person, phone_number)
        await expect(self.page.locator("#done")).to_have_attribute("data-state", "active")
        await self.press("#done-continue")
        await expect(self.page.locator("#account-state")).to_have_attribute("data-state", "active")

    async def choose_code(self, person: str, phone_number: str) -> None:
        """From the welcome until the code is sent."""
        await self.open()
        await self.press("#welcome-start")
        await self.page.locator("#accept-terms").check()
        await self.press("#continue")
        await self.page.locator("#phone-number").fill(phone_number)
        await self.press("#continue", '[data-bank="bank-vesta"]')
        await self.press(f'label:has(input[value="{person}"])', 'button[value="approve"]')
        await self.press("#received-continue")
        await self.type_code()
        await self.on_screen("repeat-code")
        await self.type_code()

    async def begin(self, path: str = "/shop/login") -> Page:
        """A sign-in page on the desktop."""
        page = await self.desktop.new_page()
        page.set_default_timeout(PATIENCE)
        await page.goto(self.world + path)
        await expect(page.locator("#qr")).to_be_visible()
        return page

    async def link_of(self, page: Page) -> str:
        """The app link of a sign-in page, as a path of the app."""
        link = await page.locator("#open-app").get_attribute("href")
        assert link is not None
        return link.removeprefix(self.origin)

    async def digits_of(self, page: Page) -> str:
        """The two digits beside the code."""
        match = re.search(r"\b(\d)\s?(\d)\b", await page.locator("#digits").inner_text())
        assert match is not None
        return match[1] + match[2]


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


async def new_handset(
    browser: Browser,
    sandbox: Sandbox,
    *,
    colours: Literal["light", "dark"] = "light",
    workers: Literal["allow", "block"] = "block",
) -> Handset:
    """A phone on which nothing was ever activated."""
    expect.set_options(timeout=PATIENCE)
    context = await browser.new_context(
        viewport={"width": 390, "height": 844},
        has_touch=True,
        locale="en-GB",
        color_scheme=colours,
        service_workers=workers,
    )
    page = await context.new_page()
    page.set_default_timeout(PATIENCE)
    return Handset(sandbox, context, page, await browser.new_context(locale="en-GB"))
