"""The phone app in real Chromium, against a real scheme: what the journey does not touch."""

from __future__ import annotations

import asyncio
import contextlib
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Error, Page, Route, expect

from tests.javascript.app_driver import CODE, Handset, chromium, new_handset
from tests.support.sandbox import IPSE, Sandbox, running_sandbox

PROBE = (Path(__file__).with_name("accessibility_probe.js")).read_text()

pytestmark = [pytest.mark.journey, pytest.mark.processes, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("app")) as running:
        yield running


@pytest.fixture
async def phone(sandbox: Sandbox) -> AsyncIterator[Handset]:
    async with chromium() as browser:
        yield await new_handset(browser, sandbox)


async def _outcome(phone: Handset, outcome: str) -> None:
    await expect(phone.page.locator("#outcome")).to_have_attribute("data-outcome", outcome)


async def test_an_answer_lost_on_the_way_is_fetched_with_the_same_bytes(phone: Handset) -> None:
    """T-20, R-34: the scheme took the approval, the connection broke before its answer arrived."""
    await phone.activate("ada", "400000101")
    bodies: list[bytes | None] = []

    async def lose(route: Route) -> None:
        if route.request.method != "POST":
            await route.continue_()
            return
        bodies.append(route.request.post_data_buffer)
        answer = await route.fetch()
        if len(bodies) < 3:
            await route.abort("connectionreset")
        else:
            await route.fulfill(response=answer)

    await phone.context.route("**/phone/v1/approvals", lose)
    shop = await phone.begin()
    await phone.open(await phone.link_of(shop))
    await phone.press("#approve")
    await phone.type_code()
    await expect(phone.page).to_have_url(re.compile("/v2/sign-in/return/"))
    assert len(bodies) == 3
    assert len(set(bodies)) == 1


async def test_an_approval_under_way_is_finished_after_a_restart(phone: Handset) -> None:
    await phone.activate("ada", "400000101")

    async def never(route: Route) -> None:
        if route.request.method == "POST":
            await route.fetch()
        await route.abort("connectionreset")

    await phone.context.route("**/phone/v1/approvals", never)
    shop = await phone.begin()
    digits = await phone.digits_of(shop)
    frame = await shop.locator("#qr").get_attribute("data-content")
    assert frame is not None
    await phone.open(frame.removeprefix(phone.origin))
    await phone.page.locator("#digits").fill(digits)
    await phone.press("#digits-continue", "#approve")
    await phone.type_code()
    await expect(shop).to_have_url(re.compile("/shop/received"))  # the scheme has it, the phone does not know
    await phone.page.goto("about:blank")  # as if the battery had died
    await phone.context.unroute("**/phone/v1/approvals")
    await phone.open()
    await _outcome(phone, "approved")
    await expect(phone.page.locator("#outcome")).to_contain_text("Go on at Pot & Linde")
    await phone.press("#outcome-home")
    await expect(phone.page.locator("#history [data-entry]").first).to_have_attribute("data-outcome", "approved")


async def test_an_activation_survives_a_lost_answer(phone: Handset) -> None:
    """The code that counts is the one that was sent; nobody is asked to choose again meanwhile."""
    asked = 0

    async def lose(route: Route) -> None:
        nonlocal asked
        if route.request.method != "POST":
            await route.continue_()
            return
        await route.fetch()
        with contextlib.suppress(Error):  # the page may have been left meanwhile
            await route.abort("connectionreset")
        asked += 1

    await phone.context.route("**/phone/v1/activation", lose)
    await phone.choose_code("juergen", "+49 1713920017")
    while asked == 0:
        await phone.page.wait_for_timeout(100)
    await phone.page.goto("about:blank")
    await phone.context.unroute("**/phone/v1/activation")
    await phone.open()
    await expect(phone.page.locator("#account-state")).to_have_attribute("data-state", "active")
    shop = await phone.begin()
    await phone.open(await phone.link_of(shop))
    await phone.press("#approve")
    await phone.type_code()
    await expect(phone.page).to_have_url(re.compile("/v2/sign-in/return/"))


async def test_many_tabs_are_one_phone(phone: Handset) -> None:
    """T-20: tabs take turns, so that none of them looks like a copy."""
    await phone.activate("henriette", "400000104")
    tabs = [await phone.context.new_page() for _ in range(4)]
    for tab in tabs:
        await tab.goto(phone.origin + "/", wait_until="commit")
    for tab in tabs:
        await expect(tab.locator("#history")).to_be_visible()
        await expect(tab.locator("#account-state")).to_have_attribute("data-state", "active")
    shop = await phone.begin()
    await tabs[0].goto(phone.origin + await phone.link_of(shop))
    await expect(tabs[0].locator("#approve")).to_be_visible()
    waiting = tabs[1].locator("#requests [data-action]")
    await expect(waiting).to_be_visible()  # by itself, through the watch stream
    await waiting.click()
    await tabs[1].locator("#refuse").click()
    await expect(tabs[1].locator("#outcome")).to_have_attribute("data-outcome", "rejected")
    await expect(tabs[0].locator("#outcome")).to_have_attribute("data-outcome", "over")


async def test_digits_and_codes_leave_nothing_in_the_page(phone: Handset) -> None:
    """B-20 and the two digits; a wrong pair ends the request. What is typed on the pad shows only as a count."""
    await phone.activate("sukma", "400000105")
    shop = await phone.begin()
    right = await phone.digits_of(shop)
    await phone.press("#scan", "#scan-paste")
    await phone.page.locator("#paste").fill(await shop.locator("#qr").get_attribute("data-content") or "")
    await phone.press("#paste-continue")
    await phone.page.locator("#digits").fill(f"{(int(right) + 1) % 100:02}")
    await phone.press("#digits-continue")
    await expect(phone.page.locator("#outcome")).to_contain_text("not the two digits")
    await expect(shop.locator("#qr")).to_be_hidden()

    shop = await phone.begin()
    await phone.open(await phone.link_of(shop))
    assert "#" not in phone.page.url
    await phone.press("#approve")
    pages = []
    for digits in ("135", "246"):
        await phone.type_code(digits)
        await expect(phone.page.locator("#code-pad [role=status]")).to_have_text("3 of 5 digits")
        pages.append(await phone.page.evaluate("document.documentElement.outerHTML"))
        await phone.press("#code-erase", "#code-erase", "#code-erase")
    assert pages[0] == pages[1]
    for key in [*CODE[:2], "x", "Backspace", *CODE[1:]]:
        await phone.page.keyboard.press(key)
    await expect(phone.page).to_have_url(re.compile("/v2/sign-in/return/"))


async def test_not_me_and_settings(phone: Handset) -> None:
    await phone.activate("robin", "+353 209100110")
    await phone.press("#tab-settings", "#settings-language")
    await phone.page.locator('[data-language="fr"]').check(force=True)
    await expect(phone.page.locator("#title")).to_have_text("Langue")
    await phone.page.locator('[data-language="en"]').check(force=True)
    await phone.press("#back", "#settings-code")
    await phone.type_code()
    await phone.on_screen("change-code-next")
    await phone.type_code("11111")
    await expect(phone.page.locator("#code-complaint")).to_contain_text("too easy")
    await phone.type_code("24689")
    await phone.on_screen("change-code-again")
    await phone.type_code("24689")
    await phone.press("#done-continue", "#tab-settings", "#settings-check")
    for check in ("connection", "key", "identity", "version", "incident"):
        await expect(phone.page.locator(f'[data-check="{check}"]')).to_have_attribute("data-state", "ok")
    shop = await phone.begin()
    await phone.open(await phone.link_of(shop))
    await phone.press("#approve")
    await phone.type_code()  # the code of before counts no more
    await expect(phone.page.locator("#code-complaint")).to_contain_text("2 tries")
    await phone.press("#back", "#not-me")
    await _outcome(phone, "not_started")
    await phone.press("#block-identity")
    await expect(phone.page.locator("#blocked")).to_be_visible()
    await phone.open()
    await phone.press("#start-again")
    await phone.on_screen("welcome")


async def test_protected_values_cost_a_code_here_and_in_the_history(phone: Handset) -> None:
    await phone.activate("ada", "400000101")
    portal = await phone.begin("/portal/identify")
    await phone.open(await phone.link_of(portal))
    national = phone.page.locator('[data-attribute="BENationalNumber"]')
    await expect(national).not_to_contain_text("88051700015")
    await phone.press('[data-reveal="BENationalNumber"]')
    await phone.type_code()
    await expect(national).to_contain_text("88051700015")
    await expect(phone.page.locator('[data-attribute="physical_person_photo"] img')).to_be_visible()
    await phone.press('[data-share="physical_person_photo"]', "#approve")
    await phone.type_code()
    await expect(phone.page).to_have_url(re.compile("/v2/sign-in/return/"))
    await phone.open()
    await phone.press("#history [data-entry]")
    await expect(phone.page.locator("#declined")).to_contain_text("Photo")
    await expect(phone.page.locator("#shared")).not_to_contain_text("88051700015")
    await phone.press('#shared [data-reveal="BENationalNumber"]')
    await phone.type_code()
    await expect(phone.page.locator("#shared")).to_contain_text("88051700015")


_READ = """async (picture) => {
  const { decodeQR } = await import("/vendor/qr/decode.js");
  const image = Object.assign(new Image(), { src: picture });
  await image.decode();
  const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
  context.drawImage(image, 0, 0);
  return decodeQR(context.getImageData(0, 0, image.width, image.height));
}"""


async def test_a_payment_a_key_of_a_house_and_two_names(phone: Handset) -> None:
    """Confirming at the shop, pairing by a scan, unlocking with two digits, refusing unopened; a broker is named."""
    await phone.activate("zoe", "+352 600000106")
    shop = await phone.begin("/shop/confirm/fern")
    await phone.open(await phone.link_of(shop))
    await expect(phone.page.locator('[data-part="amount"]')).to_contain_text("24.50")
    await expect(phone.page.locator('[data-part="payee"]')).to_have_text("Pot & Linde")
    await phone.press("#approve")
    await phone.type_code()
    await expect(phone.page).to_have_url(re.compile("/v2/sign-in/return/"))
    await shop.close()

    house = await phone.desktop.new_page()
    await house.goto(f"{phone.world}/house/")
    await house.locator("#pair").click()
    await phone.open()
    content = await phone.page.evaluate(_READ, await house.locator("#qr").get_attribute("src"))
    await phone.open(content.removeprefix(phone.origin))
    await phone.page.locator("#digits").fill(await phone.digits_of(house))
    await phone.press("#digits-continue")
    await phone.on_screen("request")  # by way of "connecting", when the house asks
    await expect(phone.page.locator("#partner")).to_have_text("Huis Ipse")
    await phone.press("#approve")
    await phone.type_code()
    await _outcome(phone, "approved")
    await phone.press("#outcome-home")

    await house.locator("#unlock").click()
    addressed = phone.page.locator('#requests [data-claimed="false"]')
    await addressed.click()
    await phone.page.locator("#digits").fill(re.sub(r"\D", "", await house.locator("#match").inner_text()))
    await phone.press("#digits-continue")
    await expect(phone.page.locator('[data-part="action"]')).to_contain_text("Front door")
    await phone.press("#approve")
    await phone.type_code()
    await expect(house.locator("#door")).to_have_attribute("data-state", "open")
    await phone.press("#outcome-home")
    await expect(phone.page.locator("#history [data-entry]").first).to_contain_text("Front door")

    desk = await phone.desktop.new_page()
    await desk.goto(f"{phone.world}/desk/")
    await desk.locator(".finals button.main").first.click()
    await phone.open(await phone.link_of(desk))
    await expect(phone.page.locator("#broker")).to_contain_text("Loket")
    await expect(phone.page.locator("#partner")).not_to_contain_text("Loket")
    await phone.press("#refuse")
    await _outcome(phone, "rejected")


async def test_a_link_where_no_phone_lives(phone: Handset) -> None:
    shop = await phone.begin()
    await phone.open(await phone.link_of(shop))
    await expect(phone.page.locator("#title")).to_have_text("Open your Ipse app and scan there")
    assert "#" not in phone.page.url
    await expect(shop.locator("#qr")).to_be_visible()
    await phone.open("/#return=somebody-elses")
    await expect(phone.page.locator("#ended")).to_have_attribute("data-why", "other_browser")


async def test_the_app_opens_without_connection(sandbox: Sandbox) -> None:
    async with chromium() as browser:
        phone = await new_handset(browser, sandbox, workers="allow")
        await phone.activate("henriette", "400000104")
        await phone.page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
        await expect(phone.page.locator(".identity-name")).to_contain_text("Henriette")
        await phone.context.set_offline(True)
        await phone.open()
        await expect(phone.page.locator(".identity-name")).to_contain_text("Henriette")
        await phone.context.set_offline(False)
        await phone.open()
        await expect(phone.page.locator("#account-state")).to_have_attribute("data-state", "active")


@pytest.mark.parametrize("colours", ["light", "dark"])
async def test_every_thing_to_press_has_a_name_a_size_and_contrast(sandbox: Sandbox, colours: str) -> None:
    """WCAG 2.2 AA: 4.1.2, 2.5.8, 1.4.3, and the focus on the heading of each new screen."""
    async with chromium() as browser:
        phone = await new_handset(browser, sandbox, colours="dark" if colours == "dark" else "light")
        await phone.open()
        await _accessible(phone.page)
        await phone.activate("ada", "400000101")
        await _accessible(phone.page)
        portal = await phone.begin("/portal/identify")
        await phone.open(await phone.link_of(portal))
        await phone.on_screen("request")
        await _accessible(phone.page)
        await phone.press("#approve")
        await phone.on_screen("approval")
        assert await phone.page.evaluate("document.activeElement?.id") == "title"
        await _accessible(phone.page)
        await phone.open()
        for selector, screen in (
            ("#tab-settings", "settings"),
            ("#settings-check", "check"),
            ("#back", "settings"),
            ("#settings-block", "block"),
        ):
            await phone.press(selector)
            await phone.on_screen(screen)
            await _accessible(phone.page)


async def _accessible(page: Page) -> None:
    await page.wait_for_timeout(400)
    assert await page.evaluate(PROBE) == []


async def test_the_probe_finds_what_is_unfit() -> None:
    async with chromium() as browser:
        page = await browser.new_page()
        await page.set_content("<h1>a</h1><p style='color:#999'>b</p><button style='width:9px'></button>")
        found = await page.evaluate(PROBE)
    assert [line.split()[0] for line in found] == ["4.1.2", "2.5.8", "1.4.3", "3.1.1"]


async def test_the_proof_of_an_identity_is_renewed_in_the_app(phone: Handset, sandbox: Sandbox) -> None:
    """A calm notice before the end, another bank, and the same phone afterwards."""
    settings = str(next(sandbox.folder.rglob("ipse.toml")))
    limit = [*IPSE, "registrar", "cap", "bank-vesta", "substantial", "--config", settings, "--term-days"]
    await asyncio.to_thread(subprocess.run, [*limit, "30"], check=True, capture_output=True, timeout=60)
    try:
        await phone.activate("henriette", "400000104")
    finally:
        await asyncio.to_thread(subprocess.run, [*limit, "1826"], check=True, capture_output=True, timeout=60)
    await expect(phone.page.locator("#evidence")).to_have_attribute("data-ended", "false")
    await phone.press("#renew")
    await phone.on_screen("renew")
    await phone.press('[data-bank="bank-lys"]')
    await phone.press('label:has(input[value="sukma"])', 'button[value="approve"]')
    await phone.on_screen("renewal-done")
    await expect(phone.page.locator("#screen")).to_contain_text("somebody else")
    await phone.press("#done-continue", "#renew", '[data-bank="bank-lys"]')
    await phone.press('label:has(input[value="henriette"])', 'button[value="approve"]')
    await phone.on_screen("renewal-done")
    await expect(phone.page.locator("#screen")).to_contain_text("Banque du Lys")
    await phone.press("#done-continue")
    await expect(phone.page.locator("#account-state")).to_have_attribute("data-state", "active")
    await expect(phone.page.locator("#evidence")).to_have_count(0)
