"""One living identity per person: a second activation waits and can be stopped; a move with both phones in hand."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from ipse.enrolment.service.registrars import Registrars
from ipse.kernel.settings import Environment
from ipse.people.model import BlockReason
from ipse.phones.model import StopReason
from ipse.softphone.errors import Refused
from ipse.softphone.messages import CodeUse
from ipse.softphone.moving import Mover
from ipse.softphone.state import Device, Pending, State
from tests.functional.enrolment.party import CODE, Phone, Stage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

DAY = 86_400
ADA = ("ada", "bank-vesta", "+32 400000101")
NEW_CODE = "24680"
DURESS = "86420"

waiting_a_day = pytest.mark.parametrize("more_settings", [{"objection_seconds": DAY}])


async def told(stage: Stage) -> list[str]:
    rows = await stage.scheme.database.rows("select kind from notices_notices order by created_at, notice_id")
    return sorted(row["kind"] for row in rows)


async def refused(call: Awaitable[Any]) -> Refused:
    with pytest.raises(Refused) as caught:
        await call
    return caught.value


async def stop(phone: Phone, enrolment: str) -> dict[str, Any]:
    return await asyncio.to_thread(Mover(phone.channel, phone.writer).stop_elsewhere, enrolment)


@waiting_a_day
async def test_a_second_phone_waits_and_then_has_the_identity(stage: Stage) -> None:
    """T-5: the old phone is told and has a day; nobody objects."""
    old, _ = await stage.activated(*ADA)
    assert (await old.home())["elsewhere"] == []
    new, answer = await stage.activated("ada", "bank-meridiaan", "+32 400000101")
    assert answer["account"] == {"state": "waiting", "why": "objection_period"}
    assert answer["moved"] is False
    assert answer["waits_until"] == stage.clock.now() // 1_000_000 + DAY
    seen = await new.home()
    assert (seen["account"]["state"], seen["waits_until"], seen["name"]) == ("waiting", answer["waits_until"], "")
    [wait] = (await old.home())["elsewhere"]
    assert (wait["until"], wait["registrar"]) == (answer["waits_until"], "bank-meridiaan")
    assert await told(stage) == ["phone_bound", "second_enrolment"]

    stage.clock.advance(seconds=DAY - 60)
    assert await stage.scheme.database.rows("select phone_id from phones_phones where state = 'waiting'")
    assert (await new.home())["account"]["state"] == "waiting"
    stage.clock.advance(seconds=61)
    assert (await new.home())["account"] == {"state": "active", "why": None}
    stopped = await refused(old.home())
    assert (stopped.code, stopped.why) == ("phone_stopped", "moved")
    assert await told(stage) == ["phone_bound", "phone_moved", "second_enrolment"]
    assert await stage.count("select count(*) as n from people_accounts") == 1


@waiting_a_day
async def test_the_wait_ends_by_itself_on_one_of_several_processes(stage: Stage) -> None:
    await stage.activated(*ADA)
    new, _ = await stage.activated(*ADA)
    stage.clock.advance(seconds=DAY + 1)
    job: Any = dict(stage.scheme.jobs)["enrolment.finish_waiting"]
    assert sorted(await asyncio.gather(job(), job(), job())) == [0, 0, 1]
    assert (await new.home())["account"]["state"] == "active"


@waiting_a_day
async def test_the_first_phone_stops_it(stage: Stage) -> None:
    old, _ = await stage.activated(*ADA)
    new, _ = await stage.activated(*ADA)
    [wait] = (await old.home())["elsewhere"]
    assert (await stop(old, wait["enrolment"]))["stopped"] is True
    over = await refused(new.home())
    assert (over.code, over.why) == ("phone_stopped", "objected")
    assert (await refused(stop(old, wait["enrolment"]))).code == "nothing_waits"
    stage.clock.advance(seconds=2 * DAY)
    await dict(stage.scheme.jobs)["enrolment.finish_waiting"]()
    assert (await old.home())["account"]["state"] == "active"
    kept = await stage.scheme.database.rows("select sealed_request, sealed_answer from enrolment_enrolments")
    assert all(bytes(row["sealed_request"]) == b"" and row["sealed_answer"] is None for row in kept)


@waiting_a_day
async def test_nobody_else_stops_it(stage: Stage) -> None:
    await stage.activated(*ADA)
    new, _ = await stage.activated(*ADA)
    bram, _ = await stage.activated("bram", "bank-meridiaan", "+31 670000102")
    row = await stage.scheme.database.row("select enrolment_id from enrolment_enrolments where state = 'waiting'")
    assert row is not None
    assert (await refused(stop(bram, row["enrolment_id"]))).code == "enrolment_ended"
    assert (await new.home())["account"]["state"] == "waiting"


@waiting_a_day
async def test_a_block_while_it_waits_ends_it_and_then_nothing_waits(stage: Stage) -> None:
    """Whoever blocks their identity on the notice is safe; afterwards no phone is left to ask."""
    await stage.activated(*ADA)
    new, _ = await stage.activated(*ADA)
    row = await stage.scheme.database.row("select account_id from people_accounts")
    assert row is not None
    await stage.scheme.messages.block(row["account_id"], BlockReason.BY_PERSON, StopReason.BLOCKED, actor="person")
    stage.clock.advance(seconds=DAY + 1)
    await dict(stage.scheme.jobs)["enrolment.finish_waiting"]()
    assert (await refused(new.home())).why == "blocked"
    _, answer = await stage.activated(*ADA)
    assert answer["account"]["state"] == "active"


@waiting_a_day
async def test_a_phone_that_waits_cannot_harm_the_identity(stage: Stage) -> None:
    """Neither by removing itself nor by playing its own copy."""
    old, _ = await stage.activated(*ADA)
    new, _ = await stage.activated(*ADA)
    before = new.store.load()
    await new.home()
    twin = Phone(stage, *ADA)
    twin.store.save(before)
    assert (await refused(twin.home())).code == "phone_copied"
    assert (await old.home())["account"]["state"] == "active"
    await asyncio.to_thread(new.channel.exchange, "remove", lambda state: new.writer.signed(state, "remove", "remove"))
    home = await old.home()
    assert (home["account"]["state"], home["elsewhere"]) == ("active", [])
    assert (await refused(new.home())).why == "removed"


async def subjects(stage: Stage) -> list[str]:
    rows = await stage.scheme.database.rows("select account_id from people_accounts where state = 'active'")
    return [await stage.scheme.people.subject(row["account_id"], "shop") for row in rows]


async def test_reactivation_keeps_the_subject_and_says_so(stage: Stage) -> None:
    """B-8: proofing again at the same level lifts the block of a person."""
    phone, _ = await stage.activated(*ADA)
    before = await subjects(stage)
    row = await stage.scheme.database.row("select account_id, activated_at from people_accounts")
    assert row is not None
    await stage.scheme.messages.block(row["account_id"], BlockReason.FROM_WEB, StopReason.BLOCKED, actor="web")
    assert (await refused(phone.home())).why == "blocked"
    stage.clock.advance(seconds=60)
    _, answer = await stage.activated("ada", "bank-meridiaan", "+32 400000101")
    assert answer["account"]["state"] == "active"
    assert await subjects(stage) == before
    again = await stage.scheme.database.row("select account_id, activated_at from people_accounts")
    assert again is not None
    assert (again["account_id"], again["activated_at"] > row["activated_at"]) == (row["account_id"], True)
    assert await told(stage) == ["blocked", "phone_bound", "unblocked"]


async def test_weaker_evidence_lifts_no_block(stage: Stage) -> None:
    """B-8: below the level that the identity had, and it says which registrars would do."""
    await stage.activated(*ADA)
    database = stage.scheme.database
    await database.rows("update people_accounts set level = 'high' returning account_id")
    row = await database.row("select account_id from people_accounts")
    assert row is not None
    await stage.scheme.messages.block(row["account_id"], BlockReason.WRONG_CODES, StopReason.BLOCKED, actor="system")
    error = await refused(stage.activated(*ADA))
    assert (error.code, error.why, error.fields["level"]) == ("enrolment_ended", "level_too_low", "high")
    assert isinstance(error.fields["registrars"], list)
    assert (await database.row("select state from people_accounts"))["state"] == "blocked"  # type: ignore[index]


async def test_an_operators_block_stays(stage: Stage) -> None:
    await stage.activated(*ADA)
    row = await stage.scheme.database.row("select account_id from people_accounts")
    assert row is not None
    await stage.scheme.messages.block(row["account_id"], BlockReason.BY_OPERATOR, StopReason.BLOCKED, actor="op")
    error = await refused(stage.activated(*ADA))
    assert error.why == "blocked_by_operator"


# -- a move with both phones in hand


def mover(stage: Stage, phone: Phone) -> Mover:
    return Mover(phone.channel, phone.writer)


async def new_phone(stage: Stage) -> tuple[Phone, Mover, dict[str, Any]]:
    phone = Phone(stage, *ADA)
    moving = mover(stage, phone)
    shown = await asyncio.to_thread(moving.pair, stage.base, Device(os="Android", label="Call the helpdesk"))
    return phone, moving, shown


async def run(call: Callable[..., Any], *values: object) -> dict[str, Any]:
    answer: dict[str, Any] = await asyncio.to_thread(call, *values)
    return answer


async def test_an_identity_moves_with_both_phones_in_hand(stage: Stage) -> None:
    old, _ = await stage.activated(*ADA)
    before = await subjects(stage)
    evidence = await stage.count("select count(*) as n from attributes_evidence")
    phone, moving, shown = await new_phone(stage)
    assert len(shown["code"].replace("-", "")) * 5 >= 40  # B-6
    assert shown["expires_at"] - stage.clock.now() // 1_000_000 <= 600
    met = await run(mover(stage, old).meet, f"{stage.app}/#m={shown['code'].lower()}")
    assert (met["about"], met["same_network"]) == ({"os": "Android"}, True)
    assert (await run(moving.state))["state"] == "seen"
    await run(mover(stage, old).hand_over, met["pairing"], CODE, met["challenge"])
    whose = await run(moving.state)
    assert (whose["state"], whose["name"], whose["birthdate"]) == ("confirmed", "Ada", "1988-05-17")
    answer = await run(moving.take_over, NEW_CODE)
    assert (answer["account"]["state"], answer["moved"]) == ("active", True)
    assert (await phone.home())["account"]["state"] == "active"
    assert (await refused(old.home())).why == "moved"
    assert await subjects(stage) == before
    assert await stage.count("select count(*) as n from attributes_evidence") == evidence
    assert await told(stage) == ["phone_bound", "phone_moved"]


async def test_a_code_is_for_one_phone_once_and_ten_minutes(stage: Stage) -> None:
    """B-6: single use, at most ten minutes."""
    old, _ = await stage.activated(*ADA)
    bram, _ = await stage.activated("bram", "bank-meridiaan", "+31 670000102")
    _, moving, shown = await new_phone(stage)
    met = await run(mover(stage, old).meet, shown["code"])
    assert (await refused(run(mover(stage, bram).meet, shown["code"]))).code == "unknown_pairing"
    stolen = (await bram.home())["challenge"]
    error = await refused(run(mover(stage, bram).hand_over, met["pairing"], CODE, stolen))
    assert error.code == "pairing_ended"
    assert (await refused(run(moving.take_over, NEW_CODE))).code == "pairing_ended"
    stage.clock.advance(seconds=601)
    assert (await run(moving.state))["state"] == "ended"
    challenge = (await old.home())["challenge"]
    error = await refused(run(mover(stage, old).hand_over, met["pairing"], CODE, challenge))
    assert error.why == "expired"
    assert (await old.home())["account"]["state"] == "active"


async def test_the_old_phone_says_no(stage: Stage) -> None:
    old, _ = await stage.activated(*ADA)
    _, moving, shown = await new_phone(stage)
    met = await run(mover(stage, old).meet, shown["code"])
    assert (await run(mover(stage, old).part, met["pairing"]))["ended"] is True
    assert (await run(moving.state))["why"] == "refused"
    assert (await refused(run(mover(stage, old).meet, shown["code"]))).code == "unknown_pairing"


async def test_a_wrong_code_moves_nothing_and_a_block_ends_the_move(stage: Stage) -> None:
    old, _ = await stage.activated(*ADA)
    _, moving, shown = await new_phone(stage)
    met = await run(mover(stage, old).meet, shown["code"])
    error = await refused(run(mover(stage, old).hand_over, met["pairing"], "97531", met["challenge"]))
    assert (error.code, error.tries_left) == ("wrong_code", 2)
    assert (await run(moving.state))["state"] == "seen"
    await run(mover(stage, old).hand_over, met["pairing"], CODE, error.fields["challenge"])
    row = await stage.scheme.database.row("select account_id from people_accounts")
    assert row is not None
    await stage.scheme.messages.block(row["account_id"], BlockReason.FROM_WEB, StopReason.BLOCKED, actor="web")
    assert (await refused(run(moving.take_over, NEW_CODE))).why == "blocked"


async def test_two_takers_race_and_one_phone_has_it(stage: Stage) -> None:
    old, _ = await stage.activated(*ADA)
    phone, moving, shown = await new_phone(stage)
    met = await run(mover(stage, old).meet, shown["code"])
    await run(mover(stage, old).hand_over, met["pairing"], CODE, met["challenge"])
    results: list[Any] = await asyncio.gather(old.home(), run(moving.take_over, NEW_CODE), return_exceptions=True)
    assert not isinstance(results[1], BaseException), results
    assert (await phone.home())["account"]["state"] == "active"
    assert await stage.count("select count(*) as n from phones_phones where state = 'active'") == 1


# -- the end


async def test_a_deleted_person_is_gone_and_comes_back_as_somebody_new(stage: Stage) -> None:
    """New subjects only after deletion; nothing of the person is left that opens."""
    phone, _ = await stage.activated(*ADA)
    before = await subjects(stage)
    challenge = (await phone.home())["challenge"]
    answer = await run(mover(stage, phone).delete, CODE, challenge)
    assert answer["account"] == {"state": "archived", "why": "by_person"}
    database = stage.scheme.database
    account = await database.row("select identity_index, phone_index, wrapped_key, epoch from people_accounts")
    assert account is not None
    assert (account["identity_index"], account["phone_index"], bytes(account["wrapped_key"])) == (None, None, b"")
    for table in ("attributes_documents", "attributes_evidence", "people_identities", "phones_code_keys"):
        assert await stage.count(f"select count(*) as n from {table}") == 0, table
    assert (await refused(phone.home())).why == "deleted"
    _, answer = await stage.activated(*ADA)
    assert answer["moved"] is False
    assert before != await subjects(stage)
    assert await stage.count("select count(*) as n from people_accounts") == 2
    assert await told(stage) == ["deleted", "phone_bound", "phone_bound"]


@pytest.mark.parametrize(
    ("device", "version", "code"),
    [(Device(rooted=True), "1.0.0", "phone_refused"), (Device(), "0.9.9", "app_too_old")],
)
async def test_an_identity_does_not_move_to_a_phone_that_none_is_activated_on(
    stage: Stage, device: Device, version: str, code: str
) -> None:
    """Told before there is a code to show, not at the first request."""
    phone = Phone(stage, "ada", "bank-vesta", "+32 400000101")
    pairing = asyncio.to_thread(mover(stage, phone).pair, stage.base, device, app_version=version)
    assert (await refused(pairing)).code == code
    assert await stage.count("select count(*) as n from mobile_pairings") == 0


async def set_duress(phone: Phone) -> None:
    use = CodeUse(CODE, (await phone.home())["challenge"])

    def compose(state: State) -> Pending:
        return phone.writer.set_duress(state, DURESS, use, told=False)

    await asyncio.to_thread(phone.channel.exchange, "set-duress", compose)


async def test_a_move_under_duress_comes_to_nothing(stage: Stage) -> None:
    """The old phone is answered as after the code; the new one gets no name, no identity, no other word than before."""
    answers = []
    for code in (CODE, DURESS):
        old, _ = await stage.activated(*ADA)
        await set_duress(old)
        phone, moving, shown = await new_phone(stage)
        met = await run(mover(stage, old).meet, shown["code"])
        before = await run(moving.state)
        answers.append(await run(mover(stage, old).hand_over, met["pairing"], code, met["challenge"]))
        stage.clock.advance(seconds=1)
    assert answers[0].keys() == answers[1].keys()
    after = await run(moving.state)
    assert {**after, "chain": ""} == {**before, "chain": ""}
    assert "Ada" not in str(after)
    taken = await refused(run(moving.take_over, NEW_CODE))
    assert (taken.code, taken.why) == ("pairing_ended", "blocked")
    home = await old.home()
    assert (home["account"]["state"], home["elsewhere"]) == ("active", [])
    stage.clock.advance(seconds=601)
    assert (await run(moving.state))["state"] == "ended"
    assert await stage.count("select count(*) as n from people_accounts where state = 'blocked'") == 1
    with pytest.raises(Refused):
        await phone.home()


@waiting_a_day
async def test_a_bank_that_is_stopped_ends_what_waits_for_its_word(stage: Stage) -> None:
    """T-12: the phone that waited is told that nothing came of it; the one that has the identity keeps it."""
    old, _ = await stage.activated(*ADA)
    new, answer = await stage.activated("ada", "bank-meridiaan", "+32 400000101")
    assert answer["account"]["state"] == "waiting"
    await Registrars(stage.scheme.database, stage.clock, Environment.SANDBOX).stop("bank-meridiaan", actor="test")
    stopped = await refused(new.home())
    assert (stopped.code, stopped.why) == ("phone_stopped", "ended")
    assert (await refused(new.home())).why == "ended"
    home = await old.home()
    assert (home["account"]["state"], home["elsewhere"]) == ("active", [])
    stage.clock.advance(seconds=DAY + 1)
    await dict(stage.scheme.jobs)["enrolment.finish_waiting"]()
    assert (await old.home())["account"]["state"] == "active"
