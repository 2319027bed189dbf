"""A person's portal in a real browser, from welcome to the end of an identity; pictures in `artefacts/portal`."""

from __future__ import annotations

import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from ipse.actions.model import Agreement
from tests.functional.oidc.handsets import Handset
from tests.functional.portal.town import FAMILY, GIVEN, Town
from tests.functional.sessions.house import House
from tests.support.devices import QUIET
from tests.support.looking import Onlooker, onlooker

PICTURES = Path("artefacts/portal")
pytestmark = [pytest.mark.timeout(180), pytest.mark.parametrize("engine", ["sqlite"], indirect=True)]


@pytest.fixture
async def chrome(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield found
        await found.close()


async def approve(page: Page, phone: Handset) -> None:
    """Scan the code of the waiting page, approve with the code; the page goes on by itself."""
    here = await page.locator("[data-here]").get_attribute("data-here")
    assert here is not None
    await phone.approve(await phone.claim(here.rpartition("/")[2]))
    await page.wait_for_url("**/portal**")


async def in_use(town: Town, phone: Handset) -> str:
    """A person with a history; one of its requests."""
    await town.settle("shop", "The Shop")
    action = await town.asks(phone, "shop", GIVEN, FAMILY)
    await town.asks(phone, "bank", name="The Bank", outcome="declined", kind="authentication")
    await town.asks(phone, "bank", GIVEN, name="The Bank", outcome="expired")
    terms = Agreement("Terms of the lease", "You rent the house by the harbour.")
    await town.asks(phone, "notary", name="The Notary", kind="confirmation", content=(terms,))
    await phone.panic_sheet(contact="Bram")
    await town.house.works.features.actions.fraud.browsers.trust(
        phone.account_id, "t" * 43, user_agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", place="Gent"
    )
    return action


@pytest.mark.parametrize(("size", "language"), [("desktop", "nl"), ("phone", "de")])
async def test_everything_a_person_does_here(
    chrome: Browser, house: House, town: Town, phone: Handset, size: str, language: str, tmp_path: Path
) -> None:
    action, base = await in_use(town, phone), house.base
    async with onlooker(chrome, PICTURES, size=size, language=language, accept_downloads=True) as window:
        page = window.page
        await window.open(f"{base}/portal", "welcome")
        await page.click("#sign-in")
        await approve(page, phone)
        await window.look("overview")
        for name in ("documents", "partners", "notices", "phone", "access", "block", "data", "history"):
            await window.open(f"{base}/portal/{name}", name)
        await page.fill("input[name=q]", "notary")
        await page.click("#search")
        await expect(page.locator("#entries > .line")).to_have_count(1)
        await page.click("#everything")
        await expect(page.locator("#entries > .line")).to_have_count(5)
        await window.open(f"{base}/portal/history/{action}", "entry")
        await page.click("#disown")
        await expect(page.locator("#done")).to_be_visible()
        await window.look("disowned")
        await _take_back(window, base, phone)
        await _take_along(window, base, phone, tmp_path)
        await window.open(f"{base}/portal/delete", "delete")
        await page.click("button#delete")
        await approve(page, phone)
        await expect(page.locator('[data-over="deleted"]')).to_be_visible()
        await window.look("deleted")
        await window.open(f"{base}/portal/data")
        await expect(page.locator("#sign-in")).to_be_visible()


async def _take_back(window: Onlooker, base: str, phone: Handset) -> None:
    page = window.page
    await window.open(f"{base}/portal/access")
    await page.click("[data-browser] button")
    await expect(page.locator("[data-browser]")).to_have_count(0)
    await page.click("[data-sheet=contact] button")
    await approve(page, phone)
    await expect(page.locator("[data-sheet]")).to_have_count(0)
    await window.open(f"{base}/portal/partners/shop", "partner")
    await page.click("#withdraw")
    await expect(page.locator("#withdrawals [data-told]")).to_have_count(1)
    await page.click("#unlink")
    await window.look("unlink-waits")
    await approve(page, phone)
    await expect(page.locator("#withdrawals [data-told]")).to_have_count(2)
    await window.look("unlinked")


async def _take_along(window: Onlooker, base: str, phone: Handset, folder: Path) -> None:
    page = window.page
    await window.open(f"{base}/portal/data")
    await expect(page.locator("#download")).to_have_count(0)
    await page.click("#open-copy")
    await approve(page, phone)
    await window.look("opened")
    async with page.expect_download() as begun:
        await page.click("#download")
    copy = folder / "copy.zip"
    await (await begun.value).save_as(copy)
    with zipfile.ZipFile(copy) as opened:
        document = json.loads(opened.read("data.json"))
        (folder / "data.html").write_bytes(opened.read("data.html"))
    assert document["attributes"]["facts"]["given_name"] == "Ada"
    await page.goto((folder / "data.html").as_uri())
    await expect(page.locator("#history")).to_be_visible()
    await page.screenshot(path=PICTURES / f"copy-{window.size}-{window.language}.png")
    await window.open(f"{base}/portal/data")


@pytest.mark.parametrize(("size", "language"), [("desktop", "fr"), ("phone", "en")])
async def test_it_reads_without_a_script_and_stops_everything_with_one_button(
    chrome: Browser, house: House, town: Town, phone: Handset, size: str, language: str
) -> None:
    await in_use(town, phone)
    async with house.browser() as signed_in:
        await signed_in.sign_in(phone, "/portal")
        cookies = [(cookie.name, cookie.value) for cookie in signed_in.http.cookies.jar]
    kept = [{"name": name, "value": value or "", "url": house.base} for name, value in cookies]
    async with onlooker(chrome, PICTURES, size=size, language=language, dark=True, java_script_enabled=False) as window:
        await window.page.context.add_cookies(kept)  # type: ignore[arg-type]
        await window.open(f"{house.base}/portal/history")
        await expect(window.page.locator("#entries > .line")).to_have_count(5)
        await window.page.screenshot(path=PICTURES / f"dark-{size}-{language}.png", full_page=True)
        await window.open(f"{house.base}/portal/block")
        await window.page.click("#block")
        await expect(window.page.locator('[data-over="blocked"]')).to_be_visible()
        await window.open(f"{house.base}/portal")
        await expect(window.page.locator("#sign-in")).to_be_visible()
    row = await house.scheme.database.row("select state, why from people_accounts")
    assert row is not None
    assert (row["state"], row["why"]) == ("blocked", "by_person")
