"""The world's pages in Chromium: the app's window, no script, and nothing that runs out of a phone's screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright

from tests.functional.sandbox.running import running_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser

    from tests.functional.sandbox.running import Client

pytestmark = pytest.mark.asyncio(loop_scope="module")
PAGES = (
    "/",
    "/shop/",
    "/portal/",
    "/house/",
    "/operators/",
    "/banks/bank-lys/",
    "/shop/callback?state=unknown",
    "/portal/callback?state=unknown",
)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    async with running_world(tmp_path_factory.mktemp("world")) as (_, client):
        yield client


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        await browser.close()


async def test_the_app_opens_in_a_window_of_a_phones_size(client: Client, browser: Browser) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    app = client.world.places.app
    await context.route(f"{app}/**", lambda route: route.fulfill(body="the app", content_type="text/html"))
    await page.goto(client.world.places.world + "/")
    async with page.expect_popup() as opening:
        await page.click("#open-app")
    window = await opening.value
    await window.wait_for_load_state()
    assert window.url == app + "/"
    assert await window.evaluate("[innerWidth, innerHeight]") == [390, 844]
    await context.close()


async def test_without_script_the_app_is_a_link_and_switches_are_buttons(client: Client, browser: Browser) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(client.world.places.world + "/")
    assert await page.get_attribute("#open-app", "href") == client.world.places.app + "/"
    assert await page.locator("button[data-copy]:visible").count() == 0
    await page.click('form:has(input[value="portal"]) button[value="slow"]')
    assert "Answers after 5 s" in await page.inner_text('form:has(input[value="portal"])')
    await page.click('form:has(input[value="portal"]) button[value="ok"]')
    assert "Behaves well" in await page.inner_text('form:has(input[value="portal"])')
    await context.close()


async def test_a_person_logs_in_at_the_bank_by_keyboard(client: Client, browser: Browser) -> None:
    context = await browser.new_context(viewport={"width": 390, "height": 844})
    page = await context.new_page()
    back = client.world.places.enrolment_return
    await context.route(f"{back}*", lambda route: route.fulfill(body="back", content_type="text/html"))
    pushed = (await client.push(ui_locales="fr")).json()
    await page.goto(f"{client.issuer}/authorize?client_id=ipse&request_uri={pushed['request_uri']}")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    assert await page.locator('input[name="person"]:checked').get_attribute("value") == "ada"
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{back}*")
    assert "code=" in page.url
    await context.close()


@pytest.mark.parametrize("path", PAGES)
async def test_nothing_runs_out_of_a_phones_screen(client: Client, browser: Browser, path: str) -> None:
    page = await browser.new_page(viewport={"width": 320, "height": 640})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None)
    await page.goto(client.world.places.world + path)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    assert await page.evaluate("[...document.images].every(image => image.hasAttribute('alt'))")
    assert complaints == []
    await page.close()
