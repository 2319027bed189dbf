"""The sign-in page with real phones: a sandbox in processes of its own, Chromium, and the phone in Python."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from playwright.async_api import Browser, Page, expect

from ipse.kernel.ids import b64u, sha256
from ipse.softphone import Activation, Refused, Request, SoftPhone
from tests.support.sandbox import Sandbox, running_sandbox

if TYPE_CHECKING:
    from ipse.softphone import Outcome

pytestmark = pytest.mark.processes
CODE = "13579"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("signin")) as running:
        yield running


@pytest.fixture(scope="module")
def phone(sandbox: Sandbox) -> Iterator[SoftPhone]:
    with SoftPhone() as found:
        found.activate(Activation(base=sandbox.base, bank="bank-vesta", person="ada", code=CODE))
        yield found


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    context = await browser.new_context(locale="en-GB")
    yield await context.new_page()
    await context.close()


@pytest.fixture
def door(sandbox: Sandbox) -> str:
    """Where the shop sends a browser."""
    partner = sandbox.partner("shop")
    service = next(one for one in partner["services"] if one["type"] == "authentication")
    query = {
        "client_id": "shop",
        "response_type": "code",
        "scope": f"openid service:{service['code']}",
        "redirect_uri": service["redirect_uris"][0],
        "state": "the-state",
        "nonce": "the-nonce",
        "code_challenge": b64u(sha256("v" * 43)),
        "code_challenge_method": "S256",
    }
    return f"{sandbox.base}/v2/authorization?{urlencode(query)}"


async def qr(page: Page) -> str:
    await expect(page.locator("#qr")).to_be_visible()
    return await page.locator("#qr").get_attribute("data-content") or ""


async def approve(phone: SoftPhone, request: Request) -> Outcome:
    return await asyncio.to_thread(phone.approve, request, CODE)


async def test_scanned_and_approved(page: Page, phone: SoftPhone, door: str) -> None:
    await page.goto(door)
    request = await asyncio.to_thread(phone.claim, await qr(page))
    await expect(page.locator("#claimed")).to_have_text("Scanned. Now look at your phone.")
    outcome = await approve(phone, request)
    assert outcome.return_url is None
    await page.wait_for_url(re.compile(r"127\.0\.0\.1"))


async def test_a_link_sent_to_another_person_gives_the_sender_nothing(
    page: Page, browser: Browser, phone: SoftPhone, door: str
) -> None:
    """T-8: the sender sees neither a code nor the way to one; the person who approved is told where it began."""
    left: list[str] = []
    page.on("request", lambda request: left.append(request.url))
    await page.goto(door)
    await expect(page.locator("#qr")).to_be_visible()
    sender_page = page.url
    link = await page.locator("#open-app").get_attribute("href") or ""
    request = await asyncio.to_thread(phone.claim, link)
    await expect(page.get_by_role("heading", name="Opened in your app")).to_be_visible()
    outcome = await approve(phone, request)
    assert outcome.return_url is not None

    victim = await browser.new_context(locale="en-GB")
    theirs = await victim.new_page()
    await theirs.goto(outcome.return_url)
    await expect(theirs.get_by_role("heading", level=1)).to_have_text("Started on another device")
    await victim.close()

    await expect(page.get_by_role("heading", level=1)).to_have_text("Approved in your app")
    await page.goto(sender_page.partition("?")[0] + "/finish")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Approved in your app")
    assert not [address for address in left if "callback" in address.partition("?")[0] or "?code=" in address]


async def test_the_link_finishes_where_it_began(page: Page, phone: SoftPhone, door: str) -> None:
    await page.goto(door)
    link = await page.locator("#open-app").get_attribute("href") or ""
    outcome = await approve(phone, await asyncio.to_thread(phone.claim, link))
    assert outcome.return_url is not None
    came = await page.context.new_page()
    came_to: list[str] = []
    came.on("request", lambda request: came_to.append(request.url))
    await came.goto(outcome.return_url)
    assert any("/shop/callback" in address and "state=the-state" in address for address in came_to)


async def test_a_frame_opened_as_a_link_wants_the_digits(page: Page, phone: SoftPhone, door: str) -> None:
    await page.goto(door)
    content = await qr(page)
    answer = await asyncio.to_thread(phone.ticket, content)
    assert answer["digits"] is True
    digits = await page.locator("#digits").inner_text()
    request = await asyncio.to_thread(phone.claim_ticket, content, answer["ticket"], digits)
    await expect(page.locator("#claimed")).to_be_visible()
    await asyncio.to_thread(phone.reject, request)
    await expect(page.get_by_role("heading", level=1)).to_have_text("You refused")


async def test_wrong_digits_end_the_request_and_the_page_says_so(page: Page, phone: SoftPhone, door: str) -> None:
    await page.goto(door)
    content = await qr(page)
    answer = await asyncio.to_thread(phone.ticket, content)
    digits = await page.locator("#digits").inner_text()
    wrong = f"{(int(digits) + 1) % 100:02d}"
    with pytest.raises(Refused, match="digits"):
        await asyncio.to_thread(phone.claim_ticket, content, answer["ticket"], wrong)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Those were not the digits shown here")


async def test_a_level_that_is_not_reached_ends_the_request(page: Page, phone: SoftPhone, door: str) -> None:
    """An essential eIDAS level (Core §5.5.1.1): nobody is asked for a code that would be worth nothing."""
    high = {"id_token": {"acr": {"essential": True, "value": "http://eidas.europa.eu/LoA/high"}}}
    await page.goto(f"{door}&{urlencode({'claims': json.dumps(high)})}")
    with pytest.raises(Refused) as refused:
        await asyncio.to_thread(phone.claim, await qr(page))
    assert refused.value.code == "level_too_low"
    await expect(page.get_by_role("heading", level=1)).to_have_text("A higher level is needed")
    came_to: list[str] = []
    page.on("request", lambda request: came_to.append(request.url))
    await page.get_by_role("link", name="Pot & Linde").click()
    assert any("error=unmet_authentication_requirements" in address for address in came_to)


async def test_an_old_frame_starts_nothing(page: Page, phone: SoftPhone, door: str) -> None:
    """T-7: a frame is worth a few seconds."""
    await page.goto(door)
    content = await qr(page)
    await asyncio.sleep(7)
    with pytest.raises(Refused) as refused:
        await asyncio.to_thread(phone.claim, content)
    assert refused.value.code == "stale_frame"
    await asyncio.to_thread(phone.claim, await qr(page))


async def test_without_scripts_a_drawn_frame_is_enough(browser: Browser, phone: SoftPhone, door: str) -> None:
    context = await browser.new_context(java_script_enabled=False, locale="en-GB")
    page = await context.new_page()
    await page.goto(door)
    request = await asyncio.to_thread(phone.claim, await qr(page))
    await approve(phone, request)
    await page.wait_for_url(re.compile(r"127\.0\.0\.1"), timeout=15_000)
    await context.close()
