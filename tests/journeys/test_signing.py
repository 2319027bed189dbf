"""Signing as people meet it: in real browsers, with the sandbox's notary, our own pages, and programs that judge files.

Pictures of every step are kept in `artefacts/signing`.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.support.devices import QUIET, Phone
from tests.support.sandbox import Sandbox, running_sandbox

PICTURES = Path("artefacts/signing")

pytestmark = [pytest.mark.journey, pytest.mark.processes, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("signing")) as running:
        yield running


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    await asyncio.to_thread(PICTURES.mkdir, parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield found
        await found.close()


@pytest.fixture
async def phone(browser: Browser, sandbox: Sandbox) -> AsyncIterator[Phone]:
    async with Phone.of(browser, sandbox.world["app"], sandbox.world["world"], PICTURES) as found:
        yield found


async def _become(phone: Phone, number: str, person: str, bank: str) -> None:
    await phone.enrol(number, bank)
    await phone.at_the_bank(person)
    await phone.choose_code()
    await phone.activated()


async def _open_in_the_app(phone: Phone, waiting: Page) -> None:
    """On this phone: from the waiting page to the request in the app."""
    link = await waiting.locator("#open-app").get_attribute("href")
    assert link is not None
    await phone.page.goto("about:blank")
    await phone.page.goto(link)
    await expect(phone.page.locator("#approve")).to_be_visible()


def judged_by_poppler(file: Path) -> str:
    """What `pdfsig` says of a signed file, its chain aside: nobody has told it of the sandbox's root."""
    return subprocess.run(["pdfsig", "-nocert", str(file)], capture_output=True, text=True, check=False).stdout


async def test_a_first_signature_makes_the_certificate_and_a_bundle_takes_one_code(
    phone: Phone, tmp_path: Path
) -> None:
    await _become(phone, "400 00 01 01", "ada", "bank-vesta")
    office = await phone.context.new_page()
    await office.goto(f"{phone.world}/notary/")
    await office.locator("#boat").click()
    await _open_in_the_app(phone, office)
    await phone.picture("01-first-certificate")
    await expect(phone.page.locator("#screen")).to_contain_text("Ada Lievens")
    await phone.approve()
    # Back from the app, the notary goes on to its second round by itself.
    await expect(phone.page.locator("#open-app")).to_be_visible()
    waiting = phone.page
    phone.page = await phone.context.new_page()
    await _open_in_the_app(phone, waiting)
    await expect(phone.page.locator("#screen")).to_contain_text("A rowing boat changes hands")
    await phone.picture("02-one-deed")
    await phone.approve()
    await expect(phone.page.locator("#signed")).to_have_attribute("data-count", "1")
    await phone.picture("03-signed")

    await office.goto(f"{phone.world}/notary/")
    await office.locator("#mill").click()
    await _open_in_the_app(phone, office)
    await expect(phone.page.locator("#screen")).to_contain_text("12")
    await phone.picture("04-twelve-deeds")
    await phone.approve()
    await expect(phone.page.locator("#signed")).to_have_attribute("data-count", "12")
    async with phone.page.expect_download() as coming:
        await phone.page.locator(".deeds a").nth(11).click()
    file = tmp_path / "deed.pdf"
    await (await coming.value).save_as(file)
    assert "Signature is Valid." in judged_by_poppler(file)
    assert "CN=Ada Lievens" in judged_by_poppler(file)
