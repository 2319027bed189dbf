"""Requests sent to a phone, and scans that only say who is here: over HTTP, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from ipse.actions.errors import RequestEnded
from ipse.actions.model import (
    DISCOVERY,
    Action,
    ActionState,
    Agreement,
    Content,
    DeviceAction,
    FreeText,
    NewAction,
    Payment,
    Request,
)
from ipse.actions.service import Actions
from ipse.kernel.ids import RandomIds, b64u, sha256
from ipse.softphone import Activation, Connecting, NothingAsked, Outcome, Refused, SoftPhone
from tests.functional.enrolment.party import Stage

CODE = "13579"
CONTENTS: tuple[Content, ...] = (
    Payment(amount="1234.50", currency="EUR", creditor_name="Pot & Linde", creditor_iban="BE71096123456769"),
    FreeText("<b>Rent</b> 2027<br>and more"),
    Agreement(title="House rules", text="Be kind.", version="7", sha256="n4bQgYhM"),
    DeviceAction(device="Front door", action="unlock", location="Linden Street 5"),
)


@dataclass
class Asking:
    """A person with a phone, and partners that ask."""

    actions: Actions
    phone: SoftPhone
    account_id: str

    async def ask(self, *contents: Content, match: bool = True, kind: str = "confirmation") -> Action:
        request = Request(
            "My house",
            {"en": "Keys"},
            {},
            "advanced",
            (),
            {"door": "test"},
            "en",
            broker_name="Signbridge",
            match=match and kind != DISCOVERY,
        )
        addressed = None if kind == DISCOVERY else self.account_id
        new = NewAction(
            kind=kind, partner_id="house", service_code="KEYS", request=request, account_id=addressed, content=contents
        )
        return await self.actions.begin(new)

    async def state(self, action: Action) -> tuple[ActionState, str | None]:
        found = (await self.actions.find(action.action_id)).action
        return found.state, found.why

    async def requests(self) -> list[dict[str, Any]]:
        return await asyncio.to_thread(self.phone.requests)

    async def history(self) -> dict[str, Any]:
        entry: dict[str, Any] = (await asyncio.to_thread(self.phone.history))["entries"][0]
        return entry

    def frame(self, action: Action) -> str:
        """What the QR of a request holds now."""
        return f"http://localhost/#f={self.actions.frame(action, self.actions.clock.now(), drawn=True)}"

    async def scan(self) -> tuple[Action, Connecting]:
        """Scan a QR that only asks who is there."""
        action = await self.ask(kind=DISCOVERY)
        taken = await asyncio.to_thread(self.phone.take, self.frame(action))
        assert isinstance(taken, Connecting)
        return action, taken


@pytest.fixture
async def asking(stage: Stage) -> AsyncIterator[Asking]:
    scheme = stage.scheme
    people, database = scheme.people, scheme.database
    with SoftPhone() as phone:
        activation = Activation(base=stage.base, bank="bank-vesta", person="ada", code=CODE)
        await asyncio.to_thread(phone.activate, activation)
        row = await database.row("select account_id from people_accounts")
        assert row is not None
        keys = scheme.keys
        actions = Actions(database, people, keys, stage.clock, RandomIds(), scheme.settings.lifetimes)
        yield Asking(actions, phone, row["account_id"])


async def test_the_digits_of_whoever_started_it_open_a_request(asking: Asking) -> None:
    """DESIGN 6: listed with what it needs, taken with the digits, approved, remembered with what was confirmed."""
    action = await asking.ask(*CONTENTS)
    listed = (await asking.requests())[0]
    expected = {"action": action.action_id, "partner": "My house", "service": "Keys", "broker": "Signbridge"}
    assert listed == {**expected, "claimed": False, "digits": True, "expires_at": listed["expires_at"]}
    with pytest.raises(Refused, match="digits") as needed:
        await asyncio.to_thread(asking.phone.claim_addressed, action.action_id)
    assert needed.value.code == "digits_needed"
    request = await asyncio.to_thread(asking.phone.claim_addressed, action.action_id, asking.actions.digits(action))
    assert (request.start, request.strange, request.content["broker"]) == ("push", None, "Signbridge")
    assert [one["type"] for one in request.confirms] == ["payment", "text", "agreement", "device_action"]
    assert (await asking.requests())[0]["claimed"] is True
    request = await asyncio.to_thread(asking.phone.show, action.action_id)
    assert await asyncio.to_thread(asking.phone.approve, request, CODE) == Outcome("approved")
    redeemed = await asking.actions.redeem_action(action.action_id, "house")
    assert redeemed.content == CONTENTS
    assert redeemed.approval_digest == b64u(sha256(request.shown))
    entry = await asking.history()
    assert (entry["outcome"], entry["start"], entry["broker"]) == ("approved", "push", "Signbridge")
    assert entry["confirmed"] == request.confirms


async def test_wrong_digits_end_it(asking: Asking) -> None:
    action = await asking.ask(CONTENTS[0])
    wrong = f"{(int(asking.actions.digits(action)) + 1) % 100:02}"
    with pytest.raises(Refused) as refused:
        await asyncio.to_thread(asking.phone.claim_addressed, action.action_id, wrong)
    assert refused.value.code == "wrong_digits"
    assert await asking.requests() == []
    assert await asking.state(action) == (ActionState.CANCELLED, "wrong_digits")


async def test_a_scan_does_not_tell_whether_somebody_else_was_reached(asking: Asking) -> None:
    """T-5: a request that was held back, or whose hint names nobody, is as much another person's as one that came."""
    held_back: list[Action] = []
    for meant in (None, "somebody-else"):
        request = Request("My house", {"en": "Keys"}, {}, "basic", (), {"door": "test"}, "en", match=True)
        new = NewAction(kind="authentication", partner_id="house", service_code="KEYS", request=request)
        held_back.append(await asking.actions.begin(replace(new, account_id=meant)))
    first, second = await asking.ask(CONTENTS[0]), await asking.ask(CONTENTS[0])
    for action in held_back:
        with pytest.raises(Refused) as refused:
            await asyncio.to_thread(asking.phone.claim, asking.frame(action))
        assert refused.value.code == "request_taken"
        assert (await asking.state(action))[0] is ActionState.WAITING
    assert [one["action"] for one in await asking.requests()] == [first.action_id], "the second was held back"
    taken = await asyncio.to_thread(asking.phone.claim, asking.frame(second))
    assert (taken.action, taken.start) == (second.action_id, "qr"), "and is still for the person it was meant for"


async def test_what_nobody_here_started_is_refused_unopened(asking: Asking) -> None:
    """Saying so needs no digits, and is for the person alone."""
    action = await asking.ask(CONTENTS[0])
    with pytest.raises(Refused) as unknown:
        await asyncio.to_thread(asking.phone.refuse_addressed, (await asking.ask(kind=DISCOVERY)).action_id)
    assert unknown.value.code == "unknown_request"
    outcome = await asyncio.to_thread(asking.phone.refuse_addressed, action.action_id)
    assert outcome == Outcome("rejected")
    assert await asking.state(action) == (ActionState.REJECTED, "not_started")
    entry = await asking.history()
    assert (entry["outcome"], entry["start"], entry["confirmed"]) == ("not_started", "push", [])
    with pytest.raises(RequestEnded):
        await asking.actions.redeem_action(action.action_id, "house")


async def test_a_scan_says_who_is_here_and_the_request_follows(asking: Asking) -> None:
    action, connecting = await asking.scan()
    assert (connecting.partner, connecting.service) == ("My house", "Keys")
    assert await asking.actions.end_discovery(action.action_id) == asking.account_id
    with pytest.raises(NothingAsked):
        await asyncio.to_thread(asking.phone.follow, connecting, seconds=0)
    following = asyncio.create_task(asyncio.to_thread(asking.phone.follow, connecting))
    asked = await asking.ask(CONTENTS[3], match=False)
    request = await following
    assert (request.action, request.start) == (asked.action_id, "push")
    assert await asyncio.to_thread(asking.phone.approve, request, CODE) == Outcome("approved")


async def test_a_person_stops_waiting(asking: Asking) -> None:
    """The partner that waits is told nothing of who it was any more."""
    action, connecting = await asking.scan()
    await asyncio.to_thread(asking.phone.refuse_addressed, connecting.action, not_started=False)
    assert await asking.actions.end_discovery(action.action_id) is None
    assert await asking.requests() == []


async def test_a_watching_phone_is_woken(asking: Asking, stage: Stage) -> None:
    token = (await asyncio.to_thread(asking.phone.home))["watch"]
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx.AsyncClient(timeout=10, trust_env=False) as client,
        client.stream("GET", f"{stage.base}/phone/v1/watch", headers=headers) as stream,
    ):
        lines = stream.aiter_lines()
        assert await anext(lines) == ": ipse"
        await asking.ask(CONTENTS[0])
        async with asyncio.timeout(8):
            while await anext(lines) != "event: changed":
                pass
