"""A duress code and an emergency sheet in real Chromium, from the settings of the app to the shop and the block."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.javascript.app_driver import CODE, Handset, chromium, new_handset
from tests.support.sandbox import Sandbox, running_sandbox

DURESS = "86420"
PICTURES = Path("artefacts/codes")
PROBE = (Path(__file__).with_name("accessibility_probe.js")).read_text()

pytestmark = [pytest.mark.journey, pytest.mark.processes, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("codes")) as running:
        yield running


@pytest.fixture
async def phone(sandbox: Sandbox) -> AsyncIterator[Handset]:
    await asyncio.to_thread(PICTURES.mkdir, parents=True, exist_ok=True)
    async with chromium() as browser:
        yield await new_handset(browser, sandbox)


async def _picture(page: Page, name: str) -> None:
    await page.wait_for_timeout(400)
    await page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


async def _storage(page: Page) -> str:
    """Everything the app keeps, but what changes with every message."""
    return str(
        await page.evaluate(
            """() => new Promise((resolve) => {
              const opening = indexedDB.open("ipse", 1);
              opening.onsuccess = () => {
                const asking = opening.result.transaction("phone").objectStore("phone").get("record");
                asking.onsuccess = () => {
                  const { chain, challenge, privateKey, pending, name, ...kept } = asking.result;
                  opening.result.close();
                  resolve(JSON.stringify(kept));
                };
              };
            })"""
        )
    )


async def test_a_forced_person_shows_success_and_is_blocked_in_silence(phone: Handset) -> None:
    """T-25: set in the settings without a trace, typed at the shop's request; the shop sees a fault."""
    await phone.activate("ada", "400000101")
    before = await _storage(phone.page)
    await phone.press("#tab-settings", "#settings-duress")
    await _picture(phone.page, "duress")
    assert await phone.page.evaluate(PROBE) == []
    await phone.press("#duress-set")
    await phone.on_screen("duress-current")
    await phone.type_code()
    await phone.on_screen("duress-next")
    await phone.type_code("13570")
    await expect(phone.page.locator("#code-complaint")).not_to_be_empty()
    await _picture(phone.page, "duress-near")
    await phone.type_code(DURESS)
    await phone.on_screen("duress-again")
    await phone.type_code(DURESS)
    await expect(phone.page.locator("#duress-done")).to_be_visible()
    await _picture(phone.page, "duress-done")
    assert await _storage(phone.page) == before
    shop = await phone.begin()
    digits, frame = await phone.digits_of(shop), await shop.locator("#qr").get_attribute("data-content")
    assert frame is not None
    await phone.open(frame.removeprefix(phone.origin))
    await phone.page.locator("#digits").fill(digits)
    await phone.press("#digits-continue", "#approve")
    await phone.type_code(DURESS)
    await expect(phone.page.locator("#outcome")).to_have_attribute("data-outcome", "approved")
    await _picture(phone.page, "duress-approved")
    await expect(shop).to_have_url(re.compile("127.0.0.1"))
    await _picture(shop, "duress-shop")
    await phone.open()
    await expect(phone.page.locator("#account-state")).to_have_attribute("data-state", "active")
    await expect(phone.page.locator("#history [data-outcome]").first).to_have_attribute("data-outcome", "approved")
    await _picture(phone.page, "duress-home")


async def test_a_printed_sheet_blocks_from_any_browser_without_scripts(phone: Handset, sandbox: Sandbox) -> None:
    await phone.activate("ada", "400000101")
    await phone.press("#tab-settings", "#settings-sheets")
    await expect(phone.page.locator("#no-sheets")).to_be_visible()
    await _picture(phone.page, "sheets-none")
    assert await phone.page.evaluate(PROBE) == []
    await phone.press("#sheet-contact")
    await phone.page.locator("#contact-name").fill("Noor")
    await phone.press("#contact-continue")
    await phone.type_code(CODE)
    await expect(phone.page.locator("#sheet-code")).to_be_visible()
    await _picture(phone.page, "sheet")
    assert await phone.page.evaluate(PROBE) == []
    code = " ".join(await phone.page.locator("#sheet-code span").all_inner_texts())
    await phone.press("#sheet-done")
    browser = phone.context.browser
    assert browser is not None
    plain = await browser.new_context(java_script_enabled=False, locale="nl-BE", viewport={"width": 390, "height": 844})
    page = await plain.new_page()
    await page.goto(f"{sandbox.base}/block/panic")
    await _picture(page, "panic-page")
    await page.locator("#code").fill(code[:-1] + str((int(code[-1]) + 1) % 10))
    await page.locator("#block").click()
    await expect(page.locator("#problem")).to_be_visible()
    await _picture(page, "panic-slip")
    await page.locator("#code").fill(code)
    await page.locator("#block").click()
    await expect(page.locator('[data-outcome="taken"]')).to_be_visible()
    await _picture(page, "panic-taken")
    await plain.close()
    await phone.open()
    await expect(phone.page.locator("#stopped")).to_be_visible()
