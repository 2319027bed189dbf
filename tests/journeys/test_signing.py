"""Signing as people meet it: in real browsers, with the sandbox's notary, our own pages, and programs that judge files.

Pictures of every step are kept in `artefacts/signing`.
"""

from __future__ import annotations

import asyncio
import subprocess
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.support.devices import QUIET, Phone
from tests.support.sandbox import Sandbox, running_sandbox
from tests.support.signed_papers import paper

PICTURES = Path("artefacts/signing")

pytestmark = [pytest.mark.journey, pytest.mark.processes, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("signing"), signing=True) as running:
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


async def _approve_here(phone: Phone, waiting: Page) -> Page:
    """On one device: from a waiting page of ours through the app and back; the page one comes back to."""
    phone.page = await phone.context.new_page()
    await _open_in_the_app(phone, waiting)
    await phone.approve()
    await expect(phone.page.locator("#code-pad")).to_be_hidden()
    return phone.page


async def _signed_in(phone: Phone, base: str) -> Page:
    """Our own page for documents, at a desk, after signing in."""
    desk = await phone.context.new_page()
    await desk.goto(f"{base}/envelopes")
    await desk.locator("#sign-in").click()
    home = await _approve_here(phone, desk)
    await home.set_viewport_size({"width": 1280, "height": 800})
    await expect(home.locator("input[name=files]").first).to_be_attached()
    return home


async def _invited(home: Page, guest: str) -> str:
    """Bring a document, ask somebody else to sign it, too; their link."""
    drawn = await asyncio.to_thread(paper, "Lease of the house by the harbour")
    await home.locator("input[name=files]").first.set_input_files(
        {"name": "Lease.pdf", "mimeType": "application/pdf", "buffer": drawn}
    )
    await home.locator("form.drop button").first.click()
    await expect(home.locator("#who")).to_be_visible()
    await home.locator("details.others > summary").click()
    await home.locator("#signer-name").fill(guest)
    await home.locator("#add-signer").click()
    await expect(home.locator(".signers li")).to_have_count(2)
    await home.screenshot(path=PICTURES / "10-draft.png", full_page=True)
    await home.locator("#send").click()
    await expect(home.locator(".pair")).to_have_attribute("data-state", "open")
    await home.screenshot(path=PICTURES / "11-sent.png", full_page=True)
    return await home.locator("input[data-link]").first.input_value()


async def _sign_all(phone: Phone, page: Page) -> Page:
    """Press the button; approve a certificate where there is none, then the signature."""
    await page.locator("#sign").click()
    while True:
        await expect(page.locator("#open-app, .pair")).to_be_visible()
        if await page.locator("#open-app").count() == 0:
            return page
        page = await _approve_here(phone, page)


def _only_pdf(archive: Path) -> bytes:
    with zipfile.ZipFile(archive) as opened:
        (name,) = (name for name in opened.namelist() if name.endswith(".pdf"))
        return opened.read(name)


def judged_by_poppler(file: Path) -> str:
    """What `pdfsig` says of a signed file, its chain aside: nobody has told it of the sandbox's root."""
    return subprocess.run(["pdfsig", "-nocert", str(file)], capture_output=True, text=True, check=False).stdout


async def test_two_people_sign_one_document_and_anybody_can_have_it_judged(
    phone: Phone, browser: Browser, sandbox: Sandbox, tmp_path: Path
) -> None:
    await _become(phone, "400 00 01 15", "mateus", "bank-aurora")
    home = await _signed_in(phone, sandbox.base)
    link = await _invited(home, "Imani")
    page = await _sign_all(phone, home)
    await expect(page.locator('[data-stage="signed"]')).to_have_count(1)
    address = page.url

    async with Phone.of(browser, phone.app, phone.world, PICTURES) as other:
        await _become(other, "400 00 01 14", "imani", "bank-lys")
        door = await other.context.new_page()
        await door.goto(link)
        await door.screenshot(path=PICTURES / "12-invitation.png", full_page=True)
        await door.locator("#sign-in").click()
        door = await _approve_here(other, door)
        await door.locator("#accept").click()
        await expect(door.locator("#sign")).to_be_visible()
        await door.screenshot(path=PICTURES / "13-your-turn.png", full_page=True)
        finished = await _sign_all(other, door)
        await expect(finished.locator(".pair")).to_have_attribute("data-state", "finished")
        await finished.screenshot(path=PICTURES / "14-finished.png", full_page=True)

    await page.goto(address)
    await expect(page.locator(".pair")).to_have_attribute("data-state", "finished")
    await page.screenshot(path=PICTURES / "15-finished-at-the-desk.png", full_page=True)
    async with page.expect_download() as coming:
        await page.locator("#all").click()
    file, everything = tmp_path / "lease.pdf", tmp_path / "all.zip"
    await (await coming.value).save_as(everything)
    octets = await asyncio.to_thread(_only_pdf, everything)
    await asyncio.to_thread(file.write_bytes, octets)
    assert judged_by_poppler(file).count("Signature is Valid.") == 2

    changed = tmp_path / "changed.pdf"
    await asyncio.to_thread(changed.write_bytes, octets.replace(b"harbour", b"horizon"))
    for name, judged, verdict in (("16-unchanged", file, "unchanged"), ("17-changed", changed, "invalid")):
        await page.goto(f"{sandbox.base}/validate")
        await page.locator("#file").set_input_files(judged)
        await page.locator("#judge").click()
        await expect(page.locator("[data-verdict]")).to_have_attribute("data-verdict", verdict)
        await page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


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
