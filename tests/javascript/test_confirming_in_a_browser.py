"""What the app shows of things to confirm, of requests sent to a phone, and while a partner has not asked yet.

In Chromium, against a scheme that answers from a script.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.javascript.app_driver import CODE, chromium
from tests.javascript.scheme_stand_in import Handset, handset

PROBE = (Path(__file__).with_name("accessibility_probe.js")).read_text()
PAYMENT = {
    "type": "payment",
    "amount": "1234.50",
    "currency": "EUR",
    "creditor_name": "Pot & Linde Plantenhuis",
    "creditor_iban": "BE71096123456769",
    "reference": "Order 1187",
}
DOOR = {"type": "device_action", "device": "Front door", "action": "unlock", "location": "Linden Street 5"}
AGREEMENT = {"type": "agreement", "title": "House rules", "text": "Be kind.", "version": "7", "sha256": "n4bQgYhMfWWaL"}
LONG = ("<b>One</b> <script>alert(1)</script> <img src=x onerror=alert(1)> &amp; <i>two<br><u>three</u></i> " * 90)[
    :7500
]
_SIZES = """() => [...document.querySelectorAll("#app *")]
  .filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ""))
  .filter((one) => !one.closest(".unseen, .monogram"))
  .map((one) => [parseFloat(getComputedStyle(one).fontSize), one.closest("[data-part]")?.dataset.part ?? ""])
  .sort(([one], [other]) => other - one)"""

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as found:
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def phone(browser: Browser) -> AsyncIterator[Handset]:
    async with handset(browser) as found:
        yield found


def _addressed(phone: Handset, **members: Any) -> dict[str, Any]:
    entry = {"action": "action-1", "partner": "My house", "service": "Keys", "claimed": False, "digits": False}
    return {**entry, "expires_at": phone.scheme.until(), **members}


def _claims(phone: Handset) -> list[dict[str, Any]]:
    return [payload for path, payload in phone.scheme.told if path == "/claims"]


@pytest.mark.parametrize(
    ("locale", "amount", "payee"),
    [
        ("nl-BE", "1.234,50", "aan"),
        ("fr-BE", "1\u202f234,50", "à"),
        ("de-DE", "1.234,50", "an"),
        ("en-GB", "1,234.50", "to"),
    ],
)
async def test_amount_and_payee_are_the_largest_and_the_digits_those_signed(
    browser: Browser, locale: str, amount: str, payee: str
) -> None:
    """B-41, WYSIWYS: separators of the language, the digits of the document."""
    async with handset(browser, locale=locale) as phone:
        await phone.show(PAYMENT, broker="Signbridge")
        card = phone.page.locator('[data-confirm="payment"]')
        await expect(card.locator(".amount-digits")).to_have_text(amount)
        await expect(card).to_contain_text(payee)
        await expect(card.locator('[data-part="iban"]')).to_have_text("BE71 0961 2345 6769")
        await expect(card.locator('[data-part="reference"]')).to_have_text("Order 1187")
        await expect(phone.page.locator("#partner")).to_have_text("Pot & Linde")
        await expect(phone.page.locator("#broker")).to_contain_text("Signbridge")
        sizes = await phone.page.evaluate(_SIZES)
        assert sizes[0][1] == "amount"
        assert {part for _, part in sizes[:3]} == {"amount", "payee"}
        assert sizes[2][0] > sizes[3][0]


async def test_a_text_becomes_elements_and_leaves_the_buttons_in_reach(phone: Handset) -> None:
    """Only b, i, u and br; 7,500 characters scroll inside the page."""
    await phone.show({"type": "text", "text": LONG})
    text = phone.page.locator('[data-part="text"]')
    names = await text.evaluate(
        "(one) => [...new Set([...one.querySelectorAll('*')].map(({ localName }) => localName))]"
    )
    assert sorted(names) == ["b", "br", "i", "u"]
    await expect(text).to_contain_text("<script>alert(1)</script>")
    await expect(text).to_contain_text("&amp;")
    await expect(phone.page.locator("#approve")).to_be_in_viewport(ratio=1)
    await expect(phone.page.locator("#not-me")).to_be_in_viewport(ratio=1)
    assert await phone.page.evaluate("document.querySelector('#screen').scrollHeight > 3 * innerHeight")
    more = phone.page.locator("#more-below")
    await more.click()
    assert await phone.page.evaluate("document.querySelector('#screen').scrollTop > 200")
    await phone.page.evaluate("document.querySelector('#screen').scrollTo(0, 1e6)")
    await expect(more).to_be_hidden()
    await phone.show(DOOR)
    await expect(more).to_be_hidden()


async def test_agreements_and_devices_say_all_that_is_signed(phone: Handset) -> None:
    await phone.show(AGREEMENT)
    for part, words in {"title": "House rules", "text": "Be kind.", "version": "7", "digest": "n4bQgYhMfWWaL"}.items():
        await expect(phone.page.locator(f'[data-confirm="agreement"] [data-part="{part}"]')).to_contain_text(words)
    await expect(phone.page.locator("#approve")).to_have_text("Agree")
    await phone.show(DOOR)
    await expect(phone.page.locator('[data-part="action"]')).to_have_text("Unlock – Front door")
    await expect(phone.page.locator('[data-part="location"]')).to_have_text("Linden Street 5")
    await expect(phone.page.locator("#approve")).to_have_text("Unlock")
    await phone.page.locator("#approve").click()
    await expect(phone.page.locator("#approving")).to_have_text("Unlock – Front door")


@pytest.mark.parametrize(
    "content", [{"type": "insurance"}, {**PAYMENT, "instalments": "12"}, {**DOOR, "action": "open"}]
)
async def test_what_cannot_be_shown_can_only_be_refused(phone: Handset, content: dict[str, str]) -> None:
    """WYSIWYS fails closed."""
    await phone.show(PAYMENT, content)
    await expect(phone.page.locator("#strange")).to_be_visible()
    assert await phone.page.locator("#approve").count() == 0
    await phone.page.locator("#refuse").click()
    await expect(phone.page.locator("#outcome")).to_have_attribute("data-outcome", "rejected")


async def test_a_request_sent_to_the_phone_wants_the_digits_of_who_started_it(phone: Handset) -> None:
    """DESIGN 6: anything that reaches a phone without a scan or link needs such a match."""
    phone.scheme.open = [_addressed(phone, digits=True, broker="Signbridge")]
    phone.scheme.claimed = phone.scheme.shown(confirms=[DOOR], started={"at": 0, "how": "push"})
    await phone.open()
    row = phone.page.locator('#requests [data-action="action-1"]')
    for words in ("My house", "Signbridge", "Keys", "2:"):
        await expect(row).to_contain_text(words)
    await row.click()
    await phone.on_screen("digits")
    await expect(phone.page.locator("#digits-lead")).to_contain_text("someone else started this: refuse")
    await phone.page.locator("#digits-continue").click()
    await expect(phone.page.locator("#complaint")).to_have_text("Type both digits.")
    await phone.page.locator("#digits").fill("07")
    await phone.page.keyboard.press("Enter")
    await phone.on_screen("request")
    assert _claims(phone)[0]["start"] == {"action": "action-1", "digits": "07"}


async def test_whoever_did_not_start_it_refuses_unopened(phone: Handset) -> None:
    phone.scheme.open = [_addressed(phone, digits=True)]
    await phone.open()
    await phone.page.locator('[data-action="action-1"]').click()
    await phone.page.locator("#not-me").click()
    await expect(phone.page.locator("#outcome")).to_have_attribute("data-outcome", "not_started")
    assert not _claims(phone)
    assert "/approvals" in [path for path, _ in phone.scheme.told]


async def test_a_scan_that_says_who_is_here_becomes_the_request_that_follows(phone: Handset) -> None:
    waiting = {"waiting": True, "action": "d", "partner": "My house", "service": "Keys"}
    phone.scheme.claimed = {**waiting, "expires_at": phone.scheme.until()}
    await phone.open("/#f=frame.of.link")
    await phone.open("/#l=link")
    await phone.on_screen("connecting")
    await expect(phone.page.locator("#title")).to_have_text("Connecting you with My house…")
    phone.scheme.claimed = phone.scheme.shown(confirms=[DOOR])
    phone.scheme.open = [_addressed(phone, partner="Other"), _addressed(phone, action="action-2")]
    await phone.on_screen("request")
    assert _claims(phone)[-1]["start"] == {"action": "action-2"}


async def test_waiting_for_a_partner_can_be_stopped(phone: Handset) -> None:
    waiting = {"waiting": True, "action": "d", "partner": "My house", "service": "Keys"}
    await phone.page.clock.install()
    phone.scheme.claimed = {**waiting, "expires_at": phone.scheme.until(120)}
    await phone.open("/#l=link")
    await phone.page.locator("#cancel").click()
    await phone.on_screen("home")
    await phone.answered()
    await phone.open("/#l=other")
    await phone.on_screen("connecting")
    await phone.page.clock.fast_forward(180_000)
    await expect(phone.page.locator("#outcome")).to_contain_text("has asked nothing")


async def test_the_app_reports_only_what_it_knows(phone: Handset) -> None:
    """No browser knows whether a phone is rooted, debugged, on a call, or which model it is."""
    phone.scheme.claimed = phone.scheme.shown(confirms=[DOOR])
    await phone.open("/#l=link")
    await phone.on_screen("request")
    first = _claims(phone)[0]["device"]
    assert {"os", "appName", "appRelease", "appInstalledDate", "deviceId"} == set(first)
    await phone.open()
    await phone.page.locator("#tab-settings").click()
    await phone.page.locator("#settings-name").click()
    await phone.page.locator("#device-name").fill("Ada's phone")
    await phone.page.locator("#device-name-keep").click()
    await expect(phone.page.locator("#settings-name")).to_contain_text("Ada's phone")
    await phone.open("/#l=link")
    await phone.on_screen("request")
    assert _claims(phone)[-1]["device"] == {**first, "deviceLabel": "Ada's phone"}


async def test_the_history_says_what_was_confirmed(phone: Handset) -> None:
    entry = {"partner": "Shop", "service": "Pay", "type": "confirmation", "at": 1_790_000_000, "method": "code"}
    entry |= {"outcome": "approved", "start": "push", "shared": [], "declined": [], "broker": "Signbridge"}
    text = {"type": "text", "text": "<b>Rent</b> 2027<br>and more"}
    phone.scheme.entries = [
        {**entry, "action": "h1", "confirmed": [PAYMENT]},
        {**entry, "action": "h2", "confirmed": [text]},
        {**entry, "action": "h3", "confirmed": [{"type": "insurance"}]},
    ]
    await phone.open()
    rows = phone.page.locator("#history [data-entry]")
    await expect(rows.nth(0)).to_contain_text("1,234.50\u00a0EUR to Pot & Linde Plantenhuis")
    await expect(rows.nth(1)).to_contain_text("Rent 2027")
    await expect(rows.nth(1)).not_to_contain_text("and more")
    await rows.nth(0).click()
    await expect(phone.page.locator('[data-confirm="payment"] [data-part="payee"]')).to_have_text(
        PAYMENT["creditor_name"]
    )
    await phone.page.locator("#back").click()
    await rows.nth(2).click()
    await expect(phone.page.locator("#screen")).to_contain_text("cannot show")


@pytest.mark.parametrize(("colours", "size"), [("light", (390, 844)), ("dark", (390, 844)), ("light", (320, 568))])
async def test_each_of_these_screens_is_accessible(browser: Browser, colours: Any, size: tuple[int, int]) -> None:
    """WCAG 2.2 AA: names, sizes, contrast, reflow without sideways scrolling (1.4.10), the focus on the heading."""
    async with handset(browser, colours=colours, size=size) as phone:

        async def accessible() -> None:
            await asyncio.sleep(0.45)
            assert await phone.page.evaluate(PROBE) == []
            assert await phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert await phone.page.evaluate("document.querySelector('#screen').scrollWidth <= innerWidth")

        phone.scheme.open = [_addressed(phone, digits=True, broker="Signbridge")]
        phone.scheme.claimed = phone.scheme.shown(confirms=[PAYMENT])
        await phone.open()
        await phone.page.locator("#requests [data-action]").click()
        await phone.on_screen("digits")
        assert await phone.page.evaluate("document.activeElement?.id") == "title"
        await accessible()
        for contents in ([PAYMENT, DOOR], [AGREEMENT], [{"type": "text", "text": LONG}], [{"type": "insurance"}]):
            await phone.show(*contents)
            await accessible()
        await phone.show({**PAYMENT, "amount": "999999999999999999.999999", "creditor_name": "W" * 70})
        await accessible()
        waiting = {"waiting": True, "action": "d", "partner": "Other", "service": "Keys"}
        phone.scheme.claimed = {**waiting, "expires_at": phone.scheme.until()}
        await phone.open("/#l=link")
        await phone.on_screen("connecting")
        await accessible()


async def test_the_code_that_unlocks_is_sealed_and_sent_once(phone: Handset) -> None:
    phone.scheme.outcome = "approved"
    await phone.show(DOOR)
    await phone.page.locator("#approve").click()
    for digit in CODE:
        await phone.page.locator(f'#code-pad [data-digit="{digit}"]').click()
    await expect(phone.page.locator("#outcome")).to_have_attribute("data-outcome", "approved")
    assert [path for path, _ in phone.scheme.told].count("/approvals") == 1
