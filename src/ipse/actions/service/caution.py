"""What a phone's dealings with a request owe to `fraud`: the risk of a claim, calls, trust, reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ipse.actions import store
from ipse.actions.errors import CallRunning, RiskTooHigh
from ipse.actions.model import LOWERED, TRUST, Action, Shown, Start
from ipse.actions.rules import showing
from ipse.actions.service.reached import stop
from ipse.actions.service.requests import Actions
from ipse.fraud import events
from ipse.fraud.model import Risk, Verdict
from ipse.notices.model import NoticeKind
from ipse.storage.publishing import publishing
from ipse.storage.statement import Pair, Transaction, in_turn

if TYPE_CHECKING:
    from ipse.actions.service.messages import Messages
    from ipse.phones.model import Received


async def judge(actions: Actions, received: Received, action: Action, start: Start, *, address: str) -> Risk:
    """What is known of a claim.

    Raises:
        RiskTooHigh: the request has ended.
    """
    risk = await actions.fraud.judge(
        action.request.origin, action.partner_id, start=start, address=address, on_call=_on_call(received)
    )
    if risk.verdict is not Verdict.REFUSE:
        return risk
    await stop(actions, action, store.REFUSE_RISK, received.account_id)
    raise RiskTooHigh


def check_call(received: Received, action: Action) -> None:
    """Judge the service's policy about calls, by what the phone says with the approval.

    Raises:
        CallRunning: approve after hanging up; no try of the code was taken.
    """
    if action.request.pause_during_calls and _on_call(received):
        raise CallRunning


def note(received: Received, action: Action, shown: Shown) -> str | None:
    """What the row says of an approval: that it counts for less, or that the person trusts the browser.

    Trust comes of a scan or an app link alone, and never where anything strange was shown.
    """
    if showing.is_lowered(shown, action.request.assurance):
        return LOWERED
    wished = received.message.members.get("remember") is True and action.start in {Start.QR, Start.LINK}
    return TRUST if wished and not showing.is_troubled(shown) else None


def reporting(
    actions: Actions, messages: Messages, refused: Pair, action: Action, received: Received, *, now: int
) -> Transaction[None]:
    """Inside a transaction: refuse a request that its person has not started, count that, and tell."""
    yield from in_turn(refused)
    account_id, network = received.account_id, action.request.origin.network
    yield from actions.fraud.not_started(action.action_id, account_id, action.partner_id, network, now=now)
    payload = {"action": action.action_id, "partner": action.partner_id, "account": account_id}
    kind = (action.start or Start.PUSH).value
    yield from publishing(f"reported {action.action_id}", events.REPORTED, {**payload, "kind": kind}, now=now)
    partner = action.request.partner_name
    yield from messages.notices.telling(account_id, NoticeKind.NOT_STARTED, now=now, facts={"partner": partner})


def _on_call(received: Received) -> bool:
    device = received.message.members.get("device")
    return isinstance(device, dict) and device.get("on_call") is True
