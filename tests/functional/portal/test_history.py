"""What somebody sees of their past requests: all of them, nobody else's, masked until they give their code."""

from __future__ import annotations

import csv
import io
import re

import msgspec
import pytest

from ipse.actions.model import Agreement, NewAction, Request
from tests.functional.oidc.handsets import DURESS, Handset, RefusedError
from tests.functional.portal.columns import LEFT_OUT
from tests.functional.portal.town import FAMILY, GIVEN, Town
from tests.functional.sessions.house import Browser, House, handle_of

ENTRY = re.compile(r'class="row-link" href="/portal/history/([\w-]{16,})\?')


async def test_nobody_sees_anything_without_a_session(house: House, town: Town, phone: Handset) -> None:
    action = await town.asks(phone, "shop", GIVEN)
    async with house.browser() as stranger:
        front = await stranger.http.get("/portal")
        assert (front.status_code, 'id="sign-in"' in front.text, 'href="/block/panic' in front.text) == (
            200,
            True,
            True,
        )
        for address in ("history", f"history/{action}", "history.csv", "partners", "data", "data/copy.zip", "access"):
            answer = await stranger.http.get(f"/portal/{address}")
            assert (answer.status_code, "The Shop" in answer.text) == (401, False), address
        other = await house.works.handset()
        await stranger.sign_in(other, "/portal")
        assert (await stranger.http.get(f"/portal/history/{action}")).status_code == 404
        assert "The Shop" not in (await stranger.http.get("/portal/history")).text
        assert (await stranger.send(f"/portal/history/{action}/not-me")).status_code == 404


async def test_every_outcome_is_there_and_can_be_looked_for(town: Town, browser: Browser, phone: Handset) -> None:
    await town.asks(phone, "shop", GIVEN, FAMILY)
    await town.asks(phone, "bank", name="The Bank", outcome="declined", kind="authentication")
    await town.asks(phone, "bank", name="The Bank", outcome="expired")
    terms = Agreement("Terms of the lease", "You rent the house by the harbour.")
    await town.asks(phone, "notary", name="The Notary", kind="confirmation", content=(terms,))

    async def found(**query: str) -> list[str]:
        page = await browser.http.get("/portal/history", params=query)
        assert page.status_code == 200
        names = re.findall(r"<strong>([^<]+)</strong>", page.text)
        return [name for name in names if name.startswith("The ")]

    assert await found() == ["The Notary", "The Bank", "The Bank", "The Shop"]
    assert await found(q="shop") == ["The Shop"]
    assert await found(q="the LOYALTY card", partner="bank") == ["The Bank", "The Bank"]
    assert await found(outcome="rejected") == ["The Bank"]
    assert await found(outcome="expired") == ["The Bank"]
    assert await found(kind="confirmation") == ["The Notary"]
    assert await found(**{"from": "2026-09-01", "to": "2026-09-30"}) == await found()
    assert await found(to="2026-01-01") == []
    assert await found(q="given_name Ada") == ["The Shop"], "the values shared are looked at, too"
    assert await found(kind="x'; --", outcome="no", partner="' or 1=1", **{"from": "yesterday"}) == []


async def test_what_could_not_be_shown_stands_there_as_failed(town: Town, browser: Browser, phone: Handset) -> None:
    """A request that the identity's level does not reach ends before anybody sees it; its person finds out here."""
    actions = town.house.works.features.actions
    asked = Request(
        "The Office", {"en": "Papers"}, {}, "basic", (), {"door": "test"}, "en", level="high", level_essential=True
    )
    new = NewAction(kind="identification", partner_id="office", service_code="O", request=asked, browser_hash=b"o" * 32)
    action = await actions.begin(new)
    with pytest.raises(RefusedError):
        await phone.claim(action.handle)
    assert "The Office" in (await browser.http.get("/portal/history?outcome=failed")).text
    page = (await browser.http.get(f"/portal/history/{action.action_id}")).text
    assert "higher level" in page
    assert "The Office" not in (await browser.http.get("/portal/history?outcome=rejected")).text


async def test_pages_follow_one_another_and_leave_nothing_out(town: Town, browser: Browser, phone: Handset) -> None:
    for _ in range(27):
        await town.asks(phone, "shop", outcome="declined")
    first = await browser.http.get("/portal/history", params={"partner": "shop"})
    older = re.search(r'id="older" href="([^"]+)"', first.text)
    assert older is not None
    second = await browser.http.get(older[1].replace("&amp;", "&"))
    entries = ENTRY.findall(first.text) + ENTRY.findall(second.text)
    assert (len(entries), len(set(entries))) == (27, 27)
    assert 'id="older"' not in second.text


async def test_one_entry_says_everything_and_exports_follow_the_search(
    town: Town, browser: Browser, phone: Handset
) -> None:
    action = await town.asks(phone, "shop", GIVEN, FAMILY)
    await town.asks(phone, "bank", name="=HYPERLINK(1)", outcome="declined")
    page = (await browser.http.get(f"/portal/history/{action}")).text
    for word in ("The Shop", "Loyalty card", "To greet you by name", "Ada", "Lovelace", "Code in the app", action):
        assert word in page

    table = list(csv.DictReader(io.StringIO((await browser.http.get("/portal/history.csv?partner=shop")).text)))
    assert [(row["partner"], row["outcome"], row["method"]) for row in table] == [("The Shop", "approved", "code")]
    assert '"given_name":"Ada"' in table[0]["shared"]
    cells = (await browser.http.get("/portal/history.csv?outcome=rejected")).text
    assert "'=HYPERLINK(1)" in cells, "nothing a spreadsheet would calculate"
    told = (await browser.http.get("/portal/history.json?partner=shop")).json()["history"]
    assert [entry["reference"] for entry in told] == [action]
    assert (await browser.http.get("/portal/history.json?q=nothing+at+all")).json() == {"history": []}


async def test_not_me_is_reported_once_and_takes_away_what_came_of_it(
    house: House, town: Town, browser: Browser, phone: Handset
) -> None:
    action = await town.asks(phone, "shop", GIVEN)
    assert await house.works.features.portal.histories.living_tokens(phone.account_id) == {"shop": 1}
    done = await browser.send(f"/portal/history/{action}/not-me")
    assert done.headers["location"].endswith("done=disowned")
    again = await browser.send(f"/portal/history/{action}/not-me")
    assert again.headers["location"].endswith("done=disowned_before")
    page = (await browser.http.get(f"/portal/history/{action}")).text
    assert 'href="/portal/block' in page
    assert 'id="disown"' not in page
    assert await house.works.features.portal.histories.living_tokens(phone.account_id) == {}
    flags = await house.works.features.actions.fraud.flags.all()
    assert ("partner", "shop", 1) in {(flag.kind, flag.name, flag.reports) for flag in flags}
    told = await house.works.features.delivery.of(phone.account_id)
    assert [each.kind for each in told] == ["not_started"]


async def test_forms_of_other_sites_change_nothing(house: House, town: Town, browser: Browser, phone: Handset) -> None:
    action = await town.asks(phone, "shop", GIVEN)
    token = await browser.token()
    for address in (f"history/{action}/not-me", "block", "access", "data", "delete", "phone", "partners/shop"):
        for origin, fields in (("https://evil.example", {"token": token}), (house.base, {"token": "x"})):
            answer = await browser.http.post(f"/portal/{address}", data=fields, headers={"Origin": origin})
            assert answer.status_code == 403, address
        assert (await browser.http.get(f"/portal/{address}")).status_code in {200, 404, 405}
    assert (await browser.http.get("/portal")).status_code == 200


async def test_refusal_and_duress_open_nothing(browser: Browser, phone: Handset) -> None:
    waiting = await browser.send("/portal/data", do="open")
    await phone.reject(await phone.claim(handle_of(waiting)))
    back = await browser.http.get(f"/v2/sign-in/{handle_of(waiting)}/finish")
    assert back.headers["location"].startswith("/portal/data?")
    assert 'id="ended"' in (await browser.http.get(back.headers["location"])).text

    await phone.set_duress()
    waiting = await browser.send("/portal/delete")
    await phone.approve(await phone.claim(handle_of(waiting)), DURESS)
    back = await browser.http.get(f"/v2/sign-in/{handle_of(waiting)}/finish")
    assert "code=" not in back.headers["location"]
    row = await browser.house.scheme.database.row("select state from people_accounts")
    assert row is not None
    assert row["state"] == "blocked", "by the duress code, and nothing is deleted"


async def test_nothing_of_ones_own_tells_of_a_duress_code(
    house: House, town: Town, browser: Browser, phone: Handset
) -> None:
    """Whoever forces a person may have them read every page and take the copy: during the block and after it (T-25)."""
    action = await town.asks(phone, "shop", GIVEN)
    await phone.set_duress(told=True)
    waiting = await browser.send("/portal/delete")
    await phone.approve(await phone.claim(handle_of(waiting)), DURESS)
    await town.hand_out()
    database, features = house.scheme.database, house.works.features
    assert await database.rows("select seq from audit_lines where details like '%duress%'"), "it is on record"
    assert "blocked" in {each.kind for each in await features.delivery.of(phone.account_id, forced=True)}
    assert "blocked" not in {each.kind for each in await features.delivery.of(phone.account_id)}

    async def check() -> None:
        document = await features.portal.copies.document(phone.account_id)
        told = msgspec.json.encode(document).decode()
        assert action in told
        for word in ("duress", "withheld", "quiet", '"spare"', "slot"):
            assert word not in told, word
        assert set(LEFT_OUT) <= set(document)
        assert "account.block" not in {line["act"] for line in document["audit"]}
        assert "blocked" not in {each["kind"] for each in document["notices"]["notices"]}
        kinds = {each["notice_id"] for each in document["notices"]["notices"]}
        assert {each["notice_id"] for each in document["notices"]["sendings"]} <= kinds

    await check()
    house.clock.advance(seconds=30 * 86_400)
    await database.rows("update people_accounts set state = 'active', why = null")  # as after an activation
    await check()
