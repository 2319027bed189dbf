"""Requests addressed to one person, and partners that wait themselves: on both databases (T-5, DESIGN's match)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ipse.actions.errors import RequestEnded, RequestPending, UnknownAction, UnknownToken
from ipse.actions.model import Action, Confidential, NewAction, Payment, Request
from ipse.actions.service import Actions
from ipse.app.keystores import create_keystore, open_keystore
from ipse.kernel.clock import SECOND, FrozenClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import Lifetimes
from ipse.people.model import AccountState, BlockReason, Enrolled
from ipse.people.service import People
from ipse.storage.database import Database
from tests.support.approvals import shown_to_a_phone, signed_by_a_phone

START = 1_790_000_000 * SECOND
PAYMENT = Payment(amount="125", currency="EUR", creditor_iban="BE71096123456769")
_APPROVE = """
update actions_actions set state = 'approved', start = 'push', account_id = $2, subject = $3, sealed_shown = $4,
  sealed_approval = $5, decided_at = $6, expires_at = $7, sealed_content = null
where action_id = $1 returning action_id
"""
_CLAIMED_BY_SCAN = """
update actions_actions set start = 'qr', state = 'cancelled' where action_id = $1 returning action_id
"""
_ROW = "select sealed_content, request, account_id from actions_actions where action_id = $1"


@dataclass
class Ground:
    """The lower half of a scheme, without front doors."""

    database: Database
    people: People
    actions: Actions
    clock: FrozenClock

    async def person(self) -> str:
        epoch, now = await self.people.current_epoch(), self.clock.now()
        name = RandomIds().identifier()
        enrolled = Enrolled(
            identity=name, phone_number=name, language="en", level="substantial",
            state=AccountState.ACTIVE, why=None, acceptances=(),
        )  # fmt: skip
        account, _, _ = await self.database.transact(lambda: self.people.enrolling(enrolled, epoch=epoch, now=now))
        return account.account_id

    async def ask(self, account_id: str | None, partner_id: str = "shop", **more: Any) -> Action:
        return await self.actions.begin(
            NewAction(
                kind="confirmation",
                partner_id=partner_id,
                service_code="PAY",
                request=Request("Shop", {"en": "Pay"}, {}, "basic", (), {"door": "test"}, "en", match=True),
                account_id=account_id,
                **more,
            )
        )

    async def approve(self, action: Action, account_id: str) -> None:
        """What a phone's approval does to the row."""
        subject = await self.people.subject(account_id, action.partner_id)
        key = await self.people.person_key(account_id)
        shown = shown_to_a_phone(action, {}, self.actions.confidential(action))
        seal, now = self.actions.sealed, self.clock.now()
        row = await self.database.row(
            _APPROVE, action.action_id, account_id, subject, seal(key, action.action_id, "sealed_shown", shown),
            seal(key, action.action_id, "sealed_approval", signed_by_a_phone(shown)), now, now + 180 * SECOND,
        )  # fmt: skip
        assert row is not None

    async def addressed(self, action: Action) -> bool:
        """Whether the request lies with the person, by what the row says."""
        row = await self.database.row(_ROW, action.action_id)
        assert row is not None
        return row["account_id"] is not None

    async def row(self, action: Action) -> Mapping[str, Any]:
        row = await self.database.row(_ROW, action.action_id)
        assert row is not None
        return {name: row[name] for name in ("sealed_content", "request", "account_id")}


@pytest.fixture
def ground(database: Database, tmp_path: Path) -> Ground:
    address = f"file:{tmp_path / 'keystore.json'}"
    create_keystore(address, RandomIds())
    keystore, clock, ids = open_keystore(address), FrozenClock(START), RandomIds()
    people = People(database, keystore, clock, ids)
    return Ground(database, people, Actions(database, people, keystore, clock, ids, Lifetimes()), clock)


async def test_one_request_at_a_time_reaches_a_person_over_all_partners(ground: Ground) -> None:
    """A second partner's request does not reach a person who has one open, and nobody can tell from outside."""
    ada, noor = await ground.person(), await ground.person()
    first, second = await ground.ask(ada, "shop"), await ground.ask(ada, "bank")
    assert await ground.addressed(first)
    assert not await ground.addressed(second)
    assert await ground.addressed(await ground.ask(noor, "bank"))
    assert (await ground.actions.find(second.action_id)).state == (await ground.actions.find(first.action_id)).state


async def test_nobody_can_tell_afterwards_either(ground: Ground) -> None:
    """T-5: its browser is told of a request for an hour after its end, whether it had reached the person or not."""
    ada, browser = await ground.person(), b"b" * 32
    asked = [await ground.ask(ada, partner, browser_hash=browser) for partner in ("shop", "bank")]
    assert [await ground.addressed(action) for action in asked] == [True, False]
    for seconds, told in ((3500, True), (4500, False)):
        ground.clock.value = asked[0].expires_at + seconds * SECOND
        await ground.actions.expire()
        for action in asked:
            if told:
                assert (await ground.actions.for_browser(action.handle, browser)).state == "expired"
            else:
                with pytest.raises(UnknownAction):
                    await ground.actions.for_browser(action.handle, browser)


async def test_three_requests_in_ten_minutes_reach_a_person(ground: Ground) -> None:
    """Ended ones count too: push bombing ends after three (T-5), and starts anew ten minutes later."""
    ada, reached = await ground.person(), []
    for partner in ("shop", "bank", "shop", "town"):
        action = await ground.ask(ada, partner)
        reached.append(await ground.addressed(action))
        await ground.actions.cancel_action(action.action_id)
        ground.clock.advance(seconds=60)
    assert reached == [True, True, True, False]
    ground.clock.advance(seconds=600)
    assert await ground.addressed(await ground.ask(ada))


async def test_two_partners_at_once_reach_a_person_once(ground: Ground) -> None:
    """The count and the row are one decision."""
    ada = await ground.person()
    actions = await asyncio.gather(*(ground.ask(ada, f"partner{number}") for number in range(6)))
    assert sum([await ground.addressed(action) for action in actions]) == 1


async def test_a_blocked_person_is_not_reached(ground: Ground) -> None:
    ada = await ground.person()
    await ground.database.transact(lambda: ground.people.blocking(ada, BlockReason.WRONG_CODES, now=ground.clock.now()))
    assert not await ground.addressed(await ground.ask(ada))


async def test_what_is_asked_lies_sealed_until_it_is_decided(ground: Ground) -> None:
    """Neither amount nor account is readable in the row, and nothing is left of them once cancelled."""
    private = {"template": {"claim_approval_iban_key": PAYMENT.creditor_iban}}
    action = await ground.ask(None, content=(PAYMENT,), private=private)
    row = await ground.row(action)
    assert PAYMENT.creditor_iban.encode() not in bytes(row["sealed_content"]) + row["request"].encode()
    assert ground.actions.confidential(action) == Confidential((PAYMENT,), "", private)
    await ground.actions.cancel_action(action.action_id)
    assert (await ground.row(action))["sealed_content"] is None


async def test_a_partner_that_waits_redeems_once(ground: Ground) -> None:
    """Pending, then the approved content with the partner's private part, then nothing more."""
    ada = await ground.person()
    action = await ground.ask(ada, content=(PAYMENT,), content_digest="d", private={"template": {"a": "b"}})
    with pytest.raises(RequestPending):
        await ground.actions.redeem_action(action.action_id, "shop")
    await ground.approve(action, ada)
    with pytest.raises(UnknownAction):
        await ground.actions.redeem_action(action.action_id, "bank")
    tries = await asyncio.gather(
        *(ground.actions.redeem_action(action.action_id, "shop", binding="jkt:x") for _ in range(5)),
        return_exceptions=True,
    )
    won = [redeemed for redeemed in tries if not isinstance(redeemed, BaseException)]
    assert len(won) == 1
    assert all(isinstance(error, RequestEnded) for error in tries if isinstance(error, BaseException))
    assert won[0].content == (PAYMENT,)
    assert won[0].request.protocol["template"] == {"a": "b"}
    granted = await ground.actions.by_access_token(won[0].access_token)
    assert (granted.binding, granted.content_digest, granted.level) == ("jkt:x", "d", "substantial")
    ground.clock.advance(seconds=3601)
    with pytest.raises(UnknownToken):
        await ground.actions.by_access_token(won[0].access_token)


async def test_a_token_lives_as_long_as_its_request_says(ground: Ground) -> None:
    ada = await ground.person()
    action = await ground.ask(ada, token_seconds=600)
    await ground.approve(action, ada)
    redeemed = await ground.actions.redeem_action(action.action_id, "shop")
    assert redeemed.expires_in == 600
    ground.clock.advance(seconds=601)
    with pytest.raises(UnknownToken):
        await ground.actions.by_access_token(redeemed.access_token)


async def test_what_a_person_scanned_is_not_counted_against_others(ground: Ground) -> None:
    """Pairing three devices in ten minutes leaves their phone open to the next partner who knows them."""
    ada = await ground.person()
    for _ in range(3):
        action = await ground.ask(ada, scanned=True)
        assert await ground.addressed(action)
        await ground.database.rows(_CLAIMED_BY_SCAN, action.action_id)
    assert await ground.addressed(await ground.ask(ada, "bank"))


async def test_the_synthetic_login_leaves_nothing_behind_after_a_day(ground: Ground) -> None:
    """It begins a request every few seconds; everybody else's history stays."""
    theirs, real = [await ground.ask(await ground.person(), partner) for partner in ("ipse-probe", "shop")]
    assert [await ground.addressed(action) for action in (theirs, real)] == [True, True]
    for days, kept in ((0.9, {theirs.action_id, real.action_id}), (1.1, {real.action_id})):
        ground.clock.value = theirs.created_at + round(days * 86_400) * SECOND
        await ground.actions.expire()
        rows = await ground.database.rows("select action_id from actions_actions")
        assert {row["action_id"] for row in rows} == kept
