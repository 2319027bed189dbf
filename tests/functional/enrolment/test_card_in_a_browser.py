"""The card's page in a real browser: its script finds extension and reader, and leads to the phone on both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.functional.enrolment.holder import Holder
from tests.support.web_eid import install

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.functional.enrolment.party import Stage

ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
async def chromium_here(chromium: str) -> AsyncIterator[Browser]:
    """A browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        await browser.close()


@ONE_ENGINE
async def test_card_and_pin_in_the_browser_that_began(stage: Stage, chromium_here: Browser) -> None:
    """Without extension, without card, with a wrong PIN: told in plain words; then through, in the same page."""
    holder = Holder(stage, "ada", "+32 400000101")
    begun = await holder.phone.enrol()
    context = await chromium_here.new_context(viewport={"width": 390, "height": 844})
    # Nobody serves the app here: what counts is where the page leads.
    await context.route(f"{stage.app}/", lambda route: route.fulfill(body="the app"))
    page = await context.new_page()
    await page.goto(begun["start_url"])
    assert await told(page) == "no_extension"

    sitting = await install(context, world_of(stage), None)
    await page.reload()
    assert await told(page) == "no_card"
    await holder.browser.http.post(f"{holder.slot}/slot", json={"person": "ada"})
    sitting.pin = "9999"
    assert await told(page) == "cancelled"
    assert await page.locator("#read-card").text_content() == "Probeer opnieuw"

    sitting.pin = "1234"
    async with page.expect_event("framenavigated") as led:
        await page.locator("#read-card").click()
    await led.value
    name, _, one_time = urlsplit(page.url).fragment.partition("=")
    assert name == "return"
    assert (await holder.phone.bring(one_time))["registrar"]["id"] == "eid_card"


@ONE_ENGINE
async def test_a_responder_that_is_down_is_told_and_tried_again(stage: Stage, chromium_here: Browser) -> None:
    holder = Holder(stage, "wout", "+32 400000111")
    begun = await holder.phone.enrol()
    context = await chromium_here.new_context()
    await install(context, world_of(stage), "wout")
    page = await context.new_page()
    await page.goto(begun["start_url"])
    await holder.mood("down")
    assert await told(page) == "try_later"
    await holder.mood("well")
    nonce = await page.locator("#card").get_attribute("data-nonce")
    await page.locator("#read-card").click()
    await page.wait_for_function("nonce => document.querySelector('#card')?.dataset.nonce !== nonce", arg=nonce)
    async with page.expect_request(lambda request: request.url.startswith(stage.app)):
        await page.locator("#read-card").click()


@ONE_ENGINE
async def test_a_computer_shows_the_way_back_as_a_moving_code(stage: Stage, chromium_here: Browser) -> None:
    """The script's frames are those that the scheme believes, and the page says when the phone has read one."""
    holder = Holder(stage, "ada", "+32 400000101")
    begun = await holder.phone.enrol()
    context = await chromium_here.new_context(viewport={"width": 1200, "height": 800})
    await install(context, world_of(stage), "ada")
    page = await context.new_page()
    await page.goto(begun["card"]["address"])
    await page.locator("#code").fill(begun["card"]["code"].lower())
    await page.locator("#code-go").click()
    await page.locator("#elsewhere").wait_for()
    await page.locator("#read-card").click()
    first = await page.locator("#qr").get_attribute("data-content")
    assert first is not None
    await page.wait_for_function("seen => document.querySelector('#qr').dataset.content !== seen", arg=first)
    frame = urlsplit(first).fragment.removeprefix("return=")
    await holder.phone.bring(frame)
    await page.locator('[data-state="presented"]').wait_for()


async def told(page: Page) -> str:
    """Press the button; why nothing came of it, as the page knows and says it."""
    await page.locator("#read-card").click()
    await page.locator('#card[data-state="refused"]').wait_for()
    assert await page.locator("#card-problem").text_content()
    return await page.locator("#card").get_attribute("data-why") or ""


def world_of(stage: Stage) -> str:
    return f"http://127.0.0.1:{stage.port + 1}"
