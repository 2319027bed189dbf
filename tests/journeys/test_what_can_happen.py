"""What can happen to phone, SIM and code, as people meet it: in a real browser, with the sandbox's other parties.

Pictures of every step are kept in `artefacts/happenings`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

import httpx
import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.support.devices import QUIET, Phone
from tests.support.sandbox import Sandbox, running_sandbox
from tests.support.web_eid import install

PICTURES = Path("artefacts/happenings")

pytestmark = [pytest.mark.journey, pytest.mark.processes, pytest.mark.timeout(240)]


class Phones(Protocol):
    """Hands out a fresh phone."""

    def __call__(self) -> AbstractAsyncContextManager[Phone]:
        """One more."""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("happenings")) as running:
        yield running


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield found
        await found.close()


@pytest.fixture
async def phones(browser: Browser, sandbox: Sandbox) -> Phones:
    await asyncio.to_thread(PICTURES.mkdir, parents=True, exist_ok=True)
    app, world = sandbox.world["app"], sandbox.world["world"]
    return lambda: Phone.of(browser, app, world, PICTURES)


async def sim(sandbox: Sandbox, number: str, do: str) -> None:
    """Do something to a SIM, as its operator."""
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        address = f"{sandbox.world['world']}/operators/api/sims/{number}"
        answer = await client.post(address, content=json.dumps({"do": do}))
        assert answer.status_code == 200, answer.text


async def test_enrolling_with_card_and_pin(phones: Phones, sandbox: Sandbox) -> None:
    """A card, a reader and a PIN instead of a bank."""
    async with phones() as phone:
        await install(phone.context, sandbox.world["world"], "gerda")
        await phone.enrol("400 00 01 17", "eid_card")
        await phone.picture("card-1-how")
        await phone.page.locator("#card-here").click()
        await phone.picture("card-2-page")
        await phone.page.locator("#read-card").click()
        await expect(phone.page.locator('#received [data-attribute="family_name"]')).to_be_visible()
        await phone.picture("card-3-received")
        await phone.choose_code()
        await phone.activated()
        assert await phone.log_in_at_the_shop()


async def test_at_seventeen_by_a_bank_and_not_by_the_card(phones: Phones, sandbox: Sandbox) -> None:
    """16 and 17 only through a bank that may vouch for minors."""
    async with phones() as phone:
        await install(phone.context, sandbox.world["world"], "lotte")
        await phone.enrol("400 00 01 12", "eid_card")
        await phone.page.locator("#card-here").click()
        await phone.page.locator("#read-card").click()
        problem = phone.page.locator("#card-problem")
        await expect(problem).to_contain_text("16 or 17")
        await phone.picture("minor-1-refused-by-card")
    async with phones() as phone:
        await phone.enrol("400 00 01 12", "bank-lys")
        await phone.at_the_bank("lotte")
        await expect(phone.page.locator('#received [data-attribute="family_name"]')).to_contain_text("Vermander")
        await phone.choose_code()
        await phone.activated()
        await phone.picture("minor-2-active-by-bank")


async def test_a_sim_that_is_not_ready_and_then_is(phones: Phones, sandbox: Sandbox) -> None:
    """Reduced functions, told plainly, and completed by themselves."""
    async with phones() as phone:
        await phone.enrol("6 39 98 00 19", "bank-lys", country="FR")
        await phone.at_the_bank("lucie")
        await phone.choose_code()
        await phone.activated()
        await expect(phone.page.locator("#sim-reduced")).to_be_visible()
        await phone.picture("sim-1-reduced")
        await phone.log_in_at_the_shop()
        await phone.follow("/portal/identify")
        await expect(phone.page.locator("#approve")).to_have_count(0)
        await phone.picture("sim-2-not-yet")
        await sim(sandbox, "+33639980019", "ready")
        # The operator is asked again by itself, and whenever the person looks.
        async with asyncio.timeout(90):
            while True:
                await phone.home()
                await asyncio.sleep(3)
                await phone.follow("/portal/identify")
                answer = phone.page.locator("#approve, #problem-done, .actions button").first
                await expect(answer).to_be_visible()
                if await phone.page.locator("#approve").count():
                    break
        await phone.picture("sim-3-ready")
        await phone.home()
        await expect(phone.page.locator("#account-state")).to_be_visible()
        await expect(phone.page.locator("#sim-reduced")).to_have_count(0)


async def test_a_sim_swap_while_a_request_waits(phones: Phones, sandbox: Sandbox) -> None:
    """The identity stops within seconds, and so does what was waiting (T-5)."""
    async with phones() as phone:
        await phone.enrol("400 00 01 11", "bank-vesta")
        await phone.at_the_bank("wout")
        await phone.choose_code()
        await phone.activated()
        await phone.follow("/shop/login")
        await expect(phone.page.locator("#approve")).to_be_visible()
        await sim(sandbox, "+32400000111", "swap")
        await expect(phone.page.locator("#approve")).to_have_count(0, timeout=10_000)
        await phone.picture("swap-1-over")
        await phone.home()
        await expect(phone.page.locator("#stopped")).to_have_attribute("data-why", "sim_changed")
        await phone.picture("swap-2-stopped")


async def test_a_lost_phone_and_the_way_back(phones: Phones, sandbox: Sandbox) -> None:
    """Blocked from any browser, activated again through a bank; the shop knows the person as before."""
    async with phones() as lost, phones() as elsewhere, phones() as fresh:
        await lost.enrol("400 00 01 03", "bank-lys")
        await lost.at_the_bank("noor")
        await lost.choose_code()
        await lost.activated()
        before = await lost.log_in_at_the_shop()
        born = next(person for person in sandbox.world["persons"] if person["id"] == "noor")["birthdate"]
        year, month, day = born.split("-")
        await elsewhere.page.goto(f"{sandbox.base}/block?lang=en")
        await elsewhere.page.locator("#country").select_option("BE")
        await elsewhere.page.locator("#number").fill("400 00 01 03")
        for field, text in (("day", day), ("month", month), ("year", year)):
            await elsewhere.page.locator(f"#{field}").fill(text)
        await elsewhere.picture("lost-1-block")
        await elsewhere.page.locator("#block").click()
        await expect(elsewhere.page.locator('[data-outcome="taken"]')).to_be_visible()
        await elsewhere.picture("lost-2-taken")
        await lost.home()
        await expect(lost.page.locator("#stopped")).to_be_visible()
        await lost.picture("lost-3-stopped")
        await fresh.enrol("400 00 01 03", "bank-lys")
        await fresh.at_the_bank("noor")
        await fresh.choose_code("24680")
        await fresh.activated()
        assert await fresh.log_in_at_the_shop("24680") == before
