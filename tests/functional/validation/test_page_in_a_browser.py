"""The page as people meet it; pictures are kept in `artefacts/validation`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, FilePayload, async_playwright, expect

from tests.functional.validation.conftest import MOST, Place
from tests.support.devices import QUIET
from tests.support.signed_papers import paper, sign_asic, sign_pdf
from tests.support.tampering import content_replaced, file_added, form_filled

PICTURES = Path("artefacts/validation")
SIZES = {"desktop": (1280, 900, "en"), "phone": (390, 844, "de")}
"""Width, height, language: German has the longest words."""
PROBE = (Path(__file__).parents[2] / "javascript" / "accessibility_probe.js").read_text()

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    await asyncio.to_thread(PICTURES.mkdir, parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield found
        await found.close()


@pytest.fixture(scope="module")
def files(place: Place) -> dict[str, tuple[str, bytes]]:
    authority, ada, ben = place.authority, place.ada, place.ben
    both = sign_pdf(authority, ada, paper(), level="B-LTA", reason="I agree")
    form = sign_pdf(authority, ada, paper(form=True), level="B-T")
    sealed = sign_asic(authority, ben, {"a.txt": b"a", "b.txt": b"b"})
    return {
        "valid": ("loan.pdf", sign_pdf(authority, ben, both, level="B-T", field="Signature2")),
        "changed": ("application-form.pdf", form_filled(form)),
        "invalid": ("loan.pdf", content_replaced(both)),
        "unknown": ("holiday.jpg", b"\xff\xd8\xff\xe0 no signature"),
        "added": ("contract.asice", file_added(sealed)),
    }


VERDICTS = {"valid": "unchanged", "changed": "changed", "invalid": "invalid", "unknown": "unknown", "added": "changed"}


@pytest.mark.parametrize("size", SIZES)
async def test_a_person_brings_files(
    browser: Browser, place: Place, files: dict[str, tuple[str, bytes]], size: str
) -> None:
    width, height, language = SIZES[size]
    context = await browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="light", locale="en-GB", accept_downloads=True
    )
    page = await context.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    for kind, (name, content) in files.items():
        await page.goto(f"{place.address}/validate?lang={language}")
        assert not await page.evaluate(PROBE)
        if kind == "valid":
            await page.screenshot(path=PICTURES / f"choose-{size}.png", full_page=True)
        await page.set_input_files("#file", {"name": name, "mimeType": "application/pdf", "buffer": content})
        await page.click("#judge")
        await expect(page.locator("[data-verdict]")).to_have_attribute("data-verdict", VERDICTS[kind])
        await page.screenshot(path=PICTURES / f"{kind}-{size}.png", full_page=True)
        assert not await page.evaluate(PROBE)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"
        if kind == "valid":
            async with page.expect_download() as waiting:
                await page.click("a[download$='.json']")
            path = await (await waiting.value).path()
            report = json.loads(await asyncio.to_thread(path.read_bytes))
            assert report["verdict"] == "unchanged"
    assert not faults
    await context.close()


async def test_a_file_that_is_too_large_is_not_even_sent(browser: Browser, place: Place) -> None:
    page = await browser.new_page()
    await page.goto(f"{place.address}/validate?lang=en")
    big: FilePayload = {"name": "a.pdf", "mimeType": "application/pdf", "buffer": bytes(MOST + 1)}
    await page.set_input_files("#file", big)
    await page.click("#judge")
    await expect(page.locator("#problem")).to_contain_text("larger than 2 MB")
    await page.close()
