"""The way to the bank and back: only the browser that began, only the phone that began, only once, only in time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from ipse.enrolment import clients
from ipse.enrolment.jobs import KEPT_SECONDS
from ipse.softphone.errors import Refused
from tests.functional.enrolment.party import Browser, Phone, Stage

if TYPE_CHECKING:
    import httpx

ADA = ("ada", "bank-vesta", "+32 400000101")
ACCOUNTS = "select count(*) as n from people_accounts"


def _data_code(response: httpx.Response) -> str:
    return response.text.partition('data-code="')[2].partition('"')[0]


async def _refused(phone: Phone, value: str) -> Refused:
    with pytest.raises(Refused) as refused:
        await phone.bring(value)
    assert refused.value.code == "enrolment_ended"
    return refused.value


async def test_a_return_in_another_browser_ends_the_enrolment(stage: Stage) -> None:
    """DESIGN 5: a start address sent to somebody else brings its sender nothing."""
    attacker, victim = Phone(stage, *ADA), Browser(stage)
    callback = await attacker.callback()
    answer = await victim.open(callback)
    assert answer.status_code == 403
    assert _data_code(answer) == "foreign_return"
    assert "location" not in answer.headers
    assert await attacker.browser.fragment(callback) == ("ended", "foreign_return")
    with pytest.raises(Refused) as refused:
        await attacker.activate()
    assert refused.value.fields["why"] == "foreign_return"
    assert await stage.count(ACCOUNTS) == 0


async def test_a_value_presented_by_another_phone_ends_the_enrolment(stage: Stage) -> None:
    """The victim opens the attacker's link and logs in: the value reaches the victim's phone, which is another."""
    attacker, victim = Phone(stage, *ADA), Phone(stage, *ADA)
    value = await attacker.visit_bank()
    await victim.enrol()
    await _refused(victim, value)
    assert (await _refused(attacker, value)).fields["why"] == "foreign_return"
    assert await stage.count(ACCOUNTS) == 0


async def test_a_phone_cannot_claim_the_enrolment_of_another(stage: Stage) -> None:
    one, other = Phone(stage, *ADA), Phone(stage, *ADA)
    await one.bring(await one.visit_bank())
    await other.enrol()
    state = other.store.load()
    state.enrolment = one.store.load().enrolment
    other.store.save(state)
    with pytest.raises(Refused) as refused:
        await other.activate()
    assert refused.value.code == "enrolment_ended"
    assert (await one.activate())["account"]["state"] == "active"


async def test_a_made_up_value_is_refused_and_the_right_one_still_works(stage: Stage) -> None:
    phone = Phone(stage, *ADA)
    value = await phone.visit_bank()
    await _refused(phone, "A" * 43)
    assert (await phone.bring(value))["number_verified"] is True


async def test_ten_callbacks_make_one_account(stage: Stage) -> None:
    """F-8: duplicated callback ×10 → one account."""
    phone = Phone(stage, *ADA)
    callback = await phone.callback()
    answers = await asyncio.gather(*(phone.browser.open(callback) for _ in range(10)))
    assert {answer.status_code for answer in answers} <= {200, 303}
    values = {answer.headers["location"] for answer in answers if answer.status_code == 303}
    values.add((await phone.browser.open(callback)).headers["location"])
    assert len(values) == 1
    await phone.bring(values.pop().partition("=")[2])
    assert (await phone.activate())["account"]["state"] == "active"
    assert await stage.count(ACCOUNTS) == 1
    late = await phone.browser.open(callback)
    assert (late.status_code, _data_code(late)) == (410, "return_used")


async def test_a_callback_after_expiry_ends_calmly(stage: Stage) -> None:
    """F-8: late callback after expiry."""
    phone = Phone(stage, *ADA)
    callback = await phone.callback()
    stage.clock.advance(seconds=1801)
    assert await phone.browser.fragment(callback) == ("ended", "expired")
    assert await stage.count(ACCOUNTS) == 0


async def test_a_value_works_for_ten_minutes(stage: Stage) -> None:
    phone = Phone(stage, *ADA)
    value = await phone.visit_bank()
    stage.clock.advance(seconds=601)
    assert (await _refused(phone, value)).fields["why"] == "expired"


async def test_a_start_address_works_once(stage: Stage) -> None:
    phone = Phone(stage, *ADA)
    begun = await phone.enrol()
    first, second = await asyncio.gather(
        phone.browser.open(begun["start_url"]), Browser(stage).open(begun["start_url"])
    )
    assert sorted([first.status_code, second.status_code]) == [303, 404]
    assert _data_code(first if first.status_code == 404 else second) == "unknown_start"


async def test_a_start_address_works_for_ten_minutes(stage: Stage) -> None:
    """B-6."""
    phone = Phone(stage, *ADA)
    begun = await phone.enrol()
    stage.clock.advance(seconds=601)
    assert (await phone.browser.open(begun["start_url"])).status_code == 404


async def test_the_start_sets_the_browsers_cookie_and_the_page_names_what_is_activated(stage: Stage) -> None:
    phone = Phone(stage, *ADA)
    begun = await phone.enrol()
    started = await phone.browser.open(begun["start_url"])
    assert "HttpOnly" in started.headers["set-cookie"]
    assert started.headers["referrer-policy"] == "no-referrer"
    other = Phone(stage, *ADA)
    page = await other.browser.to_login_page((await other.enrol())["start_url"])
    assert "De Ipse-app activeren op een nieuwe telefoon" in page.text
    assert "eindigt op 01" in page.text


async def test_a_person_who_refuses_at_the_bank(stage: Stage) -> None:
    phone = Phone(stage, *ADA)
    callback = await phone.callback(decision="refuse")
    assert await phone.browser.fragment(callback) == ("ended", "refused_by_person")
    with pytest.raises(Refused) as refused:
        await phone.activate()
    assert refused.value.fields["why"] == "refused_by_person"


@pytest.mark.parametrize("change", [{"iss": "https://evil.example"}, {"code": "made-up"}, {"code": None}])
async def test_an_answer_that_is_not_the_banks_own(stage: Stage, change: dict[str, str | None]) -> None:
    """RFC 9207: the bank says its name in the answer."""
    phone = Phone(stage, *ADA)
    parts = urlsplit(await phone.callback())
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | change
    changed = parts._replace(query=urlencode({name: value for name, value in query.items() if value is not None}))
    assert await phone.browser.fragment(changed.geturl()) == ("ended", "registrar_error")


async def test_a_return_with_a_made_up_state_or_a_parameter_twice(stage: Stage) -> None:
    phone = Phone(stage, *ADA)
    callback = await phone.callback()
    made_up = await phone.browser.open(f"{stage.base}/enrolment/return?state={'A' * 43}&code=x")
    twice = await phone.browser.open(f"{callback}&state=other")
    assert {made_up.status_code, twice.status_code} == {404}
    assert (await phone.browser.fragment(callback))[0] == "return"


async def test_a_bank_out_of_order_at_the_start(stage: Stage) -> None:
    """F-8: the person gets back to the app, which can say what happened."""
    phone = Phone(stage, *ADA)
    begun = await phone.enrol()
    stage.moods.change("bank-vesta", "error", 0)
    assert await phone.browser.fragment(begun["start_url"]) == ("ended", "registrar_error")


async def test_a_bank_out_of_order_at_the_end(stage: Stage) -> None:
    phone = Phone(stage, *ADA)
    callback = await phone.callback()
    stage.moods.change("bank-vesta", "error", 0)
    assert await phone.browser.fragment(callback) == ("ended", "registrar_error")
    assert await phone.browser.fragment(callback) == ("ended", "registrar_error")
    assert await stage.count(ACCOUNTS) == 0


async def test_a_slow_bank_is_not_waited_for_forever(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "DEADLINE", 0.4)
    phone = Phone(stage, *ADA)
    begun = await phone.enrol()
    stage.moods.change("bank-vesta", "slow", 30)
    assert await phone.browser.fragment(begun["start_url"]) == ("ended", "registrar_error")
    stage.moods.change("bank-vesta", "ok", 0)


async def test_a_slow_bank_does_not_hold_up_others(stage: Stage) -> None:
    slow, quick = Phone(stage, *ADA), Phone(stage, "bram", "bank-meridiaan", "+31 670000102")
    begun = await slow.enrol()
    stage.moods.change("bank-vesta", "slow", 1.5)
    waiting = asyncio.create_task(slow.browser.open(begun["start_url"]))
    await quick.bring(await quick.visit_bank())
    assert (await quick.activate())["account"]["state"] == "active"
    assert not waiting.done()
    assert (await waiting).status_code == 303


async def test_a_process_that_died_while_fetching_leaves_a_calm_end(stage: Stage) -> None:
    """The return was taken, its answer never came: the page waits a while, then the enrolment ends."""
    phone = Phone(stage, *ADA)
    callback = await phone.callback()
    await stage.scheme.database.rows("update enrolment_enrolments set state = 'returned'")
    waiting = await phone.browser.open(callback)
    assert waiting.status_code == 200
    assert 'http-equiv="refresh"' in waiting.text
    stage.clock.advance(seconds=31)
    await stage.scheme.database.rows("select 1 as one")
    assert await phone.browser.fragment(callback) == ("ended", "registrar_error")


async def test_abandoned_enrolments_are_deleted_after_a_day(stage: Stage) -> None:
    phone = Phone(stage, *ADA)
    await phone.enrol()
    delete = dict(stage.scheme.jobs)["enrolment.delete_abandoned"]
    rows = "select count(*) as n from enrolment_enrolments"
    stage.clock.advance(seconds=1800 + KEPT_SECONDS - 10)
    await delete()
    assert await stage.count(rows) == 1
    stage.clock.advance(seconds=20)
    await delete()
    assert await stage.count(rows) == 0


async def test_an_unknown_registrar_and_a_bad_number_are_refused_at_once(stage: Stage) -> None:
    for phone, code in (
        (Phone(stage, "ada", "bank-of-nowhere", "+32 400000101"), "unknown_registrar"),
        (Phone(stage, "ada", "bank-vesta", "0400000101"), "bad_phone_number"),
    ):
        with pytest.raises(Refused) as refused:
            await phone.enrol()
        assert refused.value.code == code
    assert await stage.count("select count(*) as n from enrolment_enrolments") == 0
