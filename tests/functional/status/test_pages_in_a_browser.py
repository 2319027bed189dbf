"""The status page in a real browser, on a good day and a bad one, with ninety days behind it; pictures are kept."""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.async_api import Browser, async_playwright, expect

from ipse.kernel.clock import SECOND, FrozenClock
from ipse.kernel.ids import RandomIds
from ipse.status.server import composed
from tests.functional.oidc.installation import is_free, listening
from tests.functional.status.conftest import Desk, settings_of
from tests.support.devices import QUIET
from tests.support.looking import onlooker
from tests.support.status_files import NOW, Publishers, fill, incident, window

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PICTURES = Path("artefacts/status")
PORT = 24790
PATHS = {
    "/": "now",
    "/components/sign-in": "component",
    "/incidents": "incidents",
    "/incidents/0f6c2c4e7a5b4d0e9f1a": "incident",
    "/maintenance": "maintenance",
    "/uptime": "uptime",
    "/programs": "programs",
    "/help": "help",
}
pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield found
        await found.close()


@asynccontextmanager
async def open_desk(folder: Path) -> AsyncIterator[Desk]:
    """A status page with a past, served at a port."""
    (folder / "published").mkdir()
    clock, settings = FrozenClock(NOW * SECOND), settings_of(folder)
    assert is_free(PORT)
    async with composed(settings, clock, RandomIds()) as page, listening(page.application, PORT):
        await fill(page.watch.history, NOW)
        async with httpx.AsyncClient(base_url=f"http://localhost:{PORT}") as http:
            desk = Desk(page, Publishers(folder / "published"), clock, http, settings)
            for _ in range(2):
                await desk.pass_time(30)
            yield desk


@pytest.mark.parametrize(
    ("size", "language", "dark"), [("desktop", "nl", False), ("phone", "fr", False), ("phone", "de", True)]
)
async def test_every_page_of_a_bad_day_is_calm_and_light(
    browser: Browser, tmp_path: Path, size: str, language: str, dark: bool
) -> None:
    async with open_desk(tmp_path) as desk:
        desk.publishers.incidents = [incident(desk.now), incident(desk.now - 9000, ended=True, name="older")]
        desk.publishers.maintenance = [window(desk.now)]
        for _ in range(2):
            await desk.pass_time(5, {"phone-channel": "full", "login": "partial", "bank:lys": "full"})
        async with onlooker(browser, PICTURES, size=size, language=language, dark=dark) as looking:
            for path, name in PATHS.items():
                await looking.open(f"http://localhost:{PORT}{path}", f"bad-{name}{'-dark' if dark else ''}")


@pytest.mark.parametrize(("size", "dark"), [("desktop", True), ("phone", False)])
async def test_a_good_day_and_how_an_open_page_turns_by_itself(
    browser: Browser, tmp_path: Path, size: str, dark: bool
) -> None:
    async with (
        open_desk(tmp_path) as desk,
        onlooker(browser, PICTURES, size=size, language="en", dark=dark) as looking,
    ):
        page = looking.page
        await page.clock.install()
        await looking.open(f"http://localhost:{PORT}/", f"good-now{'-dark' if dark else ''}")
        await expect(page.locator("#headline")).to_have_text("Everything works")
        for _ in range(2):
            await desk.pass_time(5, {"health": "full"})
        await page.clock.run_for(11_000)
        await expect(page.locator("#headline")).to_have_text("It does not work at the moment")
        for _ in range(2):
            await desk.pass_time(5)
        await page.clock.run_for(11_000)
        await expect(page.locator("#headline")).to_have_text("Everything works")


async def test_without_scripts_it_says_the_same(browser: Browser, tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        context = await browser.new_context(java_script_enabled=False)
        page = await context.new_page()
        await page.goto(f"http://localhost:{PORT}/?lang=en")
        await expect(page.locator("#headline")).to_have_text("Everything works")
        for _ in range(2):
            await desk.pass_time(5, {"bank:lys": "full"})
        await page.get_by_role("link", name="Look again").click()
        await expect(page.locator("#headline")).to_have_text("Part of it does not work")
        await context.close()
