"""A phone that changes: moved with both in hand, lost, blocked from the web, activated again, and told of all that.

In Chromium, against a whole sandbox.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, expect

from tests.javascript.app_driver import CODE, Handset, chromium, new_handset
from tests.support.sandbox import Sandbox, running_sandbox

NEW_CODE = "24680"
ADA = ("ada", "400000101")
PICTURES = Path("artefacts/another-phone")

pytestmark = [pytest.mark.journey, pytest.mark.processes, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("another-phone")) as running:
        yield running


@pytest.fixture
async def phones(sandbox: Sandbox) -> AsyncIterator[list[Handset]]:
    """Three phones on which nothing was ever activated."""
    await asyncio.to_thread(PICTURES.mkdir, parents=True, exist_ok=True)
    async with chromium() as browser:
        yield [await new_handset(browser, sandbox) for _ in range(3)]


async def picture(page: Page, name: str) -> None:
    await page.wait_for_timeout(400)  # let a screen that slides in come to rest
    await page.screenshot(path=PICTURES / f"{name}.png")


async def inbox(sandbox: Sandbox, number: str) -> list[dict[str, Any]]:
    async with httpx.AsyncClient(trust_env=False) as http:
        api = sandbox.world["inboxes"]["api"]
        messages: list[dict[str, Any]] = (await http.get(api, params={"to": number})).json()["messages"]
    return messages


async def test_a_phone_moves_is_lost_and_comes_back(sandbox: Sandbox, phones: list[Handset]) -> None:
    old, new, third = phones
    await old.activate(*ADA)

    # With both phones in hand.
    await new.open()
    await new.press("#welcome-move", "#move-begin")
    code = await new.page.locator("#pairing-code").inner_text()
    await picture(new.page, "01-code")
    await old.press("#tab-settings", "#settings-move")
    await old.page.locator("#pairing-typed").fill(code.lower().replace("-", " "))
    await old.press("#pairing-go")
    await expect(old.page.locator("#meeting")).to_have_attribute("data-near", "true")
    await picture(old.page, "02-meeting")
    await expect(new.page.locator("#pairing")).to_have_attribute("data-state", "seen")
    await old.press("#hand-over")
    await old.type_code(CODE)
    await expect(old.page.locator("#handed-over")).to_be_visible()
    await new.on_screen("choose-code")
    await new.type_code(NEW_CODE)
    await new.on_screen("repeat-code")
    await new.type_code(NEW_CODE)
    await expect(new.page.locator("#done")).to_have_attribute("data-state", "active")
    await new.press("#done-continue")
    await old.press("#done-continue")
    await expect(old.page.locator("#stopped")).to_have_attribute("data-why", "moved")

    # Lost: blocked from a desktop, without login.
    desk = await old.desktop.new_page()
    await desk.goto(f"{sandbox.base}/block?lang=nl")
    await desk.locator("#number").fill("0400 00 01 01")
    for field, value in (("day", "17"), ("month", "5"), ("year", "1988")):
        await desk.locator(f"#{field}").fill(value)
    await picture(desk, "03-block")
    await desk.locator("#block").click()
    await expect(desk.locator("[data-outcome=taken]")).to_be_visible()
    await new.open()
    await expect(new.page.locator("#stopped")).to_have_attribute("data-why", "blocked")

    # Activated again; told of everything.
    await third.activate(*ADA)
    await third.press("#tab-settings", "#settings-notices")
    kinds = third.page.locator("#notices [data-notice]")
    await expect(kinds.first).to_have_attribute("data-notice", "unblocked")
    told = [await kinds.nth(at).get_attribute("data-notice") for at in range(await kinds.count())]
    assert told == ["unblocked", "blocked", "phone_moved", "phone_bound"]
    await picture(third.page, "04-notices")
    assert len(await inbox(sandbox, "+32 400000101")) >= 3
    await desk.goto(f"{third.world}/inboxes/ada")
    await expect(desk.locator(".letter").first).to_be_visible()
    await picture(desk, "05-inbox")
