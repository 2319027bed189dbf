"""Check my phone, in Chromium: what is well, what is not, what to do, and never to delete the app first."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.javascript.app_driver import chromium
from tests.javascript.scheme_stand_in import SCHEME, Handset, handset

PICTURES = Path("artefacts/checking")
PROBE = (Path(__file__).with_name("accessibility_probe.js")).read_text()
_FORGET = """() => new Promise((resolve) => {
  const opening = indexedDB.open("ipse", 1);
  opening.onsuccess = () => {
    const writing = opening.result.transaction("phone", "readwrite");
    writing.objectStore("phone").clear();
    writing.oncomplete = () => { opening.result.close(); resolve(null); };
  };
})"""

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    await asyncio.to_thread(PICTURES.mkdir, parents=True, exist_ok=True)
    async with chromium() as found:
        yield found


async def _check(phone: Handset, **configured: Any) -> None:
    phone.scheme.configured = {
        "name": "Ipse",
        "incident": None,
        "time": int(time.time()),
        "help": "http://scheme.localhost/help",
        **configured,
    }
    await phone.open()
    await phone.page.click("#tab-settings")
    await phone.page.click("#settings-check")


async def _states(phone: Handset) -> dict[str, str | None]:
    await expect(phone.page.locator("#check-sum")).to_be_visible()
    lines = await phone.page.locator("[data-check]:not([hidden])").all()
    return {str(await line.get_attribute("data-check")): await line.get_attribute("data-state") for line in lines}


async def _picture(phone: Handset, name: str) -> None:
    await phone.page.wait_for_timeout(400)
    await phone.page.screenshot(path=PICTURES / f"{name}.png", full_page=True)
    assert await phone.page.evaluate(PROBE) == []


@pytest.mark.parametrize("locale", ["en-GB", "fr-BE"])
async def test_a_phone_that_is_well(browser: Browser, locale: str) -> None:
    async with handset(browser, locale=locale) as phone:
        phone.scheme.at_home = {"sim": {"state": "ready", "checked_at": 1}, "language": locale[:2]}
        await _check(phone)
        states = await _states(phone)
        assert {name for name, state in states.items() if state == "ok"} >= {
            "connection", "incident", "clock", "key", "identity", "sim", "version",
        }  # fmt: skip
        assert "bad" not in states.values()
        assert any(path == "/home" for path, _ in phone.scheme.told)  # a signed message went there and back
        await expect(phone.page.locator("#check-keep")).to_be_visible()
        await expect(phone.page.locator("#check-help a")).to_have_attribute(
            "href", f"http://scheme.localhost/help?lang={locale[:2]}"
        )
        await _picture(phone, f"well-{locale[:2]}")


async def test_what_is_not_well_says_what_to_do(browser: Browser) -> None:
    async with handset(browser, colours="dark") as phone:
        sentence = dict.fromkeys(("nl", "fr", "de", "en"), "Signing documents takes longer than usual.")
        phone.scheme.at_home = {"sim": {"state": "reduced", "checked_at": None, "number_proven": False}}
        await _check(phone, time=int(time.time()) - 1800, minimum_app_version="99.0.0", incident={"sentence": sentence})
        states = await _states(phone)
        assert {name: states[name] for name in ("incident", "clock", "sim", "version")} == {
            "incident": "warning", "clock": "warning", "sim": "warning", "version": "bad",
        }  # fmt: skip
        await expect(phone.page.locator("#check-sum")).to_have_attribute("data-state", "bad")
        await expect(phone.page.locator('[data-check="clock"]')).to_contain_text("30 minutes ahead")
        await expect(phone.page.locator('[data-check="clock"] .check-advice')).to_be_visible()
        await expect(phone.page.locator('[data-check="version"] .check-advice')).to_contain_text("open it again")
        await _picture(phone, "not-well")
        await phone.page.click('[data-help="number"]')
        await phone.on_screen("new-number-code")


async def test_a_scheme_that_does_not_answer_is_not_the_phone(browser: Browser) -> None:
    async with handset(browser) as phone:
        await _check(phone)
        await _states(phone)
        await phone.context.route(f"{SCHEME}/**", lambda route: route.abort())
        await phone.page.click("#check-again")
        await expect(phone.page.locator('[data-check="connection"]')).to_have_attribute("data-state", "bad")
        states = await _states(phone)
        assert {*states} == {"connection", "key", "storage"}
        assert states["key"] == "ok"
        await expect(phone.page.locator('[data-check="connection"] .check-advice')).to_contain_text("not your phone")
        await expect(phone.page.locator("[data-help]")).to_have_count(0)
        await _picture(phone, "no-answer")
        await phone.open()
        await phone.page.click("#home-check")
        await phone.on_screen("check")


async def test_only_a_key_that_is_gone_or_unknown_leads_to_another_activation(browser: Browser) -> None:
    async with handset(browser) as phone:
        await _check(phone)
        await _states(phone)
        await phone.page.evaluate(_FORGET)
        await phone.page.click("#check-again")
        await expect(phone.page.locator('[data-check="key"]')).to_have_attribute("data-state", "bad")
        await expect(phone.page.locator('[data-check="key"] [data-help="again"]')).to_be_visible()


async def test_an_error_can_be_read_out(browser: Browser) -> None:
    async with handset(browser) as phone:
        phone.scheme.refused = {"code": "risk_too_high", "reference": "7QK2-M4PX"}
        await phone.open("/#l=link")
        await expect(phone.page.locator("#screen")).to_contain_text("7QK2-M4PX")
