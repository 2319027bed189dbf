"""What a partner has of somebody, taking it back, and whether the partner has acknowledged."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from ipse.portal.model import Told
from ipse.portal.service.news import GIVE_UP_SECONDS, PURGE
from tests.functional.oidc.handsets import Handset
from tests.functional.portal.listener import Listener, hearing
from tests.functional.portal.town import FAMILY, GIVEN, NUMBER, Town
from tests.functional.sessions.house import Browser, House


@pytest.fixture
async def listener(house: House) -> AsyncIterator[Listener]:
    issuer = house.scheme.settings.issuer
    discovery = f"{issuer}/.well-known/openid-configuration"
    async with httpx.AsyncClient() as http:
        jwks_uri = (await http.get(discovery)).json()["jwks_uri"]
    async with hearing(issuer, jwks_uri) as found:
        yield found


async def test_a_partner_s_page_shows_what_it_was_given_and_may_do(
    town: Town, browser: Browser, phone: Handset
) -> None:
    await town.settle("shop", "The Shop")
    await town.asks(phone, "shop", GIVEN, FAMILY)
    await town.asks(phone, "shop", GIVEN, NUMBER)
    await town.asks(phone, "bank", outcome="declined", name="The Bank")
    page = (await browser.http.get("/portal/partners")).text
    assert page.index('data-partner="bank"') < page.index('data-partner="shop"'), "who asked last comes first"
    shop = (await browser.http.get("/portal/partners/shop")).text
    for attribute, value in (("given_name", "Ada"), ("family_name", "Lovelace")):
        assert f'data-attribute="{attribute}"' in shop
        assert value in shop
    assert 'id="unlink"' in shop
    bank = (await browser.http.get("/portal/partners/bank")).text
    assert 'id="unlink"' not in bank, "it was given nothing and knows nobody"
    assert (await browser.http.get("/portal/partners/nobody")).status_code == 404


async def test_what_is_taken_back_stops_at_once_and_is_acknowledged(
    house: House, town: Town, browser: Browser, phone: Handset, listener: Listener
) -> None:
    await town.settle("shop", "The Shop", events=listener.address)
    await town.asks(phone, "shop", GIVEN)
    features = house.works.features
    subject = await features.people.subject(phone.account_id, "shop")
    done = await browser.send("/portal/partners/shop", do="withdraw")
    assert done.headers["location"].endswith("done=withdrawn")
    assert await features.portal.histories.living_tokens(phone.account_id) == {}
    await town.hand_out()
    (claims,) = listener.told
    assert claims["sub_id"] == {"format": "iss_sub", "iss": listener.issuer, "sub": subject}
    assert (claims["aud"], list(claims["events"])) == ("shop", [f"{listener.issuer}/events/consent-withdrawn"])
    assert 'data-told="acknowledged"' in (await browser.http.get("/portal/partners/shop")).text
    assert await features.people.subject(phone.account_id, "shop") == subject, "it still knows the person"


async def test_unlinking_costs_the_code_and_makes_somebody_new(
    house: House, town: Town, browser: Browser, phone: Handset, listener: Listener
) -> None:
    await town.settle("shop", "The Shop", events=listener.address)
    await town.asks(phone, "shop", GIVEN)
    people = house.works.features.people
    before = await people.subject(phone.account_id, "shop")
    back = await town.approved(browser, "/portal/partners/shop", phone, do="unlink")
    assert back.headers["location"].endswith("done=unlinked")
    assert await people.account_of_subject(before, "shop") is None
    listener.status = 503
    await town.hand_out()
    assert 'data-told="waiting"' in (await browser.http.get("/portal/partners/shop")).text
    listener.status = 202
    house.clock.advance(seconds=3600)
    await browser.sign_in(phone, "/portal")
    await town.hand_out()
    assert [list(told["events"]) for told in listener.told] == [[f"{listener.issuer}/events/subject-retired"]]
    page = (await browser.http.get("/portal/partners/shop")).text
    assert 'data-told="acknowledged"' in page
    assert 'id="withdraw"' not in page
    assert (await browser.send("/portal/partners/shop", do="withdraw")).status_code == 409
    await town.asks(phone, "shop", GIVEN)
    assert await people.subject(phone.account_id, "shop") != before


async def test_a_partner_that_refuses_or_never_answers_is_said_so(
    house: House, town: Town, browser: Browser, phone: Handset, listener: Listener
) -> None:
    await town.settle("shop", "The Shop", events=listener.address)
    await town.asks(phone, "shop", GIVEN)
    listener.status = 400
    await browser.send("/portal/partners/shop", do="withdraw")
    await town.hand_out()
    await browser.send("/portal/partners/shop", do="withdraw")
    listener.status = 500
    await town.hand_out()
    house.clock.advance(seconds=GIVE_UP_SECONDS + 1)
    await town.hand_out()
    await town.settle("kiosk", "The Kiosk")
    await browser.sign_in(phone, "/portal")
    await town.asks(phone, "kiosk", GIVEN)
    await browser.send("/portal/partners/kiosk", do="withdraw")
    told = {each.state for each in await house.works.features.portal.relations.withdrawals(phone.account_id)}
    assert told == {Told.REFUSED, Told.UNREACHABLE, Told.NO_ADDRESS}
    assert listener.told == []


async def test_partners_hear_that_somebody_is_gone(
    house: House, town: Town, browser: Browser, phone: Handset, listener: Listener
) -> None:
    await town.settle("shop", "The Shop", events=listener.address)
    await town.asks(phone, "shop", GIVEN)
    subject = await house.works.features.people.subject(phone.account_id, "shop")
    waiting = await browser.send("/portal/delete")
    back = await browser.approved(waiting, phone)
    async with house.browser() as thief:
        assert (await thief.http.get(back.headers["location"])).status_code == 401
    over = await browser.http.get(back.headers["location"])
    assert 'data-over="deleted"' in over.text
    await town.hand_out()
    (claims,) = listener.told
    assert (claims["sub_id"]["sub"], list(claims["events"])) == (subject, [PURGE])
