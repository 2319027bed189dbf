"""Whether a request may reach a person by itself, without a scan or link: limits, refusals, reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ipse.actions import store
from ipse.actions.events import ADDRESSED
from ipse.actions.service.beginnings import columns
from ipse.kernel.clock import SECOND
from ipse.storage.publishing import publishing
from ipse.storage.statement import Transaction, one, run

if TYPE_CHECKING:
    from ipse.actions.model import Action, NewAction
    from ipse.actions.service.requests import Actions

MOST_PENDING = 1
MOST_RECENT = 3
RECENT_SECONDS = 600
"""What may reach one person without a scan or link, over all partners: one at a time, three in ten minutes (T-6)."""


def addressing(actions: Actions, new: NewAction, action: Action) -> Transaction[str | None]:
    """Begin a request for one person; gives their account if it reaches them, and begins it all the same if not."""
    now = action.created_at
    # The account is updated first, so that two requests at once are counted one after the other.
    account_id = new.account_id if (yield from actions.people.holding(new.account_id or "")) else None
    if account_id is not None and not new.scanned and (yield from withholding(actions, action, account_id, now=now)):
        account_id = None
    yield from run(store.BEGIN, *columns(actions, new, action, account_id))
    yield from telling(actions, action, account_id, now=now)
    return account_id


def telling(actions: Actions, action: Action, account_id: str | None, *, now: int) -> Transaction[None]:
    """Write the news of it, whether it reached them or not: the one takes as long as the other."""
    news = {"account": account_id or "", "until": action.expires_at}
    yield from publishing(actions.ids.identifier(), ADDRESSED, news, now=now)


def withholding(actions: Actions, action: Action, account_id: str, *, now: int) -> Transaction[bool]:
    """Inside a transaction that holds the account: whether a request must not reach this person by itself.

    The same statements run whatever the answer, so that it takes as long.
    """
    counted = yield from one(store.ADDRESSED, account_id, now - RECENT_SECONDS * SECOND, now)
    since = now - 2 * RECENT_SECONDS * SECOND
    refused = yield from run(store.REFUSED_AT, account_id, action.partner_id, since)
    refused_at = [row["decided_at"] for row in refused]
    network = action.request.origin.network
    withheld = yield from actions.fraud.withholding(action.partner_id, network, refused_at, now=now)
    if counted is None or counted["recent"] >= actions.most_recent or counted["pending"] >= MOST_PENDING:
        return True
    return withheld
