"""A person looks after their identity on a computer, with the app in their hand; pictures in `artefacts/own-portal`.

They activate, log in at the shop, see that in their portal, take it back (and the shop acknowledges), look at protected
values, and leave: the app says so, and the shop knows nobody any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.support.devices import QUIET, Phone
from tests.support.sandbox import Sandbox, running_sandbox

PICTURES = Path("artefacts/own-portal")

pytestmark = [pytest.mark.journey, pytest.mark.processes, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("portal")) as running:
        yield running


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    await asyncio.to_thread(PICTURES.mkdir, parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield found
        await found.close()


async def approved(phone: Phone, waiting: Page) -> Page:
    """On one device: from a waiting page through the app and back; the page one comes back to."""
    link = await waiting.locator("#open-app").get_attribute("href")
    assert link is not None
    phone.page = await phone.context.new_page()
    await phone.page.goto(link)
    await phone.approve()
    await phone.page.wait_for_url("**/portal**")
    return phone.page


async def test_a_person_looks_back_takes_back_and_leaves(browser: Browser, sandbox: Sandbox) -> None:
    async with Phone.of(browser, sandbox.world["app"], sandbox.world["world"], PICTURES) as phone:
        await phone.enrol("400 00 01 01", "bank-vesta")
        await phone.at_the_bank("ada")
        await phone.choose_code()
        await phone.activated()
        subject = await phone.log_in_at_the_shop()

        page = await phone.context.new_page()
        await page.goto(f"{sandbox.base}/portal?lang=en")
        await page.locator("#sign-in").click()
        page = await approved(phone, page)
        await page.set_viewport_size({"width": 1280, "height": 900})
        await expect(page.locator("#state")).to_have_text("Active")
        await page.goto(f"{sandbox.base}/portal/partners/shop?lang=en")
        await page.screenshot(path=PICTURES / "1-partner.png", full_page=True)
        await page.locator("#withdraw").click()
        acknowledged = page.locator('[data-told="acknowledged"]')
        for _ in range(50):
            if await acknowledged.count():
                break
            await page.wait_for_timeout(200)
            await page.reload()
        await expect(acknowledged).to_have_count(1)
        await page.screenshot(path=PICTURES / "2-acknowledged.png", full_page=True)

        await page.goto(f"{sandbox.base}/portal/data?lang=en")
        number = page.locator('[data-fact="national_number"] td').first
        masked = await number.inner_text()
        assert masked.startswith("*")
        await page.locator("#facts button").click()
        page = await approved(phone, page)
        await page.set_viewport_size({"width": 1280, "height": 900})
        await expect(page.locator('[data-fact="national_number"] td').first).not_to_contain_text("*")
        await page.screenshot(path=PICTURES / "3-opened.png", full_page=True)

        await page.goto(f"{sandbox.base}/portal/delete?lang=en")
        await page.locator("button#delete").click()
        page = await approved(phone, page)
        await expect(page.locator('[data-over="deleted"]')).to_be_visible()
        phone.page = await phone.context.new_page()
        await phone.home()
        await expect(phone.page.locator("#stopped, [data-why=deleted]").first).to_be_visible()
        await phone.picture("4-app-after")
        assert subject
