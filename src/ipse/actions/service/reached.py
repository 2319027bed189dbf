"""What follows when a request has reached another state: whoever waits is woken, and it is counted."""

from __future__ import annotations

from ipse.actions.model import Action, ActionState
from ipse.actions.service.requests import Actions, account_wake_key, wake_key
from ipse.kernel.clock import SECOND
from ipse.telemetry import metrics


def reached(actions: Actions, action: Action, state: str, *, account_id: str = "", method: str = "") -> None:
    """After commit: wake the browser that waits, and the phones of `account_id` where one is concerned."""
    metrics.ACTIONS.add(action.kind, state, method)
    if state == ActionState.APPROVED:
        metrics.APPROVALS.note((actions.clock.now() - action.created_at) / SECOND, action.kind, method)
    keys = (wake_key(action.action_id), account_wake_key(account_id))
    actions.database.wakeups.wake(*(keys if account_id else keys[:1]))


async def stop(actions: Actions, action: Action, text: str, account_id: str) -> None:
    """End a request by a rule of the scheme: `text` is the statement of the store that says which.

    It stays in the history of the person whom it had reached.
    """
    await actions.database.rows(text, action.action_id, actions.clock.now(), account_id)
    reached(actions, action, "stopped")
