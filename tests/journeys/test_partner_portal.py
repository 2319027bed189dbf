"""From a first visit to a verified login of one's own program, by the words of the partners' portal alone.

Two organisations, two languages, two sizes: one with keys made in the browser and a Node program, one with a secret and
a Python program. Each program is the page's own text, saved and started as the page says. Pictures in
`artefacts/partner-portal`.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl

import httpx
import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.support.devices import QUIET
from tests.support.looking import Onlooker, keeper, onlooker
from tests.support.sandbox import Sandbox, running_sandbox

PICTURES = Path("artefacts/partner-portal")
MODULES = Path("node_modules").resolve()
_LOGGED_IN = re.compile(r"^logged in: [a-z0-9]{36} \(Gerda Elfriede\), \S+/acr_basic$", re.MULTILINE)

_NOT_LOGGED_IN = re.compile(r"^not logged in: invalid_grant: .+ \(reference ([0-9A-Z]{4}-[0-9A-Z]{4})\)$", re.MULTILINE)

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("portal")) as running:
        yield running


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield found
        await found.close()


@dataclass
class Newcomer:
    """Somebody who has never been here, with a browser and an empty folder."""

    window: Onlooker
    sandbox: Sandbox
    folder: Path
    name: str
    code: str = ""
    references: set[str] = field(default_factory=set)
    """Of what the scheme has refused."""

    @property
    def page(self) -> Page:
        return self.window.page

    @property
    def portal(self) -> str:
        return f"http://localhost:{self.sandbox.port + 6}/partners"

    def was_refused(self) -> None:
        """The browser's own word on a form that was refused is none of our faults."""
        assert [fault for fault in self.window.faults if "422" not in fault] == []
        self.window.faults.clear()

    async def come_in(self) -> None:
        """Register, read the mail, make a passkey, sign in."""
        email = f"{self.name.lower()}{time.monotonic_ns()}@{self.window.size}.example"
        await self.window.open(self.portal, "welcome")
        await self.page.fill("#organisation", f"The {self.name}")
        await self.page.fill("#name", "Robin Example")
        await self.page.fill("#email", "nobody")
        await self.page.eval_on_selector("form.form", "form => form.noValidate = true")
        await self.page.click("#register-button")
        await expect(self.page.locator("#problem-email")).to_be_visible()
        self.was_refused()
        await self.page.fill("#email", email)
        await self.page.click("#register-button")
        await expect(self.page.locator("#sent")).to_contain_text(email)
        await self.window.look("sent")
        inbox = await self.page.get_attribute("#inbox", "href")
        async with httpx.AsyncClient() as client:
            letters = (await client.get(f"{inbox}api", params={"to": email})).json()["messages"]
        invitation = re.search(r"https?://\S+/staff/join/\S+", letters[0]["text"])
        assert invitation, letters
        await keeper(self.page)
        await self.window.open(invitation[0])
        await self.page.click("#use-passkey")
        await self.page.click("#onward")
        await self.page.click("#use-passkey")
        await self.page.wait_for_url("**/partners**")
        await self.window.open(self.portal, "overview-new")

    async def make_keys(self) -> None:
        """Make keys in the page, save them, register the public halves."""
        await self.page.click("[data-step=keys]")
        await self.window.look("keys-none")
        await self.page.click("#make-button")
        async with self.page.expect_download() as saving:
            await self.page.click("#save-keys")
        await (await saving.value).save_as(self.folder / "ipse-keys.json")
        await self.page.click("#register-keys")
        await expect(self.page.locator("#keys-table")).to_be_visible()
        await self.window.look("keys")
        # A private half that is chosen by mistake stays on this side.
        await self.page.locator("details", has=self.page.locator("#bring-button")).locator("summary").click()
        await self.page.set_input_files("[data-into=keys]", self.folder / "ipse-keys.json")
        await expect(self.page.locator("#private-here")).to_be_visible()
        assert await self.page.input_value("#keys") == ""
        await self.page.click("#onward")

    async def make_secret(self) -> str:
        """Have a secret made."""
        await self.page.click("[data-step=keys]")
        await self.page.locator("details", has=self.page.locator("#secret-button")).locator("summary").click()
        await self.page.click("#secret-button")
        secret = await self.page.inner_text("#secret")
        await self.window.look("secret")
        await self.page.click("#onward")
        return secret

    async def describe_service(self, redirect_uri: str) -> None:
        """Fill in the form, wrongly first."""
        await self.page.fill(f"#name_{self.window.language}", "Members' corner")
        await self.page.fill("#redirect_uris", redirect_uri.replace("localhost", "shop.example"))
        await self.page.press("#redirect_uris", "Tab")
        await expect(self.page.locator(".addresses .help")).to_be_visible()
        await self.page.click("#save")
        await expect(self.page.locator("#problem-redirect_uris")).to_be_visible()
        self.was_refused()
        await self.window.look("service-problem")
        await self.page.fill("#redirect_uris", redirect_uri)
        await self.page.select_option("#ask_given_name", "voluntary")
        await self.page.locator("details.asking").nth(1).locator("summary").click()
        await self.page.select_option("#ask_email", "required")
        await self.page.select_option("#ask_email_verified", "required")
        await self.page.click("#save")
        await expect(self.page.locator("#done")).to_be_visible()
        await self.window.look("service")

    async def try_it(self, *, keys: bool) -> None:
        """Try a login in the page."""
        await self.page.click("#onward")
        if keys:
            await self.page.set_input_files("#try-keys", self.folder / "ipse-keys.json")
        await self.page.click("#try-button")
        await expect(self.page.locator("#try-news.good")).to_be_visible(timeout=60_000)
        steps = await self.page.eval_on_selector_all("#try-steps li", "items => items.map(item => item.dataset.step)")
        assert steps == ["request", "page", "phone", "approval", "return", "token", "id_token", "userinfo"]
        assert "Gerda Elfriede" in await self.page.inner_text("[data-step=id_token]")
        await self.window.look("try")
        await self.page.check("[name=decision][value=refuse]")
        await self.page.click("#try-button")
        await expect(self.page.locator("#try-news.waits")).to_be_visible(timeout=60_000)
        assert "access_denied" in (await self.page.text_content("[data-step=return]") or "")
        await self.window.look("try-refused")
        self.code = self.page.url.partition("/services/")[2].partition("/")[0]
        # What the portal has tried is not yet a program of their own.
        await self.window.open(self.portal)
        await expect(self.page.locator("li.done [data-step=try]")).to_be_visible()
        await expect(self.page.locator("li.done [data-step=code]")).to_have_count(0)

    async def look_around(self) -> None:
        """Every other page; the API's own snippet, once."""
        await self.window.open(self.portal)
        await expect(self.page.locator("li.done [data-step=code]")).to_be_visible()
        for path in ("", "/keys", "/services", "/requests", "/figures", "/team", "/organisation", "/production"):
            await self.window.open(self.portal + path, path.strip("/") or "overview")
        await self.window.open(self.portal + "/api", "api")
        await self.page.fill("#name", "Nightly check")
        await self.page.click("#make-key")
        key = await self.page.inner_text("#management-key")
        program = self.folder / "requests.sh"
        program.write_text(await self.page.inner_text("#program-shell"))
        process = await asyncio.create_subprocess_exec(
            "sh", program, env=dict(os.environ) | {"IPSE_MANAGEMENT_KEY": key}, stdout=asyncio.subprocess.PIPE
        )
        refusals = json.loads((await process.communicate())[0])["refusals"]
        assert {refusal["reference"] for refusal in refusals} == self.references

    async def run_program(self, program: str, command: list[str], environment: dict[str, str]) -> None:
        """Save the page's own program unchanged, start it, let the simulated phone approve what it prints."""
        await self.window.open(f"{self.portal}/services/{self.code}/code?program={program}", f"code-{program}")
        file = await self.page.inner_text(".numbered > li:first-child > code")
        (self.folder / file).write_text(await self.page.inner_text("#program") + "\n")
        run = (await self.page.inner_text("#run")).strip().split()
        assert run[1] == file
        errors = (self.folder / "errors").open("wb")  # Authlib announces there that it will move from httpx to httpx2
        process = await asyncio.create_subprocess_exec(
            *command, file, cwd=self.folder, env=dict(os.environ) | environment,
            stdout=asyncio.subprocess.PIPE, stderr=errors,
        )  # fmt: skip
        assert process.stdout
        try:
            async with asyncio.timeout(60):
                address = (await process.stdout.readline()).decode()
            assert address.startswith(self.sandbox.base), address + (self.folder / "errors").read_text()
            await callback(address, 404)
            await self.page.click("#onward")
            await self.page.fill("#address", address)
            await self.page.click("#approve")
            await expect(self.page.locator("#go-on")).to_be_visible(timeout=60_000)
            await self.window.look("phone")
            async with httpx.AsyncClient() as client:
                back = await client.get(await self.page.get_attribute("#go-on", "href") or "")
            assert "close this window" in back.text
            async with asyncio.timeout(60):
                told = (await process.stdout.read()).decode()
        finally:
            errors.close()
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert _LOGGED_IN.search(told), told + (self.folder / "errors").read_text()

    async def mistake_a_code(self, command: list[str], environment: dict[str, str]) -> None:
        """The program saved last, brought a code that nobody gave: it says why in one line, with a reference."""
        process = await asyncio.create_subprocess_exec(
            *command, cwd=self.folder, env=dict(os.environ) | environment,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout
        try:
            async with asyncio.timeout(60):
                address = (await process.stdout.readline()).decode()
                assert "close this window" not in await callback(address, 400, code="nobodys")
                told = (await process.communicate())[1].decode()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        found = _NOT_LOGGED_IN.search(told)
        assert found, told
        assert process.returncode == 1
        self.references.add(found[1])


async def callback(address: str, status: int, **answer: str) -> str:
    """Come back to the program that printed an address, with or without an answer to its question."""
    issuer, _, query = address.strip().partition("/authorization?")
    asked = dict(parse_qsl(query))
    if answer:
        answer |= {"state": asked["state"], "iss": issuer}
    # It prints before it listens.
    async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(retries=6)) as client:
        back = await client.get(asked["redirect_uri"], params=answer)
    assert back.status_code == status, back.text
    return back.text


def free_port() -> int:
    """A port that nobody listens at now."""
    with socket.socket() as listener:
        listener.bind(("localhost", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a newcomer's programs are, with what `npm install` would bring."""
    (tmp_path / "node_modules").symlink_to(MODULES)
    return tmp_path


async def test_a_newcomer_with_keys_reaches_a_verified_login(browser: Browser, sandbox: Sandbox, folder: Path) -> None:
    async with onlooker(browser, PICTURES, size="desktop", language="en") as window:
        newcomer = Newcomer(window, sandbox, folder, "Bakery")
        await newcomer.come_in()
        await newcomer.make_keys()
        await newcomer.describe_service(f"http://localhost:{free_port()}/callback")
        await newcomer.try_it(keys=True)
        await newcomer.run_program("node", ["node"], {})
        await newcomer.mistake_a_code(["node", "login.mjs"], {})
        await newcomer.run_program("authlib", [sys.executable, "-u"], {})
        await newcomer.mistake_a_code([sys.executable, "-u", "login_authlib.py"], {})
        await newcomer.look_around()


async def test_a_newcomer_with_a_secret_reaches_it_on_a_phone(browser: Browser, sandbox: Sandbox, folder: Path) -> None:
    async with onlooker(browser, PICTURES, size="phone", language="nl") as window:
        newcomer = Newcomer(window, sandbox, folder, "Mill")
        await newcomer.come_in()
        secret = await newcomer.make_secret()
        await newcomer.describe_service(f"http://localhost:{free_port()}/callback")
        await newcomer.try_it(keys=False)
        await newcomer.run_program("python", [sys.executable, "-u"], {"IPSE_SECRET": secret})
        await newcomer.mistake_a_code([sys.executable, "-u", "login.py"], {"IPSE_SECRET": secret})
        await newcomer.look_around()
