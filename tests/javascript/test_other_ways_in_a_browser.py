"""The app's screens for a day without the phone: invited, prepared, printed, taken away."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Page, expect

from tests.javascript.app_driver import Handset, chromium, new_handset
from tests.support.sandbox import Sandbox, running_sandbox

PICTURES = os.environ.get("IPSE_PICTURES")
PROBE = (Path(__file__).parent / "accessibility_probe.js").read_text()

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
async def phone(sandbox: Sandbox) -> AsyncIterator[Handset]:
    async with chromium() as browser:
        yield await new_handset(browser, sandbox)


async def _looked_at(page: Page, name: str) -> None:
    assert await page.evaluate(PROBE) == [], name
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


async def test_a_person_is_invited_and_prepares_all_three(phone: Handset) -> None:
    await phone.activate("ada", "400000101")
    page = phone.page
    await expect(page.locator("#invitation")).to_be_visible()
    await _looked_at(page, "invitation")
    await phone.press("#invitation-go")
    await expect(page.locator("#no-fallbacks")).to_be_visible()
    await _looked_at(page, "fallbacks-none")

    await phone.press("#add-sheet")
    await phone.type_code()
    await phone.on_screen("told-sheet")
    codes = await page.locator("#fallback-codes [data-code]").evaluate_all("all => all.map(one => one.dataset.code)")
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"\d{8}", code) for code in codes)
    name = await page.locator("#fallback-name").inner_text()
    await _looked_at(page, "told-sheet")
    await page.emulate_media(media="print")
    await expect(page.locator("#fallback-print")).to_be_hidden()
    await expect(page.locator("#fallback-codes")).to_be_visible()
    if PICTURES:
        await page.pdf(path=Path(PICTURES) / "told-sheet.pdf")
    await page.emulate_media(media="screen")
    await phone.press("#fallback-done", "#settings-fallbacks", "#add-totp")
    await phone.type_code()
    await phone.on_screen("told-totp")
    key = await page.locator("#fallback-key").get_attribute("data-key")
    uri = await page.locator("#fallback-qr").get_attribute("data-uri")
    assert key is not None
    assert uri is not None
    assert len(base64.b32decode(key)) == 20
    assert parse_qs(urlsplit(uri).query)["secret"] == [key]
    assert await page.locator("#fallback-name").inner_text() == name
    await _looked_at(page, "told-totp")

    await phone.press("#fallback-done", "#settings-fallbacks", "#add-passkey")
    await phone.type_code()
    await phone.on_screen("told-passkey")
    address = await page.locator("#fallback-address").inner_text()
    assert address.startswith(f"{phone.sandbox.base}/passkey/")
    await _looked_at(page, "told-passkey")

    await phone.press("#fallback-done", "#settings-fallbacks")
    await expect(page.locator("#fallbacks [data-setup]")).to_have_count(2)  # no browser has made the passkey
    await _looked_at(page, "fallbacks")
    await phone.press('#fallbacks [data-method="totp"]')
    await _looked_at(page, "fallback")
    await phone.press("#fallback-remove")
    await phone.type_code()
    await expect(page.locator("#fallbacks [data-setup]")).to_have_count(1)
    await phone.open()
    await phone.on_screen("home")
    await expect(page.locator("#history")).to_be_visible()
    await expect(page.locator("#invitation")).to_have_count(0)


async def test_the_invitation_can_be_sent_away(phone: Handset) -> None:
    await phone.activate("sukma", "400000105")
    await phone.press("#invitation-later")
    await expect(phone.page.locator("#invitation")).to_have_count(0)
    await phone.open()
    await expect(phone.page.locator("#history")).to_be_visible()
    await expect(phone.page.locator("#invitation")).to_have_count(0)
