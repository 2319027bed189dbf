"""Evidence ends, and is renewed: what a person can do before, after, and with the phone in hand."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from ipse.attributes.jobs import tell_of_ends
from ipse.attributes.service import Attributes
from ipse.enrolment.rules import screens
from ipse.enrolment.service.registrars import Registrars
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import Environment
from ipse.notices.service import Notices
from ipse.softphone import renewal
from ipse.softphone.errors import Refused
from tests.functional.enrolment.holder import CARD, PIN, Holder
from tests.functional.enrolment.party import Phone

if TYPE_CHECKING:
    from tests.functional.enrolment.party import Stage

NUMBER = "+32 400000101"
DAY = 86_400
TERM = 100


@pytest.fixture
async def ada(stage: Stage) -> Phone:
    """Ada, whose bank's word counts a hundred days."""
    registrars = Registrars(stage.scheme.database, stage.clock, Environment.SANDBOX)
    await registrars.change("bank-vesta", actor="test", term_days=TERM)
    phone, answer = await stage.activated("ada", "bank-vesta", NUMBER)
    assert answer["account"]["state"] == "active"
    return phone


def _attributes(stage: Stage) -> Attributes:
    return Attributes(stage.scheme.database, stage.scheme.people.person_key, stage.clock)


async def _told(stage: Stage) -> list[str]:
    notices = Notices(stage.keystore, RandomIds())
    await tell_of_ends(_attributes(stage), notices)
    assert await tell_of_ends(_attributes(stage), notices) == 0, "each telling is written once"
    rows = await stage.scheme.database.rows("select kind from notices_notices order by created_at, notice_id")
    return [row["kind"] for row in rows if row["kind"].startswith("evidence")]


async def _renewed(phone: Phone, bank: str = "bank-vesta", person: str = "ada") -> renewal.Renewed:
    return await asyncio.to_thread(renewal.renew, phone.channel, phone.writer, bank, person)


async def test_people_are_told_twice_before_and_once_after(stage: Stage, ada: Phone) -> None:
    assert await _told(stage) == []
    assert (await ada.home())["evidence"]["renew"] is False
    stage.clock.advance(seconds=(TERM - 59) * DAY)
    assert await _told(stage) == ["evidence_expiring"]
    assert (await ada.home())["evidence"]["renew"] is True
    stage.clock.advance(seconds=46 * DAY)
    assert await _told(stage) == ["evidence_expiring"] * 2
    stage.clock.advance(seconds=14 * DAY)
    assert await _told(stage) == ["evidence_expiring", "evidence_expiring", "evidence_expired"]


async def test_the_level_drops_with_the_end_and_a_renewal_brings_it_back(stage: Stage, ada: Phone) -> None:
    """The phone, its code, the account and everything partners know a person by stay as they are."""
    before = await ada.home()
    assert before["level"] == "substantial"
    stage.clock.advance(seconds=(TERM + 1) * DAY)
    ended = await ada.home()
    assert (ended["level"], ended["account"]["state"]) == ("low", "active")
    accounts = "select count(*) as n from people_accounts"
    count = await stage.count(accounts)

    done = await _renewed(ada)

    assert (done.registrar, await stage.count(accounts)) == ("Vesta Bank", count)
    after = await ada.home()
    assert (after["level"], after["evidence"]["renew"]) == ("substantial", False)
    assert after["evidence"]["expires_at"] == done.expires_at == stage.clock.now() // 1_000_000 + TERM * DAY
    phone_id = ada.store.load().phone
    row = await stage.scheme.database.row("select account_id from phones_phones where phone_id = $1", phone_id)
    assert row is not None
    facts = await _attributes(stage).facts(row["account_id"])
    assert facts.phone_number == NUMBER
    kept = await _attributes(stage).evidence(row["account_id"])
    assert len(kept) == 2
    assert facts.sources["family_name"].evidence == kept[-1].evidence_id


async def test_another_bank_renews_too(stage: Stage, ada: Phone) -> None:
    assert (await _renewed(ada, "bank-lys")).registrar == "Banque du Lys"
    assert (await ada.home())["account"]["state"] == "active"


async def test_somebody_else_cannot_renew(stage: Stage, ada: Phone) -> None:
    before = await ada.home()
    with pytest.raises(Refused) as refused:
        await _renewed(ada, person="bram")
    assert (refused.value.code, refused.value.why) == ("enrolment_ended", "another_person")
    assert (await ada.home())["evidence"] == before["evidence"]
    assert await stage.count("select count(*) as n from attributes_evidence") == 1


async def test_a_renewal_belongs_to_its_phone_and_its_browser(stage: Stage, ada: Phone) -> None:
    other, _ = await stage.activated("bram", "bank-meridiaan", "+31 670000102")
    begun = await asyncio.to_thread(renewal.begin, ada.channel, ada.writer, "bank-vesta")
    page = await ada.browser.to_login_page(begun["start_url"])
    name, value = await ada.browser.fragment(await ada.browser.decide(page, "ada"))
    assert name == "return"
    with pytest.raises(Refused) as foreign:
        await asyncio.to_thread(renewal.bring, other.channel, other.writer, begun["enrolment"], value)
    assert foreign.value.why == "foreign_return"
    with pytest.raises(Refused) as ended:
        await asyncio.to_thread(renewal.bring, ada.channel, ada.writer, begun["enrolment"], value)
    assert ended.value.code == "enrolment_ended"


async def test_a_newer_renewal_ends_the_older_and_repeats_cost_nothing(stage: Stage, ada: Phone) -> None:
    first = await asyncio.to_thread(renewal.begin, ada.channel, ada.writer, "bank-vesta")
    second = await asyncio.to_thread(renewal.begin, ada.channel, ada.writer, "bank-vesta")
    assert (await ada.browser.open(first["start_url"])).status_code == 404
    page = await ada.browser.to_login_page(second["start_url"])
    _, value = await ada.browser.fragment(await ada.browser.decide(page, "ada"))
    done = await asyncio.to_thread(renewal.bring, ada.channel, ada.writer, second["enrolment"], value)
    assert done["evidence"]["renew"] is False
    with pytest.raises(Refused) as again:
        await asyncio.to_thread(renewal.bring, ada.channel, ada.writer, second["enrolment"], value)
    assert again.value.code == "enrolment_ended"


async def test_a_stopped_bank_renews_nobody(stage: Stage, ada: Phone) -> None:
    registrars = Registrars(stage.scheme.database, stage.clock, Environment.SANDBOX)
    begun = await asyncio.to_thread(renewal.begin, ada.channel, ada.writer, "bank-vesta")
    page = await ada.browser.to_login_page(begun["start_url"])
    callback = await ada.browser.decide(page, "ada")
    await registrars.stop("bank-vesta", actor="test")
    assert await ada.browser.fragment(callback) == ("ended", "registrar_stopped")
    with pytest.raises(Refused) as refused:
        await _renewed(ada)
    assert refused.value.code == "unknown_registrar"


async def test_a_minor_needs_a_bank_that_may_vouch(stage: Stage) -> None:
    """Seventeen at a bank without minors, then at one with; fifteen nowhere."""
    persons: dict[str, Any] = {"lotte": ("ended", "minors_elsewhere"), "finn": ("ended", "under_age")}
    for person, expected in persons.items():
        phone = Phone(stage, person, "bank-vesta", NUMBER)
        assert await phone.browser.fragment(await phone.callback()) == expected
    phone = Phone(stage, "lotte", "bank-lys", NUMBER)
    assert await phone.visit_bank()
    phone = Phone(stage, "finn", "bank-lys", NUMBER)
    assert await phone.browser.fragment(await phone.callback()) == ("ended", "under_age")


async def test_a_bank_whose_row_says_high_gives_high(stage: Stage) -> None:
    """B-2: the bank's claim, capped by its row; a phone that is not attested keeps logins at substantial."""
    phone, _ = await stage.activated("ada", "bank-lys", NUMBER)
    row = await stage.scheme.database.row("select level from people_accounts")
    assert row is not None
    assert row["level"] == "high"
    assert (await phone.home())["level"] == "substantial"


# -- by card


async def test_the_card_renews_and_keeps_everything_else(stage: Stage, ada: Phone) -> None:
    """By the soft phone, with a PIN: known again by national number; the level rises with the route."""
    accounts = "select account_id, level from people_accounts"
    before = await stage.scheme.database.row(accounts)
    done = await asyncio.to_thread(lambda: renewal.renew(ada.channel, ada.writer, CARD, "ada", pin=PIN))
    after = await stage.scheme.database.row(accounts)
    assert before is not None
    assert after is not None
    assert done.registrar == "eID"
    assert (after["account_id"], before["level"], after["level"]) == (before["account_id"], "substantial", "high")
    assert (await ada.home())["evidence"]["renew"] is False
    assert await stage.count("select count(*) as n from attributes_evidence") == 2


async def test_the_card_renews_at_another_computer(stage: Stage, ada: Phone) -> None:
    """The code of the renewal is typed there, once; the phone reads the moving code of its page."""
    enrolment, frame = await _at_a_computer(stage, ada, "ada")
    done = await asyncio.to_thread(renewal.bring, ada.channel, ada.writer, enrolment, frame)
    assert done["registrar"] == {"id": CARD, "name": "eID"}
    assert await stage.count("select count(*) as n from attributes_evidence") == 2


async def test_another_persons_card_renews_nothing(stage: Stage, ada: Phone) -> None:
    before = (await ada.home())["evidence"]
    enrolment, frame = await _at_a_computer(stage, ada, "wout")
    with pytest.raises(Refused) as refused:
        await asyncio.to_thread(renewal.bring, ada.channel, ada.writer, enrolment, frame)
    assert (refused.value.code, refused.value.why) == ("enrolment_ended", "another_person")
    assert (await ada.home())["evidence"] == before


async def _at_a_computer(stage: Stage, phone: Phone, person: str) -> tuple[str, str]:
    """Begin a renewal by card and go on at a computer where somebody's card is; the enrolment, and the moving code."""
    begun = await asyncio.to_thread(renewal.begin, phone.channel, phone.writer, CARD)
    assert begun["card"]["address"] == f"{stage.base}/enrolment/card"
    computer = Holder(stage, person, NUMBER)
    await computer.type_code(begun["card"]["code"])
    answer = await computer.hand_in(await computer.token(), await computer.files())
    assert answer.status_code == 200, answer.text
    await computer.again()
    assert computer.asked["enrolment"] == begun["enrolment"]
    return begun["enrolment"], screens.build_frame(computer.asked["secret"], begun["enrolment"], 0)
