"""The pages on which staff come in, in a real browser with a keeper of passkeys; pictures in `artefacts/staff`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright, expect

from ipse.staff import Invitee, Organisation
from tests.functional.oidc.installation import is_free, listening
from tests.functional.staff import office as offices
from tests.functional.staff.office import Office
from tests.support.devices import QUIET
from tests.support.looking import keeper, onlooker

PICTURES = Path("artefacts/staff")
pytestmark = [pytest.mark.timeout(120), pytest.mark.parametrize("engine", ["sqlite"], indirect=True)]


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield found
        await found.close()


@pytest.mark.parametrize(("size", "language"), [("desktop", "en"), ("phone", "de")])
async def test_a_member_comes_in_and_looks_after_their_passkeys(
    browser: Browser, office: Office, size: str, language: str
) -> None:
    invitee = Invitee("Annelies Vandenbroucke", "annelies@ipse.example", ("security", "reviewer"), language)
    invitation = await office.parts.staff.invite(Organisation.SCHEME, "", invitee, actor="operator:root")
    assert is_free(24600)
    async with (
        listening(office.application, 24600),
        onlooker(browser, PICTURES, size=size, language=language) as window,
    ):
        page = window.page
        await keeper(page)
        await window.open(invitation.url, "join")
        await page.click("#use-passkey")
        await expect(page.locator("#passkey-made")).to_be_visible()
        await window.look("joined")
        await page.click("#onward")
        await window.look("sign-in")
        await page.click("#use-passkey")
        await page.wait_for_url("**/console")
        window.faults.clear()  # the console itself is not in this office
        await window.open(f"{offices.ORIGIN}/staff/account", "account")
        await window.open(f"{offices.ORIGIN}/staff/account/passkey", "another")
        await page.click(".trail a, p a")
        await page.click("#sign-out")
        await page.wait_for_url("**/staff/sign-in**")
        await window.open(invitation.url)
        await expect(page.locator("#invitation-over")).to_be_visible()
