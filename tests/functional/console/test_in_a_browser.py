"""Each role's day in a real browser with a keeper of passkeys, judged by axe-core; pictures in `artefacts/console`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright, expect

from ipse.staff import Invitee, Organisation
from ipse.switches.model import Kind
from tests.functional.console.room import ORIGIN, PORT, SCHEME, Room, bank, operator, shop
from tests.functional.oidc.handsets import Handset
from tests.functional.oidc.installation import is_free, listening
from tests.support.devices import QUIET
from tests.support.looking import Onlooker, keeper, onlooker

PICTURES = Path("artefacts/console")
pytestmark = [pytest.mark.timeout(240), pytest.mark.parametrize("engine", ["sqlite"], indirect=True)]


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield found
        await found.close()


class Day:
    """One installation, in one size and language."""

    def __init__(self, room: Room, browser: Browser, size: str, language: str) -> None:
        self.room, self.browser, self.size, self.language = room, browser, size, language

    @asynccontextmanager
    async def of(
        self, name: str, *roles: str, organisation: Organisation = SCHEME, of: str = ""
    ) -> AsyncIterator[Onlooker]:
        """A member's window, after they came by invitation and passkey."""
        invitee = Invitee(name, f"{name.split(maxsplit=1)[0].lower()}@ipse.example", roles, self.language)
        invited = await self.room.parts.staff.invite(organisation, of, invitee, actor="operator:root")
        async with onlooker(self.browser, PICTURES, size=self.size, language=self.language) as window:
            await keeper(window.page)
            await window.open(invited.url)
            await window.page.click("#use-passkey")
            await window.page.click("#onward")
            await window.page.click("#use-passkey")
            await window.page.wait_for_url("**/console**")
            yield window

    async def asks_to_switch_off(self, ann: Onlooker) -> str:
        """Ask for a version of the app to be switched off; the address of the review."""
        page = ann.page
        await ann.open(f"{ORIGIN}/console/switches", "switches")
        await page.select_option("#kind", "app_version")
        await page.fill("#name", "1.4.2")
        await page.fill("#typed-reason", "case 4711")
        await page.click("section[aria-labelledby=turn] button[value=off]")
        await page.wait_for_url("**/console/reviews/**")
        await ann.look("review-asked")
        return page.url.partition("?")[0]

    async def helps(self, sam: Onlooker, person: Handset) -> None:
        """A person calls, proves it in their app, and is blocked."""
        page = sam.page
        await sam.open(f"{ORIGIN}/console/people", "people")
        await page.fill("#who", person.state.phone_number)
        await page.click("#look")
        await page.click("#ask-app")
        digits = (await page.locator("#digits").inner_text()).strip()
        await sam.look("person-digits")
        (asked,) = (await person.home())["open"]
        await person.approve(await person.claim_start({"action": asked["action"], "digits": digits}))
        await expect(page.locator("#happened")).to_be_visible(timeout=10_000)
        await sam.look("person-proven")
        await page.fill("#block-reason", "case 4712")
        await page.click("#do-block")
        await expect(page.locator("#do-release")).to_be_visible()
        await sam.look("person-blocked")
        await page.fill("#release-reason", "case 4713")
        await page.click("#do-release")
        await page.wait_for_url("**/console/reviews/**")


@pytest.mark.parametrize(("size", "language"), [("desktop", "nl"), ("phone", "fr")])
async def test_every_role_has_its_day(browser: Browser, room: Room, size: str, language: str) -> None:
    features, day = room.features, Day(room, browser, size, language)
    await features.registrars.add(bank("test"), actor="operator:root")
    await features.sims.operators.add(operator(), actor="operator:root")
    for word, taken in (("answered", 120_000), ("answered", 340_000), ("down", 5_000_000)):
        features.sims.answers.heard("lumo", word, taken)
    person = await room.person()
    assert is_free(PORT)
    async with (
        listening(room.application, PORT),
        day.of("Annelies Vandenbroucke", "security") as ann,
        day.of("Bo Claes", "security", "reviewer") as bo,
        day.of("Sam Okafor", "support") as sam,
    ):
        review = await day.asks_to_switch_off(ann)
        assert not features.switches.is_off(Kind.APP_VERSION, "1.4.2")
        await bo.open(f"{ORIGIN}/console", "home-second-person")
        await bo.open(review, "review-to-decide")
        await bo.page.click("#approve")
        await bo.page.wait_for_load_state()
        assert features.switches.is_off(Kind.APP_VERSION, "1.4.2")
        await day.helps(sam, person)
        await ann.open(sam.page.url.partition("?")[0])
        await ann.page.click("#approve")
        await ann.page.wait_for_load_state()
        assert (await features.people.account(person.account_id)).why == "released"
        await ann.open(f"{ORIGIN}/console/institutions/bank/test?since=2026-01-01", "bank")
        await ann.open(f"{ORIGIN}/console/reviews", "reviews")
        await ann.open(f"{ORIGIN}/console/incidents", "incidents")
        await ann.page.check("section[aria-labelledby=open] input[name='component.sign-in']")
        await ann.page.select_option("#kind", "personal_data")
        await ann.page.click("#open-incident")
        await ann.page.wait_for_url("**/console/incidents/*")
        await ann.look("incident")


@pytest.mark.parametrize(("size", "language"), [("desktop", "de"), ("phone", "en")])
async def test_those_who_watch_and_those_outside(browser: Browser, room: Room, size: str, language: str) -> None:
    features, day = room.features, Day(room, browser, size, language)
    await features.registrars.add(bank("test"), actor="operator:root")
    await features.sims.operators.add(operator(), actor="operator:root")
    features.sims.answers.heard("lumo", "answered", 120_000)
    await features.partners.register_partner(shop(), secret="a secret of thirty-two characters", actor="operator:root")
    await room.person()
    assert is_free(PORT)
    async with listening(room.application, PORT):
        async with day.of("Erik Janssens", "auditor") as erik:
            await erik.open(f"{ORIGIN}/console/log")
            await erik.page.click("#verify")
            await expect(erik.page.locator("#proven.good")).to_be_visible()
            await erik.look("log-proven")
            await erik.open(f"{ORIGIN}/console/roles", "roles")
            await erik.open(f"{ORIGIN}/console/figures", "figures")
            await erik.open(f"{ORIGIN}/console/partners/shop", "partner")
        async with day.of("Ruth Administrator", "administrator") as ruth:
            await ruth.open(f"{ORIGIN}/console/staff")
            await ruth.page.fill("#name", "Kim Peeters")
            await ruth.page.fill("#email", "kim@ipse.example")
            await ruth.page.check("section[aria-labelledby=invite] input[name='role.support']")
            await ruth.page.click("#do-invite")
            await expect(ruth.page.get_by_role("status").get_by_text("ipse operator invite --again")).to_be_visible()
            assert "/staff/join/" not in await ruth.page.content()
            await ruth.look("staff-invited")
        async with day.of("Mia Manager", "manager", organisation=Organisation.REGISTRAR, of="test") as mia:
            await mia.open(f"{ORIGIN}/console/own", "own-bank")
        async with day.of("Tom Member", "member", organisation=Organisation.MOBILE_OPERATOR, of="lumo") as tom:
            await tom.open(f"{ORIGIN}/console/own", "own-operator")
