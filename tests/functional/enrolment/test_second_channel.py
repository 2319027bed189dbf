"""The page that blocks without login, and the messages that people get about their identity (B-27, T-16)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
import pytest

from ipse.portal.service.blocking import NUMBER
from tests.functional.enrolment.party import Stage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ADA = ("ada", "bank-vesta", "+32 400000101")
RIGHT = {"country": "BE", "number": "0400 00 01 01", "day": "17", "month": "5", "year": "1988"}


@pytest.fixture
async def browser(stage: Stage) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=stage.base, trust_env=False, headers={"origin": stage.base}) as http:
        yield http


def token(page: httpx.Response) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


async def block(browser: httpx.AsyncClient, **typed: str) -> httpx.Response:
    page = await browser.get("/block?lang=en")
    return await browser.post("/block?lang=en", data={**RIGHT, **typed, "token": token(page)})


async def hand_out(stage: Stage) -> None:
    while await stage.scheme.outbox.hand_out():
        pass


async def state(stage: Stage) -> str:
    row = await stage.scheme.database.row("select state from people_accounts")
    assert row is not None
    return str(row["state"])


def masked(page: httpx.Response) -> str:
    return re.sub(r'(nonce|value)="[^"]+"|nonce-[\w-]+', "", page.text)


async def test_a_lost_phone_is_blocked_from_the_web(stage: Stage, browser: httpx.AsyncClient) -> None:
    await stage.activated(*ADA)
    answer = await block(browser)
    assert answer.status_code == 200
    assert 'data-outcome="taken"' in answer.text
    await hand_out(stage)
    assert await state(stage) == "blocked"
    row = await stage.scheme.database.row("select why from people_accounts")
    assert row is not None
    assert row["why"] == "from_web"
    assert await stage.count("select count(*) as n from portal_blocks") == 0
    line = await stage.scheme.database.row("select actor, details from audit_lines where act = 'account.block'")
    assert line is not None
    assert (line["actor"], line["details"]) == ("web", '{"why":"from_web"}')


async def test_everybody_gets_the_same_page(stage: Stage, browser: httpx.AsyncClient) -> None:
    """T-16: known, unknown, wrong birth date, already blocked; nothing is looked at before the answer."""
    await stage.activated(*ADA)
    before = stage.scheme.database.statements
    pages = [await block(browser)]
    cost = stage.scheme.database.statements - before
    for typed in ({"number": "0499 99 99 99"}, {"day": "18"}):
        before = stage.scheme.database.statements
        pages.append(await block(browser, **typed))
        assert stage.scheme.database.statements - before == cost
    await hand_out(stage)
    assert await state(stage) == "blocked"
    pages.append(await block(browser))
    assert len({(page.status_code, masked(page)) for page in pages}) == 1


async def test_a_birth_date_cannot_be_guessed(stage: Stage, browser: httpx.AsyncClient) -> None:
    await stage.activated(*ADA)
    for day in range(1, NUMBER.burst + 1):
        await block(browser, day=str(day))
    await hand_out(stage)
    answer = await block(browser)
    assert 'data-outcome="taken"' in answer.text
    await hand_out(stage)
    assert await state(stage) == "active"
    stage.clock.advance(seconds=3601)
    await block(browser)
    await hand_out(stage)
    assert await state(stage) == "blocked"


async def test_a_thief_who_types_nonsense_first_keeps_nobody_from_blocking(
    stage: Stage, browser: httpx.AsyncClient
) -> None:
    """The looks of one network are its own: the person blocks from theirs, at once."""
    await stage.activated(*ADA)
    for day in range(1, 12):
        await block(browser, day=str(day))
    await hand_out(stage)
    way = httpx.AsyncHTTPTransport(local_address="127.0.7.1")
    headers = {"origin": stage.base}
    async with httpx.AsyncClient(base_url=stage.base, transport=way, trust_env=False, headers=headers) as home:
        await block(home)
    await hand_out(stage)
    assert await state(stage) == "blocked"


async def test_addresses_of_one_network_are_one(stage: Stage, browser: httpx.AsyncClient) -> None:
    """Whoever has a whole network of addresses has no more wishes than one address."""
    outcomes = []
    for host in range(1, 23):
        way = httpx.AsyncHTTPTransport(local_address=f"127.0.7.{host}")
        headers = {"origin": stage.base}
        async with httpx.AsyncClient(base_url=stage.base, transport=way, trust_env=False, headers=headers) as http:
            outcomes.append((await block(http)).status_code)
    assert outcomes.count(429) == 2


@pytest.mark.parametrize(
    ("typed", "outcome"),
    [({"number": "12"}, "number"), ({"month": "13"}, "birthdate"), ({"year": "2999"}, "birthdate")],
)
async def test_what_cannot_be_is_said(
    stage: Stage, browser: httpx.AsyncClient, typed: dict[str, str], outcome: str
) -> None:
    answer = await block(browser, **typed)
    assert (answer.status_code, f'data-outcome="{outcome}"' in answer.text) == (422, True)
    assert await stage.count("select count(*) as n from portal_blocks") == 0


async def test_a_form_of_another_site_blocks_nobody(stage: Stage, browser: httpx.AsyncClient) -> None:
    await browser.get("/block")
    answer = await browser.post("/block", data={**RIGHT, "token": "x"})
    assert answer.status_code == 403


@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
async def test_the_page_speaks_four_languages_without_scripts(browser: httpx.AsyncClient, language: str) -> None:
    page = await browser.get(f"/block?lang={language}")
    assert f'lang="{language}"' in page.text
    assert "<script" not in page.text
    assert "/block/panic" in page.text


# -- what people are told


async def test_a_notice_settles_where_nobody_can_be_told(stage: Stage) -> None:
    """Without mail server and gateway a notice settles with nothing sent: the app shows it all the same."""
    phone, _ = await stage.activated(*ADA)
    await hand_out(stage)
    rows = await stage.scheme.database.rows("select kind, state, sealed from notices_notices")
    assert [(row["kind"], row["state"], bytes(row["sealed"])) for row in rows] == [("phone_bound", "sent", b"")]
    assert (await phone.home())["account"]["state"] == "active"
