"""The sign-in page in Chromium: the moving code, news, languages, keyboard."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, expect

from ipse.actions.rules import starts
from ipse.kernel.ids import b64u_decode
from ipse.kernel.settings import Lifetimes
from tests.functional.signin.conftest import Site


@pytest.fixture(params=["sqlite"])
def engine() -> str:
    """One engine is enough here: what a browser sees does not depend on it."""
    return "sqlite"


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    context = await browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 800})
    found = await context.new_page()
    problems: list[str] = []
    found.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    found.on("pageerror", lambda error: problems.append(str(error)))
    yield found
    await context.close()
    assert problems == [], "the console stays clean: no blocked script, style or image"


async def content(page: Page) -> str:
    return await page.locator("#qr").get_attribute("data-content") or ""


async def test_the_code_moves_and_costs_the_server_nothing(site: Site, page: Page) -> None:
    """Frames are made in the page; each is one that the server accepts at that moment."""
    asked: list[str] = []
    await page.goto(site.door)
    await expect(page.locator("#qr")).to_have_count(1)
    page.on("request", lambda request: asked.append(urlsplit(request.url).scheme + request.url))
    secret = b64u_decode(await page.locator("#signin").get_attribute("data-secret") or "")
    seen = []
    for _ in range(3):
        now = await content(page)
        prefix, _, text = now.partition("/#f=")
        assert prefix == "http://localhost:18399"
        view = await site.actions.database.row("select created_at from actions_actions where handle = $1", site.handle)
        assert view is not None
        elapsed = (site.actions.clock.now() - view["created_at"]) // 1_000_000
        starts.check_frame(starts.read_frame(text), secret, elapsed=elapsed, fresh=5, fresh_drawn=10)
        assert not starts.read_frame(text).drawn
        seen.append(now)
        await expect(page.locator("#qr")).not_to_have_attribute("data-content", now)
    assert len(set(seen)) == 3
    assert all(address.startswith("data") for address in asked), asked


async def test_scanned_then_approved_goes_to_the_partner(site: Site, page: Page) -> None:
    await page.goto(site.door + "?state=s1")
    await expect(page.locator("#qr")).to_be_visible()
    await site.claimed(site.handle)
    await expect(page.locator("#claimed")).to_be_visible()
    await expect(page.locator("#qr")).to_have_count(0)
    await expect(page.locator("#status")).to_contain_text("Now look at your phone")
    await site.approved(site.handle)
    await page.wait_for_url(re.compile(r"/back\?code=\w{36}&state=s1"))


async def test_a_link_sent_to_another_person_gives_the_sender_nothing(site: Site, page: Page, browser: Browser) -> None:
    """T-8: the sender's page neither finishes by itself nor by asking; the approver's browser is told."""
    await page.goto(site.door)
    await expect(page.locator("#qr")).to_be_visible()
    sender = site.handle
    await site.claimed(sender, "link")
    await expect(page.get_by_role("heading", name="Opened in your app")).to_be_visible()
    await site.approved(sender, return_value="value-for-the-victim")
    victim = await browser.new_context()
    theirs = await victim.new_page()
    await theirs.goto(f"{site.origin}/v2/sign-in/return/value-for-the-victim")
    await expect(theirs.get_by_role("heading")).to_have_text("Started on another device")
    await victim.close()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Approved in your app")
    for _ in range(2):
        await page.goto(f"{site.origin}/v2/sign-in/{sender}/finish")
        assert page.url.endswith(f"/v2/sign-in/{sender}")
        assert "code=" not in page.url


async def test_the_return_finishes_in_the_browser_that_began(site: Site, page: Page) -> None:
    await page.goto(site.door + "?state=s2")
    await expect(page.locator("#qr")).to_be_visible()
    await site.claimed(site.handle, "link")
    await site.approved(site.handle, return_value="value-one")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Approved in your app")
    second = await page.context.new_page()
    await second.goto(f"{site.origin}/v2/sign-in/return/value-one")
    assert re.search(r"/back\?code=\w{36}&state=s2", second.url)
    await page.reload()
    await expect(page.get_by_role("heading", level=1)).to_have_text("This request is finished")


async def test_cancel_by_keyboard(site: Site, page: Page) -> None:
    await page.goto(site.door)
    await expect(page.locator("#qr")).to_be_visible()
    await page.get_by_role("button", name="Cancel").focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile(r"/back\?error=access_denied&how=cancelled"))


async def test_a_refusal_shows_the_way_back(site: Site, page: Page) -> None:
    await page.goto(site.door)
    await expect(page.locator("#qr")).to_be_visible()
    await site.claimed(site.handle)
    await site.rejected(site.handle)
    await expect(page.get_by_role("heading", level=1)).to_have_text("You refused")
    await page.locator("#back").click()
    await page.wait_for_url(re.compile(r"how=rejected"))


async def test_more_time_without_leaving_the_page(site: Site, page: Page) -> None:
    await page.goto(site.door)
    await expect(page.locator("#qr")).to_be_visible()
    await page.evaluate("window.stayed = true")
    await page.get_by_role("button", name="More time").click()
    await expect(page.locator("#clock")).to_have_text(re.compile(r"^[56]:"))
    await expect(page.locator("#status")).to_have_text("You have more time.")
    assert await page.evaluate("window.stayed") is True
    await page.get_by_role("button", name="More time").click()
    await expect(page.locator("#clock")).to_have_text(re.compile(r"^[89]:"))
    await page.get_by_role("button", name="More time").click()
    await expect(page.get_by_role("button", name="More time")).to_be_hidden()


async def test_reloading_begins_nothing_new(site: Site, page: Page) -> None:
    await page.goto(site.door)
    await expect(page.locator("#qr")).to_be_visible()
    assert urlsplit(page.url).path == f"/v2/sign-in/{site.handle}"
    await page.reload()
    await expect(page.locator("#qr")).to_be_visible()
    await page.get_by_role("link", name="nl").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Inloggen bij Fietsen De Ketting")
    await expect(page.locator("#qr")).to_be_visible()
    assert len(site.began) == 1


async def test_a_hidden_page_lets_go_and_looks_again_when_shown(site: Site, page: Page) -> None:
    await page.goto(site.door)
    await expect(page.locator("#qr")).to_be_visible()
    wakeups = site.actions.database.wakeups
    await _until(lambda: wakeups.listening_now == 1)
    await _be(page, hidden=True)
    await _until(lambda: wakeups.listening_now == 0)
    await site.claimed(site.handle)
    await _be(page, hidden=False)
    await expect(page.locator("#claimed")).to_be_visible()


async def test_what_a_partner_calls_itself_is_only_text(site: Site, page: Page) -> None:
    site.partner_name = "<img src=x onerror=alert(1)> & Zonen"
    await page.goto(site.door)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Log in to <img src=x onerror=alert(1)> & Zonen")


@pytest.mark.parametrize(("width", "touch", "first"), [(1280, False, "qr"), (390, True, "open-app")])
async def test_what_comes_first(site: Site, browser: Browser, width: int, touch: bool, first: str) -> None:
    context = await browser.new_context(
        viewport={"width": width, "height": 844}, has_touch=touch, is_mobile=touch, locale="en-GB"
    )
    page = await context.new_page()
    await page.goto(site.door)
    await expect(page.locator("#qr")).to_be_visible()
    tops = {}
    for id_ in ("qr", "open-app"):
        box = await page.locator(f"#{id_}").bounding_box()
        assert box is not None
        tops[id_] = box["y"]
    assert min(tops, key=lambda id_: tops[id_]) == first
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "no sideways scrolling"
    await context.close()


async def test_names_for_screen_readers(site: Site, page: Page) -> None:
    """WCAG 2.2: every control and picture has a name, the page a language, a title and one first heading."""
    await page.goto(site.door)
    await expect(page.get_by_role("img", name="Moving code to scan with the Ipse app")).to_be_visible()
    await expect(page.get_by_role("link", name="Open the Ipse app")).to_be_visible()
    await expect(page.get_by_role("heading", level=1)).to_have_count(1)
    await expect(page.get_by_role("status")).to_have_count(1)
    await expect(page).to_have_title(re.compile(r"Log in to Fietsen De Ketting"))
    unnamed = await page.evaluate(
        "[...document.querySelectorAll('a, button, input:not([type=hidden]), img:not([alt])')]"
        ".filter(e => !e.textContent.trim() && !e.getAttribute('aria-label') && !e.alt).length"
    )
    assert unnamed == 0


class TestShort:
    @pytest.fixture
    def lifetimes(self) -> Lifetimes:
        return Lifetimes(action=2)

    async def test_expiry_shows_by_itself(self, site: Site, page: Page) -> None:
        await page.goto(site.door)
        await expect(page.get_by_role("heading", level=1)).to_have_text("The time is up", timeout=10_000)
        await page.locator("#back").click()
        await page.wait_for_url(re.compile(r"how=expired"))


async def test_without_scripts_in_a_browser(site: Site, browser: Browser) -> None:
    context = await browser.new_context(java_script_enabled=False, locale="en-GB")
    page = await context.new_page()
    await page.goto(site.door)
    await expect(page.locator("#qr")).to_have_count(1)
    before = await content(page)
    await page.wait_for_url(re.compile(r"/v2/sign-in/"), timeout=10_000)
    assert await content(page) != before
    await site.claimed(site.handle)
    await site.approved(site.handle)
    await page.wait_for_url(re.compile(r"/back\?code="), timeout=10_000)
    await context.close()


async def test_cancel_by_form_alone(site: Site, browser: Browser) -> None:
    """The form may lead to the partner's origin: form-action covers the redirect that answers it."""
    context = await browser.new_context(java_script_enabled=False, locale="en-GB")
    page = await context.new_page()
    await page.goto(site.door)
    await page.get_by_role("button", name="Cancel").click()
    await page.wait_for_url(re.compile(r"/back\?error=access_denied&how=cancelled"))
    await context.close()


async def _until(holds: object) -> None:
    assert callable(holds)
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def _be(page: Page, *, hidden: bool) -> None:
    await page.evaluate(
        """hidden => {
            Object.defineProperty(document, "hidden", {configurable: true, get: () => hidden});
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )
