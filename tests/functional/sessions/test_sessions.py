"""Signing in to our own pages: who has a session, for how long, and what ends it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ipse.kernel.ids import sha256
from ipse.people.model import BlockReason
from ipse.phones.model import StopReason
from tests.functional.oidc.handsets import DURESS, Handset
from tests.functional.sessions.house import Browser, House, handle_of

CURRENT = "select account_id, session_hash, level from sessions_sessions"


@pytest.fixture
async def phone(house: House) -> Handset:
    return await house.works.handset()


@pytest.fixture
async def browser(house: House) -> AsyncIterator[Browser]:
    async with house.browser() as opened:
        yield opened


async def whose(browser: Browser) -> str | None:
    """Whose session this browser holds, as a page would ask."""
    from starlette.requests import Request

    edge = browser.house.scheme.application
    cookies = "; ".join(f"{name}={value}" for name, value in browser.http.cookies.items()).encode()
    scope = {"type": "http", "headers": [(b"cookie", cookies)], "ipse.edge": edge}
    session = await browser.house.works.features.doors.sessions.current(Request(scope))
    return None if session is None else session.account_id


async def test_a_sign_in_gives_its_browser_a_session_and_no_other(
    house: House, browser: Browser, phone: Handset
) -> None:
    page = await browser.begin("/envelopes")
    before = dict(browser.http.cookies)
    sent_on = await browser.approved(page, phone)
    address = sent_on.headers["location"]
    assert address.startswith("/session/return?code=")

    async with house.browser() as thief:
        await thief.token()
        assert (await thief.http.get(address)).status_code == 410

    # The code counts once, whoever tried: the person signs in again.
    assert (await browser.http.get(address)).status_code == 410
    done = await browser.sign_in(phone, "/envelopes/abc?lang=nl")
    assert (done.status_code, done.headers["location"]) == (303, "/envelopes/abc?lang=nl")
    assert await whose(browser) == phone.account_id
    cookie = done.headers["set-cookie"]
    assert [part in cookie for part in ("HttpOnly", "SameSite=Lax", "Max-Age")] == [True, True, False]
    assert set(before.values()).isdisjoint({browser.http.cookies["ipse-session"]})
    rows = await house.scheme.database.rows(CURRENT)
    assert [bytes(row["session_hash"]) for row in rows] == [sha256(browser.http.cookies["ipse-session"])]
    assert [row["level"] for row in rows] == ["substantial"]


async def test_a_session_ends_when_nothing_is_asked_and_after_half_a_day(
    house: House, browser: Browser, phone: Handset
) -> None:
    await browser.sign_in(phone)
    for _ in range(25):
        house.clock.advance(seconds=1700)
        assert await whose(browser) == phone.account_id, "used in time, so not over"
    house.clock.advance(seconds=701)
    assert await whose(browser) is None, "twelve hours are over"

    await browser.sign_in(phone)
    house.clock.advance(seconds=1801)
    assert await whose(browser) is None, "half an hour without use"
    assert await house.works.features.doors.sessions.forget() == 2
    assert await house.scheme.database.rows(CURRENT) == []


async def test_a_block_ends_it_at_once_and_a_new_activation_brings_nothing_back(
    house: House, browser: Browser, phone: Handset
) -> None:
    for _ in range(2):
        await browser.sign_in(phone)
    await house.works.features.doors.sessions.end_all(phone.account_id)
    assert await house.scheme.database.rows(CURRENT) == [], "deleting the account ends all"
    await browser.sign_in(phone)
    messages = house.scheme.messages
    await messages.block(phone.account_id, BlockReason.BY_PERSON, StopReason.BLOCKED, actor="test")
    assert await whose(browser) is None
    assert await house.scheme.database.rows(CURRENT) == []


async def test_only_our_own_forms_begin_and_end_it(house: House, browser: Browser, phone: Handset) -> None:
    done = await browser.sign_in(phone, "//evil.example/")
    assert done.headers["location"] == "/portal"
    for address in ("/session/begin", "/session/end"):
        fields = {"token": await browser.token()}
        refused = await browser.http.post(address, data=fields, headers={"Origin": "https://evil.example"})
        assert refused.status_code == 403
        assert (await browser.http.post(address, data={"token": "x"})).status_code == 403
    assert await whose(browser) == phone.account_id

    kept = browser.http.cookies["ipse-session"]
    out = await browser.send("/session/end", onward="/envelopes")
    assert out.status_code == 303
    assert "Max-Age=0" in out.headers["set-cookie"]
    browser.http.cookies.set("ipse-session", kept, domain="localhost.local")
    assert await whose(browser) is None, "the server has forgotten it, too"


async def test_refusal_and_duress_sign_nobody_in(house: House, browser: Browser, phone: Handset) -> None:
    page = await browser.begin()
    request = await phone.claim(handle_of(page))
    await phone.reject(request)
    back = await browser.http.get(f"/v2/sign-in/{handle_of(page)}/finish")
    assert back.headers["location"] == "/envelopes"

    await phone.set_duress()
    page = await browser.begin()
    await phone.approve(await phone.claim(handle_of(page)), DURESS)
    back = await browser.http.get(f"/v2/sign-in/{handle_of(page)}/finish")
    assert back.headers["location"] == "/envelopes"
    assert await whose(browser) is None
