"""One thing used fifty times at two server processes: exactly one wins, on both databases (T-9, T-14, R-21, F-16)."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ipse.app.keystores import open_keystore
from ipse.kernel.clock import SystemClock
from ipse.storage.database import open_database
from tests.functional.oidc.conftest import register
from tests.functional.oidc.installation import Installation, build, settings_at
from tests.functional.oidc.relying_party import RelyingParty

PORTS = (18490, 18492)
MANY = 50
pytestmark = pytest.mark.processes


@contextlib.asynccontextmanager
async def process(database_url: str, keystore: Path, port: int) -> AsyncIterator[None]:
    arguments = (database_url, f"file:{keystore}", str(port), str(PORTS[0]))
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.functional.oidc.process", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert running.stdin
    assert running.stdout
    try:
        assert await asyncio.wait_for(running.stdout.readline(), 30) == b"ready\n"
        yield
    finally:
        running.stdin.close()
        try:
            await asyncio.wait_for(running.wait(), 10)
        except TimeoutError:
            running.kill()
            await running.wait()


@pytest.fixture
async def beside(database_url: str, keystore_file: Path) -> AsyncIterator[Installation]:
    """What the test does beside the two processes: register, approve."""
    database = await open_database(database_url)
    keystore = open_keystore(f"file:{keystore_file}")
    installation, _ = build(settings_at(PORTS[0], database_url), keystore, database, clock=SystemClock())
    async with process(database_url, keystore_file, PORTS[0]), process(database_url, keystore_file, PORTS[1]):
        yield installation
    await database.close()


async def at_once(party: RelyingParty, forms: list[dict[str, str]]) -> list[httpx.Response]:
    """Send all forms at the same moment, alternating between the processes."""
    clients = [httpx.AsyncClient(timeout=60, trust_env=False) for _ in range(10)]
    barrier = asyncio.Event()

    async def send(number: int, form: dict[str, str]) -> httpx.Response:
        await barrier.wait()
        url = f"http://127.0.0.1:{PORTS[number % 2]}/v2/token"
        return await clients[number % len(clients)].post(url, data=form)

    tasks = [asyncio.create_task(send(number, form)) for number, form in enumerate(forms)]
    await asyncio.sleep(0)
    barrier.set()
    answers = await asyncio.gather(*tasks)
    for client in clients:
        await client.aclose()
    return answers


async def test_one_thing_fifty_times_at_two_processes(beside: Installation, partner_keys: dict[str, Any]) -> None:
    """One test, because starting the processes takes longer than racing them."""
    for kind in ("migrating-secret", "new-ec"):
        party = await register(beside, kind, partner_keys.get(kind), "LOGIN")
        for _ in range(3):
            await race_for_a_code(beside, party)
        if party.signing:
            await race_with_an_assertion(party)
            await race_of_browsers(party, {"request": party.request_object(jti="once")})
        await race_of_browsers(party, {"request_uri": (await party.push()).json()["request_uri"]})
        await party.close()


async def race_for_a_code(beside: Installation, party: RelyingParty) -> None:
    """R-21."""
    began = await party.begin()
    await beside.approve(began.handle)
    code = (await party.finish(began))["code"]
    common = {"grant_type": "authorization_code", "code": code, "redirect_uri": party.redirect_uri}
    forms = [common | {"code_verifier": began.verifier} | party.credentials() for _ in range(MANY)]
    answers = await at_once(party, forms)
    won = [answer for answer in answers if answer.status_code == 200]
    lost = [answer for answer in answers if answer.status_code == 400]
    assert (len(won), len(lost)) == (1, MANY - 1)
    assert {answer.json()["error"] for answer in lost} == {"invalid_grant"}
    await party.opened(won[0].json()["id_token"])
    # The code was presented again, so its token is revoked.
    assert (await party.userinfo(won[0].json()["access_token"])).status_code == 401


async def race_with_an_assertion(party: RelyingParty) -> None:
    """R-34: a `jti` is single over all processes."""
    form = {"grant_type": "authorization_code", "code": "x" * 36, "redirect_uri": "x"} | party.credentials()
    answers = await at_once(party, [form] * MANY)
    assert sorted(answer.json()["error"] for answer in answers) == ["invalid_client"] * (MANY - 1) + ["invalid_grant"]


async def race_of_browsers(party: RelyingParty, query: dict[str, str]) -> None:
    """R-30: what is pushed, or signed with a `jti`, belongs to one browser of fifty."""
    query = {"client_id": party.client_id} | query
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # unused, and 50 of their own take seconds
    browsers = [httpx.AsyncClient(timeout=60, trust_env=False, verify=context) for _ in range(MANY)]

    async def open_it(number: int, browser: httpx.AsyncClient) -> int:
        url = f"http://127.0.0.1:{PORTS[number % 2]}/v2/authorization"
        return (await browser.get(url, params=query)).status_code

    opened = await asyncio.gather(*(open_it(number, browser) for number, browser in enumerate(browsers)))
    for browser in browsers:
        await browser.aclose()
    assert sorted(opened) == [200] + [400] * (MANY - 1)
