"""Pages find a card in a browser: by the extension that people load, and by the same script in browser tests."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, Playwright, async_playwright

from ipse.standards.web_eid import signatures, tokens
from tests.functional.sandbox.running import running_world
from tests.support.web_eid import CHROMIUM, install, with_extension

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx

    from ipse.sandbox.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")
NONCE = b64encode(bytes(range(48))).decode()

ASK = """(wanted) => new Promise((resolve) => {
  const said = [];
  addEventListener("message", (event) => {
    const { action } = event.data;
    if (action === wanted.action || !action) return;
    said.push(action);
    if (/-(success|failure)$/.test(action)) resolve([said, event.data]);
  });
  postMessage(wanted, location.origin);
})"""
BEGIN = f"(wanted) => {{ window.answered = ({ASK})(wanted); }}"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shared(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[World, httpx.AsyncClient, Playwright]]:
    async with running_world(tmp_path_factory.mktemp("world")) as (world, client), async_playwright() as playwright:
        yield world, client.http, playwright


def signed_for(answer: dict[str, Any], origin: str) -> None:
    """The answer is a token for that origin."""
    members = {name: value for name, value in answer.items() if name != "action"}
    signatures.check(tokens.read(json.dumps(members)), origin=origin, nonce=NONCE)


async def ask(page: Page, action: str, **members: Any) -> tuple[list[str], dict[str, Any]]:
    said, answer = await page.evaluate(ASK, {"action": f"web-eid:{action}", **members})
    return said, answer


async def test_a_browser_test_needs_no_extension(shared: tuple[World, httpx.AsyncClient, Playwright]) -> None:
    world, _, playwright = shared
    address = world.places.world
    browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    try:
        context = await browser.new_context()
        sitting = await install(context, address, "ada")
        page = await context.new_page()
        await page.goto(f"{address}/eid/")
        said, status = await ask(page, "status", libraryVersion="2.0.2")
        assert said == ["web-eid:status-ack", "web-eid:status-success"]
        assert status["extension"]
        said, token = await ask(page, "authenticate", challengeNonce=NONCE)
        assert said == ["web-eid:authenticate-ack", "web-eid:authenticate-success"]
        signed_for(token, address)
        _, certificate = await ask(page, "get-signing-certificate")
        assert certificate["supportedSignatureAlgorithms"]
        sitting.pin = "0000"
        _, refused = await ask(page, "authenticate", challengeNonce=NONCE)
        assert (refused["action"], refused["error"]["code"]) == (
            "web-eid:authenticate-failure",
            "ERR_WEBEID_USER_CANCELLED",
        )
        assert sitting.asked == ["authenticate", "certificate", "authenticate"]
    finally:
        await browser.close()


async def test_the_extension_asks_for_the_pin_in_a_window(
    shared: tuple[World, httpx.AsyncClient, Playwright], tmp_path: Path
) -> None:
    world, http, playwright = shared
    address = world.places.world
    await http.post(f"{address}/eid/api/slot", json={"person": "wout"})
    async with with_extension(playwright, tmp_path) as context:
        page = await context.new_page()
        await page.goto(f"{address}/eid/")
        async with context.expect_page() as opened:
            await page.evaluate(BEGIN, {"action": "web-eid:authenticate", "challengeNonce": NONCE})
        window = await opened.value
        await window.locator("#pin").fill("0000")
        assert await window.locator("#origin").text_content() == address
        await window.locator("#go").click()
        await window.get_by_text("Wrong PIN. Tries left: 2.").wait_for()
        await window.locator("#pin").fill("1234")
        await window.locator("#go").click()
        _, token = await page.evaluate("() => window.answered")
        signed_for(token, address)

        async with context.expect_page() as opened:
            await page.evaluate(BEGIN, {"action": "web-eid:authenticate", "challengeNonce": NONCE})
        window = await opened.value
        await window.locator("#cancel").click()
        _, refused = await page.evaluate("() => window.answered")
        assert refused["error"]["code"] == "ERR_WEBEID_USER_CANCELLED"
