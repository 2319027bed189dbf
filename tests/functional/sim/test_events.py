"""What operators report, and what is asked when it matters (T-5, F-7)."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from ipse.actions.model import Action, ActionState, NewAction, Request
from ipse.actions.service import Actions
from ipse.kernel.clock import SECOND
from ipse.kernel.ids import RandomIds, sha256
from ipse.softphone import Activation, Refused, SoftPhone
from ipse.standards.camara import EVENT_MEDIA_TYPE, EventType, timestamp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.functional.sim.conftest import Operated

CODE, NUMBER = "13579", "+32 400000101"
ACCOUNT = "select account_id, state, why from people_accounts"
SUBSCRIPTION = "select account_id, operator_id, token_hash, remote_id, state from sim_subscriptions"
DAY = 86_400


@dataclass
class Asked:
    """A person with a phone whose SIM is watched, and partners that ask."""

    operated: Operated
    actions: Actions
    phone: SoftPhone
    account_id: str

    async def ask(self, *, kind: str = "authentication", assurance: str = "basic", addressed: bool = False) -> Action:
        request = Request("My house", {"en": "Keys"}, {}, assurance, (), {"door": "test"}, "en")
        account_id = self.account_id if addressed else None
        new = NewAction(kind=kind, partner_id="house", service_code="KEYS", request=request, account_id=account_id)
        return await self.actions.begin(new)

    async def claim(self, action: Action) -> Any:
        frame = self.actions.frame(action, self.actions.clock.now(), drawn=True)
        return await asyncio.to_thread(self.phone.take, f"http://localhost/#f={frame}")

    async def state(self, action: Action) -> ActionState:
        return (await self.actions.find(action.action_id)).action.state

    async def row(self, text: str) -> Any:
        return await self.operated.stage.scheme.database.row(text)

    async def blocked(self) -> bool:
        row = await self.row(ACCOUNT)
        return (row["state"], row["why"]) == ("blocked", "sim_changed")

    async def soon_blocked(self) -> float:
        """Wait until the identity is blocked; how long that took, in seconds."""
        began = time.monotonic()
        while not await self.blocked():
            assert time.monotonic() - began < 5, "not blocked within five seconds"
            await asyncio.sleep(0.05)
        return time.monotonic() - began

    async def report(self, token: str, subscription: str, kind: EventType, *, at: int, **data: str) -> int:
        """Send a report as an operator would; the status of the answer."""
        event = {
            "id": RandomIds().identifier(),
            "source": "https://operator.example",
            "specversion": "1.0",
            "type": kind,
            "time": timestamp(at),
            "datacontenttype": "application/json",
            "data": {"subscriptionId": subscription, **data},
        }
        answer = await self.operated.http.post(
            f"{self.operated.stage.base}/sim/events/any",
            json=event,
            headers={"content-type": EVENT_MEDIA_TYPE, "authorization": f"Bearer {token}", "x-correlator": "abc"},
        )
        assert answer.headers["x-correlator"] == "abc"
        return answer.status_code

    async def adopt(self, token: str) -> str:
        """Let our subscription be known by another token; what the operator calls it."""
        row = await self.row(SUBSCRIPTION)
        await self.operated.stage.scheme.database.rows(
            "update sim_subscriptions set token_hash = $1 where account_id = $2", sha256(token), row["account_id"]
        )
        return str(row["remote_id"])


@pytest.fixture
async def asked(operated: Operated) -> AsyncIterator[Asked]:
    stage = operated.stage
    scheme = stage.scheme
    with SoftPhone() as phone:
        activation = Activation(base=stage.base, bank="bank-vesta", person="ada", code=CODE)
        await asyncio.to_thread(phone.activate, activation)
        await operated.settle()
        row = await scheme.database.row("select account_id from people_accounts")
        assert row is not None
        actions = Actions(
            scheme.database, scheme.people, scheme.keys, stage.clock, RandomIds(), scheme.settings.lifetimes
        )
        yield Asked(operated, actions, phone, row["account_id"])


async def test_a_swap_stops_the_identity_within_five_seconds(asked: Asked) -> None:
    """T-5: subscription at activation; the event refuses the next request, and kills the one that waits."""
    row = await asked.row(SUBSCRIPTION)
    assert (row["state"], row["operator_id"]) == ("active", "lumo")
    waiting = await asked.ask(addressed=True)
    asked.operated.stage.clock.advance(seconds=60)
    await asked.operated.happens(NUMBER, "swap")
    await asked.soon_blocked()
    assert await asked.state(waiting) is ActionState.REVOKED
    with pytest.raises(Refused) as refused:
        await asyncio.to_thread(asked.phone.home)
    assert refused.value.code == "phone_stopped"


async def test_a_recycled_number_stops_the_identity(asked: Asked) -> None:
    asked.operated.stage.clock.advance(seconds=60)
    await asked.operated.happens(NUMBER, "recycle")
    await asked.soon_blocked()


async def test_what_happens_to_a_number_that_was_given_up_stops_nobody(asked: Asked) -> None:
    """A subscription that its operator has not let go of yet outlives a change of number; its SIM goes to somebody."""
    stage = asked.operated.stage
    remote = await asked.adopt("the-real-token")
    stage.clock.advance(seconds=600)
    now = stage.clock.now()
    database = stage.scheme.database
    await database.rows("update sim_subscriptions set state = 'leaving' where account_id = $1", asked.account_id)
    await database.rows("update sim_watches set bound_at = $2 where account_id = $1", asked.account_id, now)
    assert await asked.report("the-real-token", remote, EventType.SWAPPED, at=now + 60 * SECOND) == 204
    assert not await asked.blocked()


async def test_reports_that_are_forged_are_believed_by_nobody(asked: Asked) -> None:
    """No token, an unknown one (410: drop me), a right one for another subscription: nothing happens."""
    base, now = asked.operated.stage.base, asked.operated.stage.clock.now()
    remote = await asked.adopt("the-real-token")
    answer = await asked.operated.http.post(f"{base}/sim/events/any", content=b"{}")
    assert answer.status_code == 401
    assert await asked.report("x" * 43, remote, EventType.SWAPPED, at=now) == 410
    assert await asked.report("the-real-token", "another", EventType.SWAPPED, at=now) == 410
    headers = {"authorization": "Bearer the-real-token", "content-type": "application/json"}
    assert (await asked.operated.http.post(f"{base}/sim/events/any", content=b"{}", headers=headers)).status_code == 400
    headers["content-type"] = EVENT_MEDIA_TYPE
    for body in (b"[", b"{}", b"x" * 20_000):
        answer = await asked.operated.http.post(f"{base}/sim/events/any", content=body, headers=headers)
        assert answer.status_code == 400, answer.text
    assert not await asked.blocked()


async def test_a_report_counts_twice_as_once_and_late_not_at_all(asked: Asked) -> None:
    """Of before the binding: ignored. Repeated: the same answer. For what ended: dropped."""
    now = asked.operated.stage.clock.now()
    remote = await asked.adopt("the-real-token")
    assert await asked.report("the-real-token", remote, EventType.STARTED, at=now) == 204
    assert await asked.report("the-real-token", remote, EventType.SWAPPED, at=now - DAY * SECOND) == 204
    assert not await asked.blocked()
    assert await asked.report("the-real-token", remote, EventType.SWAPPED, at=now) == 204
    assert await asked.blocked()
    assert await asked.report("the-real-token", remote, EventType.SWAPPED, at=now) == 204
    ended = {"terminationReason": "SUBSCRIPTION_EXPIRED"}
    assert await asked.report("the-real-token", remote, EventType.ENDED, at=now, **ended) == 204
    assert await asked.report("the-real-token", remote, EventType.ENDED, at=now, **ended) == 410


async def test_a_subscription_that_ends_is_asked_for_again(asked: Asked) -> None:
    remote = await asked.adopt("the-real-token")
    now = asked.operated.stage.clock.now()
    reason = {"terminationReason": "NETWORK_TERMINATED"}
    assert await asked.report("the-real-token", remote, EventType.ENDED, at=now, **reason) == 204
    assert not await asked.blocked(), "the SIM is the same: asked at once, and nothing changed"
    asked.operated.stage.clock.advance(seconds=301)
    await asked.operated.job("sim.follow_subscriptions")
    row = await asked.row(SUBSCRIPTION)
    assert row["state"] == "active"
    assert row["remote_id"] != remote


async def test_a_subscription_is_renewed_before_it_ends_and_the_old_one_dropped(asked: Asked) -> None:
    before = await asked.row(SUBSCRIPTION)
    for step in range(3):
        asked.operated.stage.clock.advance(seconds=70 * DAY if step == 0 else 400)
        await asked.operated.job("sim.follow_subscriptions")
        row = await asked.row("select count(*) as n from sim_subscriptions where state = 'active'")
        assert row["n"] == 1
    rows = await asked.operated.stage.scheme.database.rows(SUBSCRIPTION)
    assert [row["state"] for row in rows] == ["active"]
    assert rows[0]["remote_id"] != before["remote_id"]


async def test_a_code_is_demanded_only_after_the_operator_was_asked_again(asked: Asked) -> None:
    """DESIGN 5: older than a day, a swap is seen at the claim, although no event came."""
    asked.operated.mood("lumo", "late")
    asked.operated.stage.clock.advance(seconds=DAY + 1)
    await asked.operated.happens(NUMBER, "swap")
    await asked.claim(await asked.ask(assurance="basic"))
    advanced = await asked.ask(assurance="advanced")
    with pytest.raises(Refused) as refused:
        await asked.claim(advanced)
    assert refused.value.code == "account_blocked"
    assert await asked.blocked()


async def test_the_answer_of_a_day_ago_is_enough_and_costs_nothing(asked: Asked) -> None:
    """DESIGN 5: a login reads what is stored; a claim with a fresh answer runs no statement more."""
    database = asked.operated.stage.scheme.database
    await asked.claim(await asked.ask())
    counts = []
    for assurance in ("basic", "advanced"):
        action = await asked.ask(assurance=assurance)
        before = database.statements
        await asked.claim(action)
        counts.append(database.statements - before)
    assert counts[0] == counts[1]


@pytest.mark.parametrize("how", ["error", "hang", "garbage"])
async def test_an_operator_that_is_down_stops_nobody_who_has_a_phone(asked: Asked, how: str) -> None:
    """F-7: signing in goes on, with the code too; the answer stays old and is asked again next time."""
    asked.operated.stage.clock.advance(seconds=DAY + 1)
    asked.operated.mood("lumo", how)
    began = time.monotonic()
    assert await asked.claim(await asked.ask(assurance="advanced"))
    assert time.monotonic() - began < 8
    began = time.monotonic()
    assert await asked.claim(await asked.ask(assurance="basic"))
    assert time.monotonic() - began < 2
    assert not await asked.blocked()


async def test_reduced_functions_sign_in_and_nothing_more_until_the_sim_is_ready(asked: Asked) -> None:
    """A SIM that stops being answered for reduces; the job and an opening app complete it by themselves."""
    await asked.operated.happens(NUMBER, "not_ready")
    asked.operated.stage.clock.advance(seconds=DAY + 1)
    with pytest.raises(Refused) as refused:
        await asked.claim(await asked.ask(kind="confirmation", assurance="advanced"))
    assert refused.value.code == "sim_not_ready"
    home = await asyncio.to_thread(asked.phone.home)
    assert (home["sim"]["state"], home["level"]) == ("reduced", "substantial")
    assert await asked.claim(await asked.ask())
    await asked.operated.happens(NUMBER, "ready")
    home = await asyncio.to_thread(asked.phone.home)
    assert home["sim"]["state"] == "reduced", "asked a moment ago: not again so soon"
    asked.operated.stage.clock.advance(seconds=301)
    await asked.operated.job("sim.look_again")
    home = await asyncio.to_thread(asked.phone.home)
    assert home["sim"]["state"] == "ready"
    assert await asked.claim(await asked.ask(kind="confirmation", assurance="advanced"))


async def test_whoever_looks_completes_a_sim_that_is_ready_now(asked: Asked) -> None:
    await asked.operated.happens(NUMBER, "not_ready")
    asked.operated.stage.clock.advance(seconds=DAY + 1)
    with pytest.raises(Refused):
        await asked.claim(await asked.ask(kind="confirmation", assurance="advanced"))
    await asked.operated.happens(NUMBER, "ready")
    asked.operated.stage.clock.advance(seconds=61)
    assert (await asyncio.to_thread(asked.phone.home))["sim"]["state"] == "ready"


async def test_a_stopped_operator_is_asked_nothing(asked: Asked) -> None:
    """`ipse mobile-operator stop`: its phones go on until the answer is old, then with reduced functions."""
    await asked.operated.operators.stop("lumo", actor="test")
    asked.operated.stage.clock.advance(seconds=DAY + 1)
    with pytest.raises(Refused) as refused:
        await asked.claim(await asked.ask(kind="confirmation", assurance="advanced"))
    assert refused.value.code == "sim_not_ready"


async def test_a_cap_of_an_operator_caps_the_level_of_its_phones(asked: Asked) -> None:
    await asked.operated.operators.limit("lumo", "low", actor="test")
    await asked.operated.job("sim.look_again")
    assert (await asyncio.to_thread(asked.phone.home))["level"] == "low"
