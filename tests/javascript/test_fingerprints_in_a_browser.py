"""Fingerprint or face in real Chromium, with a virtual authenticator; and being woken through its service worker."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import CDPSession, Page, expect

from tests.javascript.app_driver import CODE, Handset, chromium, new_handset
from tests.support.sandbox import Sandbox, running_sandbox

PICTURES = Path("artefacts/fingerprints")
PROBE = (Path(__file__).with_name("accessibility_probe.js")).read_text()

pytestmark = [pytest.mark.journey, pytest.mark.processes, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("fingerprints")) as running:
        yield running


@pytest.fixture
async def phone(sandbox: Sandbox) -> AsyncIterator[Handset]:
    await asyncio.to_thread(PICTURES.mkdir, parents=True, exist_ok=True)
    async with chromium() as browser:
        yield await new_handset(browser, sandbox, workers="allow")


async def _picture(page: Page, name: str) -> None:
    await page.wait_for_timeout(400)
    await page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


async def _sensor(phone: Handset) -> tuple[CDPSession, str]:
    """A phone with a sensor that knows its person."""
    tools = await phone.context.new_cdp_session(phone.page)
    await tools.send("WebAuthn.enable")
    options: dict[str, Any] = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = await tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return tools, made["authenticatorId"]


async def _claim(phone: Handset, path: str = "/shop/login") -> Page:
    """A request on the phone, begun at a desktop."""
    page = await phone.begin(path)
    digits, frame = await phone.digits_of(page), await page.locator("#qr").get_attribute("data-content")
    assert frame is not None
    await phone.page.evaluate("(to) => { location.hash = to }", frame.removeprefix(phone.origin + "/"))
    await phone.page.locator("#digits").fill(digits)
    await phone.press("#digits-continue", "#approve")
    return page


async def _approved(phone: Handset, shop: Page) -> None:
    await expect(phone.page.locator("#outcome")).to_have_attribute("data-outcome", "approved")
    await expect(shop).to_have_url(re.compile(r"^http://127\.0\.0\.1"))
    await shop.close()
    await phone.press("#outcome-home")


async def test_from_the_settings_to_the_shop_and_back(phone: Handset) -> None:
    """B-4, B-24: added with the code, approves a basic login, and whatever goes wrong leads to the code."""
    tools, sensor = await _sensor(phone)
    await phone.activate("ada", "400000101")
    await phone.press("#tab-settings", "#settings-fingerprint")
    await expect(phone.page.locator("#no-fingerprints")).to_be_visible()
    await _picture(phone.page, "none")
    assert await phone.page.evaluate(PROBE) == []

    await phone.press("#fingerprint-add")
    await tools.send("WebAuthn.setUserVerified", {"authenticatorId": sensor, "isUserVerified": False})
    await phone.type_code(CODE)
    await expect(phone.page.locator("#code-complaint")).not_to_be_empty()
    await tools.send("WebAuthn.setUserVerified", {"authenticatorId": sensor, "isUserVerified": True})
    await phone.type_code(CODE)
    await expect(phone.page.locator("#fingerprints [data-fingerprint]")).to_have_count(1)
    await _picture(phone.page, "one")
    assert await phone.page.evaluate(PROBE) == []
    credentials = (await tools.send("WebAuthn.getCredentials", {"authenticatorId": sensor}))["credentials"]
    assert [one["rpId"] for one in credentials] == ["localhost"]

    shop = await _claim(phone)
    await phone.on_screen("approval-fingerprint")
    await _picture(phone.page, "approve")
    assert await phone.page.evaluate(PROBE) == []
    await phone.press("#use-fingerprint")
    await expect(shop.locator("body")).to_contain_text("acr_basic")
    await _approved(phone, shop)

    await tools.send("WebAuthn.setUserVerified", {"authenticatorId": sensor, "isUserVerified": False})
    shop = await _claim(phone)
    await phone.press("#use-fingerprint")
    await phone.on_screen("approval")
    await expect(phone.page.locator("#code-complaint")).not_to_be_empty()
    await _picture(phone.page, "then-the-code")
    await phone.type_code(CODE)
    await _approved(phone, shop)

    shop = await _claim(phone)
    await phone.press("#use-code")
    await phone.type_code(CODE)
    await _approved(phone, shop)

    await phone.press("#tab-settings", "#settings-fingerprint", "[data-remove]")
    await expect(phone.page.locator("#no-fingerprints")).to_be_visible()
    shop = await _claim(phone)
    await phone.on_screen("approval")
    await phone.type_code(CODE)
    await _approved(phone, shop)


async def test_a_phone_without_a_sensor_offers_nothing(phone: Handset) -> None:
    await phone.activate("ada", "400000101")
    await phone.press("#tab-settings")
    await expect(phone.page.locator("#settings-code")).to_be_visible()
    await expect(phone.page.locator("#settings-fingerprint")).to_be_hidden()


async def test_a_push_shows_one_notification_that_opens_the_request(phone: Handset) -> None:
    """Delivered to the real service worker; the app says `home` and shows what waits."""
    await phone.context.grant_permissions(["notifications"], origin=phone.origin)
    await phone.activate("ada", "400000101")
    tools = await phone.context.new_cdp_session(phone.page)
    registered: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def hear(event: dict[str, Any]) -> None:
        for one in event["registrations"]:
            if not registered.done():
                registered.set_result(one["registrationId"])

    tools.on("ServiceWorker.workerRegistrationUpdated", hear)
    await tools.send("ServiceWorker.enable")
    await phone.page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    message = {"origin": phone.origin, "registrationId": await registered, "data": '{"waiting":true}'}
    for _ in range(2):
        await tools.send("ServiceWorker.deliverPushMessage", message)
    shown = """async () => {
      const registration = await navigator.serviceWorker.ready;
      return (await registration.getNotifications()).map(({ title, body, tag }) => [title, body, tag]);
    }"""
    await phone.page.wait_for_function(f"async () => (await ({shown})()).length > 0")
    expected = ["Something waits for you in Ipse", "Open the app to see what.", "waiting"]
    assert await phone.page.evaluate(shown) == [expected]
    await phone.press("#tab-settings")
    (worker,) = phone.context.service_workers
    await worker.evaluate(
        """async () => {
          const [notification] = await self.registration.getNotifications();
          self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
        }"""
    )
    await phone.on_screen("home")
    assert await phone.page.evaluate(shown) == []


async def test_a_browser_whose_push_service_does_not_help_says_so(phone: Handset) -> None:
    """Everything works without; the switch goes back and tells why."""
    await phone.context.grant_permissions(["notifications"], origin=phone.origin)
    await phone.activate("ada", "400000101")
    await phone.press("#tab-settings", "#settings-waking")
    await expect(phone.page.locator("#waking")).to_be_enabled()
    await _picture(phone.page, "waking")
    assert await phone.page.evaluate(PROBE) == []
    await phone.page.evaluate(
        """() => {
          PushManager.prototype.subscribe = () => Promise.reject(new DOMException("no push service", "AbortError"));
        }"""
    )
    await phone.page.locator("#waking").click()
    await expect(phone.page.locator("#complaint")).not_to_be_empty()
    await expect(phone.page.locator("#waking")).not_to_be_checked()
    await _picture(phone.page, "waking-fails")
