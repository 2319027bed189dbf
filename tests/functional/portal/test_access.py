"""What a person takes away: sessions, browsers, ways to sign in, names under which partners have them sign."""

from __future__ import annotations

import re

import pytest

from ipse.actions.model import Method
from ipse.audit.service import auditing
from ipse.csc.store import rounds
from ipse.storage.statement import Transaction
from tests.functional.oidc.handsets import Handset, RefusedError
from tests.functional.portal.town import GIVEN, Town
from tests.functional.sessions.house import Browser, House, handle_of

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


async def test_sessions_end_one_by_one_and_all_at_once(house: House, browser: Browser, phone: Handset) -> None:
    async with house.browser() as other:
        await other.sign_in(phone, "/portal")
        page = (await browser.http.get("/portal/access")).text
        (theirs,) = re.findall(r'name="session" value="([^"]+)"', page)
        assert page.count("data-session=") == 2
        await browser.send("/portal/access", session=theirs)
        assert (await other.http.get("/portal/access")).status_code == 401
        assert (await browser.http.get("/portal/access")).status_code == 200
        assert (await browser.send("/portal/access", session=theirs)).status_code == 404
        await other.sign_in(phone, "/portal")
        await browser.send("/portal/access", sessions="all")
        for each in (browser, other):
            assert (await each.http.get("/portal/access")).status_code == 401


async def test_a_way_goes_for_the_code_alone(house: House, town: Town, browser: Browser, phone: Handset) -> None:
    setups = house.works.features.fallback.setups
    prepared = await setups.prepare(phone.account_id, Method.TOTP)
    for statement in prepared.statements:
        await house.scheme.database.rows(statement.text, *statement.values)
    page = (await browser.http.get("/portal/phone")).text
    assert prepared.told["name"] in page
    assert prepared.told["secret"] not in page
    back = await town.approved(browser, "/portal/phone", phone, way=prepared.told["setup"])
    assert back.headers["location"].endswith("done=way")
    assert await setups.listed(phone.account_id) == []
    told = [each.kind for each in await house.works.features.delivery.of(phone.account_id)]
    assert told == ["fallback_removed"]
    assert (await browser.send("/portal/phone", way=prepared.told["setup"])).status_code == 404


async def test_an_approval_is_the_person_s_in_the_browser_that_began(
    house: House, browser: Browser, phone: Handset
) -> None:
    """Another person's phone cannot claim it, and what one browser began no other finishes, signed in or not."""
    waiting = await browser.send("/portal/data", do="open")
    other = await house.works.handset()
    with pytest.raises(RefusedError):
        await other.claim(handle_of(waiting))
    back = await browser.approved(waiting, phone)
    async with house.browser() as thief:
        await thief.sign_in(phone, "/portal")
        assert (await thief.http.get(back.headers["location"])).status_code == 410
    assert (await browser.http.get(back.headers["location"])).status_code == 410, "it counts once, whoever tried"
    assert (await browser.http.get("/portal/data/copy.zip")).status_code == 403


async def test_taking_back_unbinds_who_signs_for_a_partner(
    house: House, town: Town, browser: Browser, phone: Handset
) -> None:
    await town.settle("shop", "The Shop")
    await town.asks(phone, "shop", GIVEN)
    database, tokens = house.scheme.database, house.works.features.doors.csc.tokens
    await database.rows(rounds.BIND, "shop", b"name", phone.account_id, house.clock.now(), "")
    assert await tokens.bindings(phone.account_id) == {"shop": 1}
    await browser.send("/portal/partners/shop", do="withdraw")
    assert await tokens.bindings(phone.account_id) == {}


async def test_who_looked_at_a_person_is_told_to_them(house: House, browser: Browser, phone: Handset) -> None:
    assert "Nobody has looked" in (await browser.http.get("/portal/data")).text
    now = house.clock.now()
    for actor, act in (("staff:m1", "account.view"), ("operator:root", "account.show"), ("person", "portal.open")):

        def looking(actor: str = actor, act: str = act) -> Transaction[None]:
            yield from auditing(now, actor=actor, act=act, subject=phone.account_id)

        await house.scheme.database.transact(looking)
    page = (await browser.http.get("/portal/data")).text
    assert re.findall(r'data-look="([^"]+)"', page) == ["account.show", "account.view"]
    assert "after two people had decided so" in page
    assert "m1" not in page, "who it was is the scheme's to know"
