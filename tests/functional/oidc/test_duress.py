"""A code under duress looks like success on the phone and like a fault of ours everywhere else (T-25, B-22, B-40)."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from ipse.kernel.clock import SystemClock
from ipse.kernel.keystore import Keystore
from ipse.people.model import AccountState, BlockReason
from ipse.phones.errors import PhoneStoppedError, TamperedRowError
from ipse.storage.database import Database
from tests.functional.oidc.back_channel import Street, street
from tests.functional.oidc.conftest import Joining
from tests.functional.oidc.handsets import CODE, DURESS, Handset, RefusedError, Works
from tests.functional.oidc.installation import Installation

_DAMAGE = "update actions_actions set sealed_approval = null where handle = $1 returning action_id"
_DAMAGE_BY_ID = "update actions_actions set sealed_approval = null where action_id = $1 returning action_id"
_WAITING = "select account_id, why, state from actions_actions where handle = $1"
WRONG = ("20001", "20002", "20003", "20004")


@pytest.fixture
async def works(installation: Installation, keystore: Keystore) -> Works:
    return await Works.of(installation, keystore)


async def _account(handset: Handset) -> tuple[str, str | None]:
    account = await handset.works.installation.people.account(handset.account_id)
    return account.state, account.why


async def test_a_duress_code_shows_success_and_gives_the_partner_a_fault(works: Works, join: Joining) -> None:
    """The phone cannot tell; the partner gets no code; the identity is blocked at once; the phone shows nothing."""
    party, phone = await join(), await works.handset()
    await phone.set_duress()
    began = await party.begin()
    assert (await phone.approve(await phone.claim(began.handle), DURESS))["outcome"] == "approved"
    back = await party.finish(began)
    assert (back["error"], "code" in back) == ("temporarily_unavailable", False)
    assert await _account(phone) == (AccountState.BLOCKED, BlockReason.DURESS)
    home = await phone.home()
    assert home["account"] == {"state": "active", "why": None}
    (entry,) = await phone.history()
    assert (entry["outcome"], entry["method"]) == ("approved", "code")


async def test_the_answer_to_the_phone_has_the_same_members_as_after_the_code(works: Works, join: Joining) -> None:
    """Not one byte but chain values and return values tells the two apart."""
    party, phone = await join(), await works.handset()
    await phone.set_duress()
    answers = []
    for code in (CODE, DURESS):
        began = await party.begin()
        answers.append(await phone.approve(await phone.claim(began.handle), code))
    assert _masked(str(answers[0])) == _masked(str(answers[1]))


async def test_whatever_is_asked_afterwards_ends_as_a_fault_even_with_the_right_code(
    works: Works, join: Joining
) -> None:
    party, phone = await join(), await works.handset()
    await phone.set_duress()
    first, waiting = await party.begin(), await party.begin()
    claimed = await phone.claim(waiting.handle)
    await phone.approve(await phone.claim(first.handle), DURESS)
    claimed = claimed.renewed((await phone.home())["challenge"])
    assert (await phone.approve(claimed, CODE))["outcome"] == "approved"
    third = await party.begin()
    assert (await phone.approve(await phone.claim(third.handle), CODE))["outcome"] == "approved"
    for began in (first, waiting, third):
        assert (await party.finish(began))["error"] == "temporarily_unavailable"


async def test_what_was_given_out_before_is_taken_away(works: Works, join: Joining) -> None:
    """Codes and access tokens die with the identity, at once."""
    party, phone = await join(), await works.handset()
    await phone.set_duress()
    used, unused, last = await party.begin(), await party.begin(), await party.begin()
    for began in (used, unused):
        await phone.approve(await phone.claim(began.handle))
    tokens = await party.tokens(used)
    code = (await party.finish(unused))["code"]
    await phone.approve(await phone.claim(last.handle), DURESS)
    assert (await party.token(code, unused.verifier)).status_code == 400
    assert (await party.userinfo(tokens["access_token"])).status_code == 401


async def test_wrong_codes_count_as_always_afterwards(works: Works, join: Joining) -> None:
    """Somebody who guesses after a duress code sees what they always saw: three tries, then a block."""
    party, phone = await join(), await works.handset()
    await phone.set_duress()
    began = await party.begin()
    await phone.approve(await phone.claim(began.handle), DURESS)
    request = await phone.claim((await party.begin()).handle)
    for left in (2, 1):
        with pytest.raises(RefusedError) as refused:
            await phone.approve(request, WRONG[left])
        assert (refused.value.code, refused.value.body["tries_left"]) == ("wrong_code", left)
        request = request.renewed(refused.value.body["challenge"])
    with pytest.raises(Exception, match=r"(?i)blocked"):
        await phone.approve(request, WRONG[0])


async def test_the_phone_stops_when_the_quiet_time_is_over(
    installation: Installation, keystore: Keystore, join: Joining
) -> None:
    works = await Works.of(installation, keystore, quiet=0)
    party, phone = await join(), await works.handset()
    await phone.set_duress()
    began = await party.begin()
    await phone.approve(await phone.claim(began.handle), DURESS)
    with pytest.raises(PhoneStoppedError) as stopped:
        await phone.home()
    assert stopped.value.fields == {"why": "blocked"}
    assert not await works.phones.is_active(phone.state.phone)


async def test_setting_and_removing_it_leave_no_trace_on_phone_or_line(works: Works) -> None:
    """What the phone stores stays as it was, byte for byte, and all messages to `/code` have one length."""
    phone = await works.handset()
    before = dict(phone.state.salts), phone.state.code_key_id, phone.state.spare_code_key_id
    assert len(before[0]) == 2
    for wish in (DURESS, None, "97531"):
        await phone.set_duress(wish)
        assert (dict(phone.state.salts), phone.state.code_key_id, phone.state.spare_code_key_id) == before
    await phone.change_code("24680")
    sealed = [text for text in phone.sent if text.count(".") == 4]
    assert len({len(text) for text in sealed}) == 1
    assert "duress" not in str(await phone.history()) + str(await phone.home())


async def test_a_removed_duress_code_is_a_wrong_code(works: Works, join: Joining) -> None:
    party, phone = await join(), await works.handset()
    await phone.set_duress()
    await phone.set_duress(None)
    with pytest.raises(RefusedError, match="wrong_code"):
        await phone.approve(await phone.claim((await party.begin()).handle), DURESS)


async def test_it_survives_a_change_of_code_and_cannot_be_removed_with_itself(works: Works, join: Joining) -> None:
    party, phone = await join(), await works.handset()
    await phone.set_duress()
    await phone.change_code("24680")
    await phone.set_duress(None, code=DURESS)
    assert await _account(phone) == (AccountState.BLOCKED, BlockReason.DURESS)
    began = await party.begin()
    await phone.approve(await phone.claim(began.handle), DURESS)
    assert (await party.finish(began))["error"] == "temporarily_unavailable"


async def test_a_forced_change_of_code_looks_done(works: Works, join: Joining) -> None:
    """The robber's own new code is right on the phone, and worth nothing."""
    party, phone = await join(), await works.handset()
    await phone.set_duress()
    await phone.change_code("24680", code=DURESS)
    began = await party.begin()
    assert (await phone.approve(await phone.claim(began.handle), "24680"))["outcome"] == "approved"
    assert (await party.finish(began))["error"] == "temporarily_unavailable"


async def test_a_phone_with_one_slot_only_gets_its_second(works: Works, join: Joining) -> None:
    """A phone from before there were slots: its spare is a decoy, until a duress code fills it."""
    party, phone = await join(), await works.handset()
    await works.installation.database.rows(
        "delete from phones_code_keys where code_key_id = $1 returning code_key_id", phone.state.spare_code_key_id
    )
    phone.state.salts.pop(phone.state.spare_code_key_id)
    phone.state.spare_code_key_id = ""
    began = await party.begin()
    assert (await phone.approve(await phone.claim(began.handle)))["outcome"] == "approved"
    await phone.set_duress()
    again = await party.begin()
    await phone.approve(await phone.claim(again.handle), DURESS)
    assert (await party.finish(again))["error"] == "temporarily_unavailable"


async def test_revealing_under_duress_shows_nothing_protected(works: Works, join: Joining) -> None:
    party, phone = await join(), await works.handset()
    await phone.set_duress()
    began = await party.begin()
    request = await phone.claim(began.handle)
    assert (await phone.reveal(request.action, DURESS))["values"] == {}


async def test_two_proofs_are_one_try(
    works: Works, installation: Installation, keystore: Keystore, join: Joining
) -> None:
    """T-1: 200 at once, each with a proof for both slots, at two that share but the database: at most three."""
    other = await Works.of(installation, keystore)
    party, phone = await join(), await works.handset()
    await phone.set_duress()
    request = await phone.claim((await party.begin()).handle)
    pending = [phone.approval(request, f"{30_000 + number}").body for number in range(200)]
    twin = replace(phone, works=other)
    tried = ((twin if number % 2 else phone).decide(body) for number, body in enumerate(pending))
    answers = await asyncio.gather(*tried, return_exceptions=True)
    judged = [one for one in answers if not isinstance(one, BaseException) and one.body["code"] == "wrong_code"]
    assert len(judged) <= 1
    row = await works.installation.database.row(
        "select tries from phones_phones where phone_id = $1", phone.state.phone
    )
    assert row is not None
    assert row["tries"] <= 3


@pytest.mark.parametrize("change", ["tries = 0", "state = 'active'", "quiet_until = null", "chain = 'x'"])
async def test_a_row_that_somebody_else_wrote_is_not_believed(works: Works, join: Joining, change: str) -> None:
    """T-2, the writing half: tries, state, chain and quiet time are under the row's MAC."""
    party, phone = await join(), await works.handset()
    await phone.set_duress()
    request = await phone.claim((await party.begin()).handle)
    if change.startswith("tries"):
        with pytest.raises(RefusedError, match="wrong_code"):
            await phone.approve(request, WRONG[0])
    if change.startswith("quiet"):
        await phone.approve(request, DURESS)
    if change.startswith("state"):
        await works.installation.database.transact(
            lambda: works.messages.blocking(
                phone.account_id, BlockReason.BY_PERSON, _stop(), actor="test", now=SystemClock().now()
            )
        )
    await works.installation.database.rows(
        f"update phones_phones set {change} where phone_id = $1 returning phone_id", phone.state.phone
    )
    with pytest.raises(TamperedRowError):
        await phone.home()


# --- The same as a real fault -----------------------------------------------------------------------------------


async def _forced(phone: Handset, handle: str) -> None:
    await phone.approve(await phone.claim(handle), DURESS)


async def _damaged(phone: Handset, handle: str) -> None:
    await phone.approve(await phone.claim(handle), CODE)
    assert await phone.works.installation.database.rows(_DAMAGE, handle)


@pytest.mark.parametrize("kind", ["new-ec", "migrating-secret"])
async def test_a_forced_approval_is_byte_for_byte_a_fault_of_ours(works: Works, join: Joining, kind: str) -> None:
    """Status, headers and body of the way back, of the page after it, and of a second look, after masking."""
    party = await join(kind)
    seen = []
    for how in (_damaged, _forced):
        phone = await works.handset()
        await phone.set_duress()
        began = await party.begin()
        await how(phone, began.handle)
        told = []
        for path in ("", "/finish", "/finish", ""):
            answer = await party.browser.get(f"{party.issuer}/sign-in/{began.handle}{path}")
            headers = sorted(f"{name}: {value}" for name, value in answer.headers.items() if name != "date")
            told.append(_masked(f"{answer.status_code} {headers} {answer.text}"))
        seen.append(told)
        assert any("temporar" in text for text in told)
    assert seen[0] == seen[1]


@pytest.fixture
async def lane(keystore: Keystore, database: Database) -> AsyncIterator[Street]:
    async with street(keystore, database) as running:
        yield running


async def test_a_back_channel_result_fails_in_the_same_way(lane: Street, keystore: Keystore) -> None:
    """CIBA: the token endpoint answers a fault, again and again, with the same bytes."""
    door, works = await lane.door(), await Works.of(lane.installation, keystore)
    seen = []
    for forced in (False, True):
        phone = await works.handset()
        await phone.set_duress()
        subject = await lane.installation.people.subject(phone.account_id, door.client_id)
        asked = await door.asked(subject)
        (open_request,) = (await phone.home())["open"]
        start = {"action": open_request["action"], "digits": asked["match"]}
        request = await phone.claim_start(start)
        await phone.approve(request, DURESS if forced else CODE)
        if not forced:
            await works.installation.database.rows(_DAMAGE_BY_ID, request.action)
        told = []
        for _ in range(3):
            lane.clock.advance(seconds=3)
            answer = await door.fetch(asked)
            told.append(_masked(f"{answer.status_code} {sorted(answer.headers.items())} {answer.text}"))
        assert "server_error" in told[0]
        seen.append(told)
    assert seen[0] == seen[1]


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_its_time_is_that_of_a_fault(works: Works, join: Joining) -> None:
    """200 pairs, in turns: a rank test does not tell which was forced (p at least 0.001)."""
    party = await join()
    people = works.installation.people
    forced: list[float] = []
    damaged: list[float] = []
    phone = await works.handset()
    subject = await people.subject(phone.account_id, party.client_id)
    database = works.installation.database
    for number in range(400):
        why = "withheld" if number % 2 else None
        began = await party.begin()
        await database.rows(
            "update actions_actions set state = 'approved', start = 'qr', account_id = $2, subject = $3, why = $4, "
            "sealed_approval = $5, expires_at = expires_at where handle = $1 returning action_id",
            began.handle, phone.account_id, subject, why, b"x" if why else None,
        )  # fmt: skip
        began_at = time.perf_counter()
        answer = await party.browser.get(f"{party.issuer}/sign-in/{began.handle}/finish")
        (forced if why else damaged).append(time.perf_counter() - began_at)
        assert "temporarily_unavailable" in answer.headers["location"]
    assert abs(_z(forced, damaged)) < 3.3


def _z(one: list[float], other: list[float]) -> float:
    """Standard score of the Mann-Whitney U of two samples."""
    ranks = {value: rank for rank, value in enumerate(sorted(itertools.chain(one, other)), start=1)}
    u = sum(ranks[value] for value in one) - len(one) * (len(one) + 1) / 2
    mean = len(one) * len(other) / 2
    return float((u - mean) / (len(one) * len(other) * (len(one) + len(other) + 1) / 12) ** 0.5)


def _masked(text: str) -> str:
    """Without what differs each time: random values, the page's handle, references, and times."""
    text = re.sub(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b|\d\d:\d\d:\d\d GMT", "*", text)
    return re.sub(r"(?=[a-z_-]*[0-9A-Z])[A-Za-z0-9_-]{16,}", "*", re.sub(r"\d{9,}", "*", text))


def _stop() -> Any:
    from ipse.phones.model import StopReason

    return StopReason.BLOCKED


async def test_a_hundred_failures_in_a_row_block_whatever_they_were(works: Works, join: Joining) -> None:
    """B-22: the account counts wrong codes over everything; a right one begins anew."""
    party, phone = await join(), await works.handset()
    people, database = works.installation.people, works.installation.database
    request = await phone.claim((await party.begin()).handle)
    for _ in range(99):
        await database.transact(lambda: people.failing(phone.account_id))
    with pytest.raises(Exception, match=r"(?i)blocked"):
        await phone.approve(request, WRONG[0])
    assert await _account(phone) == (AccountState.BLOCKED, BlockReason.WRONG_CODES)

    other = await works.handset()
    request = await other.claim((await party.begin()).handle)
    with pytest.raises(RefusedError, match="wrong_code") as refused:
        await other.approve(request, WRONG[0])
    await other.approve(request.renewed(refused.value.body["challenge"]))
    assert await database.transact(lambda: people.failing(other.account_id)) == 1
