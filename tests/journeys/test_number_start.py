"""A person trusts their browser, logs in by number, and takes the trust back; a scammer calls. All in Chromium."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, Route, expect

from tests.javascript.app_driver import Handset, chromium, new_handset
from tests.support.sandbox import Sandbox, running_sandbox
from tests.support.visitor import Visitor

NUMBER = "400000101"
PICTURES = os.environ.get("IPSE_PICTURES")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
async def phone(sandbox: Sandbox) -> AsyncIterator[Handset]:
    async with chromium() as browser:
        yield await new_handset(browser, sandbox)


async def picture(page: Page, name: str) -> None:
    """Keep a picture where somebody wants to look."""
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


async def test_by_number_in_a_trusted_browser(phone: Handset) -> None:
    """T-6: trust chosen on the phone, number typed, digits matched, trust forgotten."""
    await phone.activate("ada", NUMBER)
    page = await phone.begin()
    await expect(page.locator("#use-number")).to_have_count(0)
    await phone.open(await phone.link_of(page))
    await phone.on_screen("request")
    await expect(phone.page.locator("#remember")).not_to_be_checked()
    await phone.page.locator("#remember").check()
    await picture(phone.page, "request")
    await phone.press("#approve")
    await phone.type_code()
    # The phone opens the return address; the request began in the other browser, and there it goes on.
    await expect(phone.page).to_have_url(re.compile("/v2/sign-in/return/"))
    await page.goto(phone.page.url)

    page = await phone.begin()
    await picture(page, "sign-in")
    await page.locator("#use-number").click()
    await expect(page.locator("#country option:checked")).to_contain_text("Belg")
    await page.locator("#number").fill("0" + NUMBER)
    await picture(page, "number")
    await page.locator("#number-send").click()
    await expect(page.locator("#other-number")).to_be_visible()
    await picture(page, "digits")
    digits = await phone.digits_of(page)

    await phone.open()
    await phone.page.locator("[data-action]").first.click()
    await phone.on_screen("digits")
    await phone.page.locator("#digits").fill(digits)
    await phone.press("#digits-continue")
    await phone.on_screen("request")
    await expect(phone.page.locator("#remember")).to_have_count(0)
    await phone.press("#approve")
    await phone.type_code()
    await expect(phone.page.locator("#outcome")).to_have_attribute("data-outcome", "approved")
    await expect(page).to_have_url(re.compile(f"^{phone.world}/shop"))

    await phone.press("#outcome-home", "#tab-settings", "#settings-browsers")
    await expect(phone.page.locator("[data-browser]")).to_have_count(1)
    await picture(phone.page, "browsers")
    await phone.press("[data-forget]")
    await expect(phone.page.locator("#no-browsers")).to_be_visible()


async def test_a_call_and_another_place(sandbox: Sandbox, phone: Handset) -> None:
    """T-7: a scammer in Lisbon reads a frame to somebody in Ghent who is on the phone."""
    await phone.page.route("**/engine/device.js", _as_a_native_app)
    await phone.activate("henriette", "400000104")
    with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.4.9"), timeout=20) as scammer:
        visitor = Visitor(sandbox.base, sandbox.partner("shop"), scammer)
        page = visitor.start()
        await phone.open(page.qr.removeprefix(phone.origin))
        await phone.on_screen("digits")
        await phone.page.locator("#digits").fill(page.digits)
        await phone.press("#digits-continue")
        await phone.on_screen("call")
        await picture(phone.page, "call")
        await phone.page.locator("#call-continue").dispatch_event("click")
        await phone.on_screen("call")
        await expect(phone.page.locator("#call-continue")).not_to_have_attribute("aria-disabled", "true")
        await phone.press("#call-continue")
        await phone.on_screen("request")
        await expect(phone.page.locator("#places")).to_contain_text("Lisbon")
        warnings = await phone.page.locator("[data-warning]").evaluate_all("all => all.map(one => one.dataset.warning)")
        assert warnings == ["far", "call"]
        await expect(phone.page.locator("#remember")).to_have_count(0)
        await picture(phone.page, "far")
        await phone.press("#not-me")
        await expect(phone.page.locator("#outcome")).to_have_attribute("data-outcome", "not_started")
        await expect(phone.page.locator("#block-identity")).to_be_visible()


async def _as_a_native_app(route: Route) -> None:
    """The web app cannot know of calls: here it reports one, as a native app would."""
    answer = await route.fetch()
    text = await answer.text()
    assert "appName: app.name," in text
    await route.fulfill(response=answer, body=text.replace("appName: app.name,", "appName: app.name, on_call: true,"))
