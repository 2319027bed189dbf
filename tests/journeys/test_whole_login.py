"""One person's first day with Ipse, in two real browsers: a phone-size one with a camera, and a desktop.

Activate through a bank; log in at the shop by scanning; log in on the phone itself; share data with the town hall;
refuse; block by three wrong codes. Pictures of every step are kept in `artefacts/journey`.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, Playwright, async_playwright, expect

from tests.support.camera import Camera
from tests.support.sandbox import Sandbox, running_sandbox

CODE, WRONG = "13579", ("24680", "97531", "86420")
PICTURES = Path("artefacts/journey")
CHROMIUM = "/usr/bin/chromium"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]
PATIENCE = 30_000

pytestmark = [pytest.mark.journey, pytest.mark.processes, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("journey")) as running:
        yield running


@dataclass
class Devices:
    """What lies on the table."""

    app: Page
    desktop: Page
    darkroom: Page
    camera: Camera
    world: str
    base: str

    async def picture(self, page: Page, name: str) -> None:
        await page.wait_for_timeout(400)  # let a screen that slides in come to rest
        await page.screenshot(path=PICTURES / f"{name}.png")

    async def type_code(self, code: str) -> None:
        await expect(self.app.locator("#code-pad")).to_be_visible()
        for digit in code:
            await self.app.locator(f'#code-pad [data-digit="{digit}"]').click()


async def _phone(playwright: Playwright, profile: Path, camera: Camera) -> BrowserContext:
    return await playwright.chromium.launch_persistent_context(
        str(profile),
        executable_path=CHROMIUM,
        args=[*QUIET, *camera.arguments],
        viewport={"width": 390, "height": 844},
        has_touch=True,
        locale="en-GB",
        permissions=["camera"],
    )


@pytest.fixture
async def devices(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Devices]:
    camera = Camera(tmp_path / "camera.y4m")
    await asyncio.to_thread(PICTURES.mkdir, parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        phone = await _phone(playwright, tmp_path / "phone", camera)
        desk = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        window = await desk.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
        darkroom = await (await desk.new_context()).new_page()
        await darkroom.goto("data:text/html,darkroom")
        app, desktop = await phone.new_page(), await window.new_page()
        for page in (app, desktop):
            page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        try:
            yield Devices(app, desktop, darkroom, camera, f"http://127.0.0.1:{sandbox.port + 1}", sandbox.base)
        finally:
            await phone.close()
            await desk.close()


async def _activate(on: Devices, origin: str) -> None:
    await on.app.goto(origin)
    await on.picture(on.app, "01-welcome")
    await on.app.locator("#welcome-start").click()
    await on.app.locator("#accept-terms").check()
    await on.picture(on.app, "02-terms")
    await on.app.locator("#continue").click()
    await on.app.locator("#phone-country").select_option("BE")
    await on.app.locator("#phone-number").fill("400 00 01 01")
    await on.app.locator("#email").fill("ada@example.org")
    await on.picture(on.app, "03-contact")
    await on.app.locator("#continue").click()
    await expect(on.app.locator("#bank-list")).to_be_visible()
    await on.picture(on.app, "04-bank-list")
    await on.app.locator('#bank-list [data-bank="bank-vesta"]').click()
    await on.app.locator('label:has(input[value="ada"])').click()
    await on.picture(on.app, "05-bank")
    await on.app.locator('button[value="approve"]').click()
    await expect(on.app.locator('#received [data-attribute="family_name"]')).to_contain_text("Lievens")
    await on.picture(on.app, "06-received")
    await on.app.locator("#received-continue").click()
    await on.picture(on.app, "07-code")
    await on.type_code("12345")
    await expect(on.app.locator("#code-complaint")).not_to_be_empty()
    await on.type_code(CODE)
    await on.type_code(CODE)
    await expect(on.app.locator("#done")).to_have_attribute("data-state", "active")
    await on.picture(on.app, "08-done")
    await on.app.locator("#done-continue").click()
    await expect(on.app.locator("#account-state")).to_have_attribute("data-state", "active")
    await on.picture(on.app, "09-home")


async def _scan(on: Devices) -> None:
    """Point the phone's camera at the desktop's moving code until the request is on the screen."""
    watching = asyncio.create_task(on.camera.watch(on.desktop, "#qr", on.darkroom))
    try:
        await on.app.locator("#scan").click()
        await expect(on.app.locator("#approve")).to_be_visible()
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await watching
        on.camera.cover()


async def _log_in_by_scanning(on: Devices) -> None:
    await on.desktop.goto(f"{on.world}/shop/")
    await on.picture(on.desktop, "10-shop")
    await on.desktop.locator('a[href="/shop/login"]').first.click()
    await expect(on.desktop.locator("#qr")).to_be_visible()
    await on.picture(on.desktop, "11-sign-in")
    await _scan(on)
    await expect(on.app.locator("#partner")).to_contain_text("Pot & Linde")
    await on.picture(on.app, "12-request")
    await expect(on.desktop.locator("#qr")).to_be_hidden()
    await on.picture(on.desktop, "13-scanned")
    await on.app.locator("#approve").click()
    await on.picture(on.app, "14-code-pad")
    await on.type_code(CODE)
    await expect(on.app.locator("#outcome")).to_have_attribute("data-outcome", "approved")
    await on.picture(on.app, "15-approved")
    await on.desktop.wait_for_url("**/shop/received")
    await expect(on.desktop.locator("body")).to_contain_text("Welcome, Ada")
    await on.picture(on.desktop, "16-logged-in")


async def _log_in_on_the_phone(on: Devices) -> None:
    """The partner's page and the app on one phone: the app link, and back by the single-use address."""
    shop = await on.app.context.new_page()
    await shop.goto(f"{on.world}/shop/login")
    await expect(shop.locator("#open-app")).to_be_visible()
    await on.picture(shop, "20-sign-in-on-the-phone")
    link = await shop.locator("#open-app").get_attribute("href")
    assert link is not None
    on.app = await on.app.context.new_page()
    on.app.set_default_timeout(PATIENCE)
    await on.app.goto(link)
    await expect(on.app.locator("#approve")).to_be_visible()
    await on.app.locator("#approve").click()
    await on.type_code(CODE)
    await on.app.wait_for_url("**/shop/received")
    await expect(on.app.locator("body")).to_contain_text("Welcome, Ada")
    await on.picture(on.app, "21-logged-in-on-the-phone")
    await shop.close()


async def _share_with_the_town_hall(on: Devices, origin: str) -> None:
    await on.app.goto(origin)
    await on.desktop.goto(f"{on.world}/portal/identify")
    await expect(on.desktop.locator("#qr")).to_be_visible()
    await on.picture(on.desktop, "30-portal-sign-in")
    await _scan(on)
    national = on.app.locator('[data-attribute="BENationalNumber"]')
    await expect(national).to_contain_text("15")
    await expect(national).not_to_contain_text("88051700015")
    await on.picture(on.app, "31-what-is-shared")
    voluntary = on.app.locator("[data-share]").first
    declined = await voluntary.get_attribute("data-share")
    await voluntary.click()
    await on.app.locator("#approve").click()
    await on.type_code(CODE)
    await expect(on.app.locator("#outcome")).to_have_attribute("data-outcome", "approved")
    await on.desktop.wait_for_url("**/portal/received")
    received = on.desktop.locator("body")
    await expect(received).to_contain_text("88051700015")
    assert declined
    await expect(received).not_to_contain_text(re.compile(rf"\b{re.escape(declined)}\b"))
    await on.picture(on.desktop, "32-portal-received")


async def _refuse(on: Devices, origin: str) -> None:
    await on.app.goto(origin)
    await on.desktop.goto(f"{on.world}/portal/login")
    await expect(on.desktop.locator("#qr")).to_be_visible()
    await _scan(on)
    await on.app.locator("#refuse").click()
    await expect(on.app.locator("#outcome")).to_have_attribute("data-outcome", "rejected")
    await on.picture(on.app, "40-refused")
    await expect(on.desktop.locator("#qr")).to_be_hidden()
    await on.picture(on.desktop, "41-refused")
    await on.app.goto(origin)
    await expect(on.app.locator("#history [data-entry]").first).to_have_attribute("data-outcome", "rejected")
    await on.picture(on.app, "42-history")
    await on.app.locator("#history [data-entry]").nth(1).click()
    await on.picture(on.app, "43-history-entry")


async def _block(on: Devices, origin: str) -> None:
    await on.app.goto(origin)
    await on.desktop.goto(f"{on.world}/shop/login")
    await expect(on.desktop.locator("#qr")).to_be_visible()
    await _scan(on)
    await on.app.locator("#approve").click()
    for left, code in zip(("2|two", "1|one"), WRONG, strict=False):
        await on.type_code(code)
        await expect(on.app.locator("#code-complaint")).to_contain_text(re.compile(rf"\b({left})\b", re.IGNORECASE))
    await on.picture(on.app, "50-one-try-left")
    await on.type_code(WRONG[2])
    await expect(on.app.locator("#outcome, #stopped, #blocked").first).to_be_visible()
    await on.picture(on.app, "51-blocked")
    await on.app.goto(origin)
    await expect(on.app.locator("#stopped")).to_be_visible()
    await on.picture(on.app, "52-stopped")


async def test_a_first_day_with_ipse(devices: Devices, sandbox: Sandbox) -> None:
    """Criteria T-1, T-8, B-3, B-20, B-40 as a person meets them."""
    origin = sandbox.world["app"] + "/"
    await _activate(devices, origin)
    await _log_in_by_scanning(devices)
    await _log_in_on_the_phone(devices)
    await _share_with_the_town_hall(devices, origin)
    await _refuse(devices, origin)
    await _block(devices, origin)
