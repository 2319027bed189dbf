"""Answers by form in a real browser: the page sends itself, and without scripts its button does (C-2)."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.async_api import async_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.functional.oidc.conftest import Joining
from tests.functional.oidc.installation import listening

pytestmark = pytest.mark.parametrize("engine", ["sqlite"])


async def test_the_browser_posts_the_answer(join: Joining, chromium: str) -> None:
    party = await join()
    came: asyncio.Queue[dict[str, list[str]]] = asyncio.Queue()

    async def back(request: Request) -> Response:
        assert request.method == "POST"
        await came.put(parse_qs((await request.body()).decode()))
        return PlainTextResponse("thank you")

    target = urlsplit(party.redirect_uri)
    asked = {
        "client_id": party.client_id,
        "response_type": "code",
        "scope": f"openid service:{party.service}",
        "redirect_uri": party.redirect_uri,
        "response_mode": "form_post",
        "prompt": "none",
        "state": "a&b<c>\"d'",
    }
    address = f"{(await party.discover())['authorization_endpoint']}?{urlencode(asked)}"
    application = Starlette(routes=[Route(target.path, back, methods=["GET", "POST"])])
    async with listening(application, target.port or 0), async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for scripts in (True, False):
            context = await browser.new_context(java_script_enabled=scripts)
            page = await context.new_page()
            await page.goto(address)
            if not scripts:
                await page.click("#post button")
            await page.wait_for_url(party.redirect_uri, timeout=10_000)
            posted = await asyncio.wait_for(came.get(), 10)
            assert posted["error"] == ["login_required"]
            assert posted["state"] == [asked["state"]]
            assert posted["iss"] == [party.issuer]
            await context.close()
        await browser.close()
