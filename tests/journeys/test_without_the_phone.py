"""A day without the phone: its channel is out of order, and people go on by what they have. In Chromium.

Pictures of every step are kept in `artefacts/without-the-phone`.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from ipse.oidc.model import AMR
from ipse.partners.rules.fallbacks import METHODS
from ipse.sandbox.partner.model import CLAIM
from ipse.softphone import Activation, MemoryStore, SoftPhone
from tests.support.devices import CODE, QUIET
from tests.support.outage import Installation, breakable_installation
from tests.support.visitor import SignInPage, Visitor
from tests.support.web_eid import install

PICTURES = Path("artefacts/without-the-phone")
PATIENCE = 20_000

pytestmark = [pytest.mark.journey, pytest.mark.processes, pytest.mark.timeout(240)]


@dataclass
class Day:
    """The outage, and what Noor had prepared for it."""

    installation: Installation
    noor: SoftPhone
    sheet: list[str]
    name: str
    app_key: bytes
    passkey_page: str
    visitors: list[Visitor] = field(default_factory=list)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    with breakable_installation(tmp_path_factory.mktemp("outage")) as installation:
        noor = _activated(installation, "noor", "bank-lys")
        sheet = noor.fallbacks.add("sheet", CODE)
        app = noor.fallbacks.add("totp", CODE)
        passkey = noor.fallbacks.add("passkey", CODE)
        henriette = _activated(installation, "henriette", "bank-lys")
        henriette.block("lost")
        henriette.close()
        installation.break_the_phone_channel()
        key = base64.b32decode(app["secret"])
        today = Day(installation, noor, list(sheet["codes"]), sheet["name"], key, passkey["url"])
        yield today
        for visitor in today.visitors:
            visitor.close()
        noor.close()


def _activated(installation: Installation, person: str, bank: str) -> SoftPhone:
    phone = SoftPhone(MemoryStore())
    phone.activate(Activation(base=installation.base, bank=bank, person=person, code=CODE))
    return phone


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    await asyncio.to_thread(PICTURES.mkdir, parents=True, exist_ok=True)
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield found
        await found.close()


async def desktop(browser: Browser, day: Day) -> BrowserContext:
    """A browser that could not reach the app's origin or a phone's address if it tried; such tries are remembered."""
    context = await browser.new_context(locale="en-GB")
    context.set_default_timeout(PATIENCE)
    await context.route(f"{day.installation.app}/**", lambda route: route.abort())
    await context.route("**/phone/v1/**", lambda route: route.abort())
    return context


async def picture(page: Page, name: str) -> None:
    """As a phone and as a desktop shows it."""
    for width in (390, 1280):
        await page.set_viewport_size({"width": width, "height": 844})
        await page.screenshot(path=PICTURES / f"{name}-{width}.png", full_page=True)


@dataclass
class Counter:
    """The town hall: sends a browser away, and redeems what comes back."""

    visitor: Visitor
    page: Page
    asked: SignInPage

    async def received(self) -> dict[str, Any]:
        """Wait for the browser to come back; the ID token's claims."""
        query = await self.back()
        assert query["state"] == [self.asked.state]
        answer = await asyncio.to_thread(self.visitor.redeem, query["code"][0], self.asked)
        return self.visitor.opened(answer.json()["id_token"])

    async def back(self) -> dict[str, list[str]]:
        """Wait for the browser to come back; what it brings."""
        await self.page.wait_for_url(re.compile("^" + re.escape(self.asked.redirect_uri)))
        return parse_qs(urlsplit(self.page.url).query)


async def at_the_town_hall(context: BrowserContext, day: Day, **parameters: str) -> Counter:
    """Come to the sign-in page from a town hall whose back end is the test."""
    visitor = Visitor(day.installation.base, day.installation.partner("portal"))
    day.visitors.append(visitor)
    claims = {"id_token": {"given_name": None, "family_name": None}}
    asking = {"claims": json.dumps(claims), "acr_values": CLAIM + "acr_advanced", **parameters}
    address, asked = visitor.asking(**asking)
    page = await context.new_page()
    await page.route(re.compile("^" + re.escape(asked.redirect_uri)), lambda route: route.fulfill(body="back"))
    await page.goto(str(address))
    return Counter(visitor, page, asked)


async def choose(page: Page, method: str) -> None:
    """Under "Other ways"."""
    await page.locator("#other-ways").click()
    await page.locator(f'a.way[href*="/other/{method}"]').click()


async def type_code(page: Page, name: str, code: str) -> None:
    """On the page of one-time codes."""
    await page.locator("#name").fill(name)
    await page.locator("#code").fill(code)
    await page.locator("#code-form button").click()


async def by_card(page: Page, day: Day) -> None:
    await install(page.context, day.installation.world, "noor")
    await choose(page, "eid_card")
    await picture(page, "card")
    await page.locator("#use-card").click()


async def by_bank(page: Page, day: Day) -> None:
    await choose(page, "bank")
    await picture(page, "bank")
    await page.locator('button[value="bank-lys"]').click()
    await at_the_bank(page, "noor")


async def at_the_bank(page: Page, person: str) -> None:
    await page.locator(f'label:has(input[value="{person}"])').click()
    await picture(page, "at-the-bank")
    await page.locator('button[value="approve"]').click()


async def by_sheet(page: Page, day: Day) -> None:
    await choose(page, "sheet")
    await type_code(page, day.name, day.sheet.pop())


async def by_totp(page: Page, day: Day) -> None:
    await choose(page, "totp")
    app = TOTP(day.app_key, 6, SHA1(), 30)
    await type_code(page, day.name, app.generate(int(time.time())).decode())


async def by_passkey(page: Page, day: Day) -> None:
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("WebAuthn.enable")
    authenticator = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": authenticator})
    request = page.url
    await page.goto(day.passkey_page)
    await picture(page, "passkey-make")
    await page.locator("#use-passkey").click()
    await expect(page.locator("#passkey-made")).to_be_visible()
    await picture(page, "passkey-made")
    await page.goto(day.passkey_page)
    await expect(page.locator("#passkey-over")).to_be_visible()  # it works once
    await page.goto(request)
    await choose(page, "passkey")
    await page.locator("#use-passkey").click()


WAYS = {"eid_card": by_card, "bank": by_bank, "sheet": by_sheet, "totp": by_totp, "passkey": by_passkey}


def test_every_method_is_tried() -> None:
    assert set(WAYS) == set(METHODS) == set(AMR)


@pytest.mark.parametrize("method", WAYS)
async def test_the_town_hall_hears_who_and_by_which_way(browser: Browser, day: Day, method: str) -> None:
    """Consent as on the phone, one attribute declined; the token says how and never claims basic or advanced."""
    context = await desktop(browser, day)
    counter = await at_the_town_hall(context, day)
    page = counter.page
    await expect(page.get_by_text("Approving with the phone does not work")).to_be_visible()
    await expect(page.locator("#other-ways.primary")).to_be_visible()
    await picture(page, "sign-in")
    await WAYS[method](page, day)
    await expect(page.locator("#consent")).to_be_visible()
    await expect(page.get_by_text("Noor", exact=True)).to_be_visible()
    await page.locator('input[name="share.family_name"]').uncheck()
    await picture(page, f"consent-{method}")
    await page.locator('button[value="approve"]').click()
    claims = await counter.received()
    assert claims["acr"] == f"{CLAIM}acr_fallback_{method}"
    assert claims["amr"] == list(AMR[next(known for known in AMR if known == method)])
    assert claims["given_name"] == "Noor"
    assert "family_name" not in claims
    assert len(claims["sub"]) == 36
    await context.close()


async def test_the_town_halls_own_page_takes_the_card(browser: Browser, day: Day) -> None:
    """Side by side with the app: a button that names the card."""
    context = await desktop(browser, day)
    await install(context, day.installation.world, "noor")
    page = await context.new_page()
    await page.goto(f"{day.installation.world}/portal/")
    await picture(page, "town-hall")
    await page.locator("#login-card").click()
    await page.locator("#wished-way").click()
    await page.locator("#use-card").click()
    await page.locator('button[value="approve"]').click()
    await expect(page.locator("#received")).to_contain_text("Noor")
    await expect(page.locator("#acr")).to_have_text(CLAIM + "acr_fallback_eid_card")
    await context.close()


async def test_refusing_is_as_easy(browser: Browser, day: Day) -> None:
    context = await desktop(browser, day)
    counter = await at_the_town_hall(context, day)
    await by_sheet(counter.page, day)
    await counter.page.locator('button[value="refuse"]').click()
    assert (await counter.back())["error"] == ["access_denied"]
    await context.close()


async def test_a_blocked_and_an_unknown_person_get_the_same_nothing(browser: Browser, day: Day) -> None:
    """Henriette has blocked her identity; Ada never had one."""
    heard = []
    for person, bank in (("henriette", "bank-lys"), ("ada", "bank-vesta")):
        context = await desktop(browser, day)
        await install(context, day.installation.world, person)
        counter = await at_the_town_hall(context, day)
        page = counter.page
        await choose(page, "bank")
        await page.locator(f'button[value="{bank}"]').click()
        await at_the_bank(page, person)
        by_bank = await page.locator("#refused").inner_text()
        await page.get_by_text("Choose another way", exact=True).click()
        await page.locator('a.way[href*="/other/eid_card"]').click()
        await page.locator("#use-card").click()
        await expect(page.locator("#card-problem")).to_be_visible()
        heard.append((by_bank, await page.locator("#card-problem").inner_text()))
        await expect(page.get_by_text("Lievens")).to_have_count(0)
        await context.close()
    assert heard[0] == heard[1]


async def test_another_browser_has_no_part_in_it(browser: Browser, day: Day) -> None:
    context, other = await desktop(browser, day), await desktop(browser, day)
    counter = await at_the_town_hall(context, day)
    await by_sheet(counter.page, day)
    await expect(counter.page.locator("#consent")).to_be_visible()
    thief = await other.new_page()
    await thief.goto(f"{day.installation.world}/portal/login")  # it has a cookie of its own
    answer = await thief.goto(counter.page.url)
    assert answer is not None
    assert answer.status == 403
    await expect(thief.locator("#consent")).to_have_count(0)
    await context.close()
    await other.close()


@pytest.mark.parametrize(
    "claims",
    [
        {"id_token": {"acr": {"essential": True, "values": [CLAIM + "acr_advanced"]}}},
        {"id_token": {"acr": {"essential": True, "values": [CLAIM + "acr_basic"]}}},
        {"userinfo": {"acr": {"essential": True, "values": [CLAIM + "acr_advanced"]}}},
    ],
)
async def test_what_demands_the_phone_offers_nothing_else(browser: Browser, day: Day, claims: dict[str, Any]) -> None:
    context = await desktop(browser, day)
    counter = await at_the_town_hall(context, day, claims=json.dumps(claims))
    await expect(counter.page.locator("#open-app")).to_be_attached()
    await expect(counter.page.locator("#other-ways")).to_have_count(0)
    answer = await counter.page.goto(counter.page.url.partition("?")[0] + "/other/sheet")
    assert answer is not None
    assert answer.status in {403, 404}
    await context.close()
