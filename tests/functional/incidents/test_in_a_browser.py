"""A bad day in a real browser: the sign-in page says so and leads to the help centre; pictures are kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import Browser, async_playwright, expect

from ipse.app.incidents import open_incidents
from ipse.incidents import Impact, Kind
from ipse.incidents.service import NewIncident
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import Channel, Help
from tests.functional.incidents.test_scheme import PORT
from tests.functional.incidents.test_scheme import keystore as keystore  # noqa: PLC0414 - a fixture
from tests.functional.sessions.house import House, living
from tests.support.devices import QUIET
from tests.support.looking import onlooker

if TYPE_CHECKING:
    from ipse.kernel.keystore import Keystore
    from ipse.storage.database import Database

PICTURES = Path("artefacts/incidents")
pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def engine() -> str:
    """What a page looks like does not depend on the database."""
    return "sqlite"


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield found
        await found.close()


@pytest.fixture
async def house(keystore: Keystore, database: Database) -> AsyncIterator[House]:
    channels = (Channel("telephone", "+32 2 555 01 00", "24/7"), Channel("email", "help@ipse.example"))
    async with living(keystore, database, first_port=PORT, help=Help(channels)) as found:
        yield found


async def test_a_bad_day(house: House, keystore: Keystore, browser: Browser) -> None:
    scheme = house.scheme
    incidents, _ = open_incidents(scheme.settings, scheme.database, keystore, house.clock, RandomIds())
    desk = scheme.incidents
    await desk.board.refresh()
    async with onlooker(browser, PICTURES, size="phone", language="nl") as window:
        await window.open(f"{house.base}/help", "help-on-a-good-day")
        await expect(window.page.locator('[data-now="well"]')).to_be_visible()
    down = NewIncident(kind=Kind.OUTAGE, impact=Impact.FULL, components=("approval",), technical="TLS alert 42.")
    opened = await incidents.open(down, actor="operator:ada")
    await desk.board.refresh()
    for size, language, dark in (("desktop", "nl", False), ("phone", "fr", True)):
        async with onlooker(browser, PICTURES, size=size, language=language, dark=dark) as window:
            await window.open(f"{house.base}/block", "page-on-a-bad-day")
            more = window.page.locator("#incident a")
            await expect(more).to_have_attribute("href", f"/help?lang={language}")
            await window.page.goto(f"{house.base}/help?lang={language}")
            await expect(window.page.locator('[data-now="incident"]')).to_be_visible()
            await window.page.locator("#reinstall summary").click()
            await window.page.locator(f'[id="{opened.incident_id}"] summary').click()
            await expect(window.page.locator("#specialists ~ div")).to_contain_text("TLS alert 42.")
            await window.look("help-on-a-bad-day")


async def test_without_javascript(house: House, browser: Browser) -> None:
    async with onlooker(browser, PICTURES, size="phone", language="de", java_script_enabled=False) as window:
        await window.page.goto(f"{house.base}/help?lang=de")
        await window.page.locator("#lost summary").click()
        await expect(window.page.locator("#lost p").first).to_be_visible()
