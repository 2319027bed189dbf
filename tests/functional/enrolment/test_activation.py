"""Activation through a bank, from the phone's first message to the identity on it, against real simulated banks."""

from __future__ import annotations

import asyncio

import pytest

from ipse.attributes.service import Attributes
from ipse.softphone.errors import Refused
from ipse.softphone.messages import CodeUse
from ipse.softphone.state import Pending, State
from tests.functional.enrolment.party import CODE, Phone, Stage

ADA = ("ada", "bank-vesta", "+32 400000101")
WOUT = ("wout", "bank-vesta", "+32 400000111")
BRAM = ("bram", "bank-meridiaan", "+31 670000102")
ACCOUNTS = "select count(*) as n from people_accounts"


def _attributes(stage: Stage) -> Attributes:
    return Attributes(stage.scheme.database, stage.scheme.people.person_key, stage.clock)


async def _account_id(stage: Stage) -> str:
    row = await stage.scheme.database.row("select account_id from people_accounts")
    assert row is not None
    return str(row["account_id"])


async def test_a_person_becomes_an_active_identity(stage: Stage) -> None:
    """B-1, B-3: facts, evidence and acceptances are kept; what the bank signed can be shown later."""
    phone = Phone(stage, *ADA, email="ada@example.org")
    value = await phone.visit_bank()
    returned = await phone.bring(value)
    received = {each["name"]: each["value"] for each in returned["received"]}
    assert (received["family_name"], received["given_name"]) == ("Lievens", "Ada")
    assert received["BENationalNumber"] == "88051700015"
    assert returned["registrar"] == {"id": "bank-vesta", "name": "Vesta Bank"}
    assert (returned["number_verified"], returned["phone_number"]) == (True, "+32 400000101")

    answer = await phone.activate()
    assert answer["account"] == {"state": "active", "why": None}
    assert answer["moved"] is False

    account_id, attributes = await _account_id(stage), _attributes(stage)
    facts = await attributes.facts(account_id)
    assert (facts.phone_number, facts.stated_phone_number) == ("+32 400000101", None)
    assert facts.sources["email"].registrar == "person"
    (evidence,) = await attributes.evidence(account_id)
    assert (evidence.registrar, evidence.route, evidence.assurance) == ("bank-vesta", "bank", "substantial")
    assert evidence.original.count(".") == 2
    assert facts.sources["birthdate"].evidence == evidence.evidence_id
    values = await attributes.values(account_id, ["name", "age_gte_18", "email_verified", "BEeidSn", "validityTo"])
    assert values == {
        "name": "Ada Lievens",
        "age_gte_18": True,
        "email_verified": False,
        "BEeidSn": "592001447102",
        "validityTo": {"BEeidSn": "2033-03-02T00:00:00Z"},
    }
    assert [born for born, _, _ in await attributes.born_from("bank-vesta", 0)] == [account_id]
    assert await stage.count("select count(*) as n from people_acceptances") >= 2


async def test_nothing_readable_is_stored(stage: Stage) -> None:
    """Facts, evidence and what waits meanwhile are sealed; a finished or ended enrolment holds nothing any more."""
    waiting = Phone(stage, *BRAM)
    await waiting.visit_bank()
    row = await stage.scheme.database.row("select sealed_request, sealed_answer from enrolment_enrolments")
    assert row is not None
    assert not any(
        word in bytes(row[column])
        for word in (b"Graaf", b"670000102")
        for column in ("sealed_request", "sealed_answer")
    )
    await stage.activated(*ADA)
    for text in (
        "select sealed from attributes_documents",
        "select sealed from attributes_evidence",
    ):
        row = await stage.scheme.database.row(text)
        assert row is not None
        assert not any(word in bytes(row["sealed"]) for word in (b"Lievens", b"880517", b"400000101"))
    finished = await stage.scheme.database.row(
        "select sealed_request, sealed_answer, sealed_exchange from enrolment_enrolments where state = 'finished'"
    )
    assert finished is not None
    assert [finished[name] or b"" for name in ("sealed_request", "sealed_answer", "sealed_exchange")] == [b""] * 3


async def test_a_dutch_person_has_no_belgian_attributes(stage: Stage) -> None:
    await stage.activated(*BRAM)
    names = ["address", "place_of_birth", "BENationalNumber", "IDDocumentSN", "claim_citizenship"]
    values = await _attributes(stage).values(await _account_id(stage), names)
    assert values == {"IDDocumentSN": "IXR7F04K2", "claim_citizenship": "NLD"}


async def test_a_number_the_bank_does_not_know_leaves_the_account_pending(stage: Stage) -> None:
    phone = Phone(stage, *WOUT)
    returned = await phone.bring(await phone.visit_bank())
    assert returned["number_verified"] is False
    answer = await phone.activate()
    assert answer["account"] == {"state": "pending", "why": "number_not_verified"}
    facts = await _attributes(stage).facts(await _account_id(stage))
    assert (facts.phone_number, facts.stated_phone_number) == (None, "+32 400000111")


async def test_a_pending_identity_reads_back_nothing(stage: Stage) -> None:
    """Whoever is vouched for, but not with that number, does not get what the person did before."""
    await stage.activated(*ADA)
    stage.clock.advance(seconds=3600)
    phone = Phone(stage, "ada", "bank-vesta", "+32 400000199")
    await phone.bring(await phone.visit_bank())
    assert (await phone.activate())["account"] == {"state": "pending", "why": "number_not_verified"}
    challenge = (await phone.home())["challenge"]

    def history(state: State) -> Pending:
        return phone.writer.signed(state, "history", "history")

    def reveal(state: State) -> Pending:
        return phone.writer.reveal(state, "an action", CodeUse(code=CODE, challenge=challenge))

    for kind, compose in (("history", history), ("reveal", reveal)):
        with pytest.raises(Refused) as refused:
            await asyncio.to_thread(phone.channel.exchange, kind, compose)
        assert refused.value.code == "account_pending"


async def test_a_second_activation_moves_the_identity_and_the_old_phone_stops(stage: Stage) -> None:
    old, _ = await stage.activated(*ADA)
    await old.home()
    stage.clock.advance(seconds=3600)
    new, answer = await stage.activated(*ADA)
    assert answer["moved"] is True
    assert await stage.count(ACCOUNTS) == 1
    assert (await new.home())["account"]["state"] == "active"
    with pytest.raises(Refused) as refused:
        await old.home()
    assert (refused.value.code, refused.value.fields["why"]) == ("phone_stopped", "moved")
    assert len(await _attributes(stage).evidence(await _account_id(stage))) == 2


async def test_two_people_are_two_accounts(stage: Stage) -> None:
    await stage.activated(*ADA)
    _, answer = await stage.activated(*BRAM)
    assert answer["moved"] is False
    assert await stage.count(ACCOUNTS) == 2


async def test_the_same_activation_again_gets_the_same_answer(stage: Stage) -> None:
    phone = Phone(stage, *ADA)
    await phone.bring(await phone.visit_bank())
    message = await phone.activation_message()
    first, second = await phone.post(message), await phone.post(message)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    assert await stage.count(ACCOUNTS) == 1
    assert await stage.count("select count(*) as n from attributes_evidence") == 1


async def test_an_activation_before_the_return_is_refused(stage: Stage) -> None:
    phone = Phone(stage, *ADA)
    await phone.visit_bank()
    with pytest.raises(Refused) as refused:
        await phone.activate()
    assert refused.value.code == "enrolment_ended"
    assert await stage.count(ACCOUNTS) == 0


async def test_of_two_enrolments_at_once_the_first_to_finish_ends_the_other(stage: Stage) -> None:
    first, second = Phone(stage, *ADA), Phone(stage, *ADA)
    await first.bring(await first.visit_bank())
    await second.bring(await second.visit_bank())
    await first.activate()
    with pytest.raises(Refused) as refused:
        await second.activate()
    assert (refused.value.code, refused.value.fields["why"]) == ("enrolment_ended", "superseded")


async def test_of_two_activations_at_the_same_moment_one_wins(stage: Stage) -> None:
    """T-14: one account, one active phone; the loser is told, not broken."""
    phones = [Phone(stage, *ADA) for _ in range(4)]
    for phone in phones:
        await phone.bring(await phone.visit_bank())
    messages = [await phone.activation_message() for phone in phones]
    answers = await asyncio.gather(*(phone.post(message) for phone, message in zip(phones, messages, strict=True)))
    assert sorted(answer.status_code for answer in answers) == [200, 410, 410, 410]
    assert {answer.json()["why"] for answer in answers if answer.status_code == 410} == {"superseded"}
    assert await stage.count(ACCOUNTS) == 1
    assert await stage.count("select count(*) as n from phones_phones where state = 'active'") == 1


async def test_a_document_that_has_run_out_is_no_identity(stage: Stage) -> None:
    stage.clock.value = 1_993_500_000 * 1_000_000
    phone = Phone(stage, *ADA)
    assert await phone.browser.fragment(await phone.callback()) == ("ended", "unacceptable_identity")
