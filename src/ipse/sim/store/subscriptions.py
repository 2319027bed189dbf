"""Table `sim_subscriptions`."""

from __future__ import annotations

from typing import Final

from ipse.sim.model import Subscribed, SubscriptionState
from ipse.storage.statement import Row

_COLUMNS: Final = "subscription_id, account_id, operator_id, remote_id, state, expires_at, failures, created_at"
_SELECT: Final = "select " + _COLUMNS + " from sim_subscriptions"  # noqa: S608 - constants

WANT: Final = """
insert into sim_subscriptions (subscription_id, account_id, operator_id, state, expires_at, due_at, failures,
  created_at)
values ($1, $2, $3, 'wanted', $4, $5, 0, $5)
returning subscription_id
"""
LEAVE_ALL: Final = """
update sim_subscriptions set state = 'leaving', due_at = $2, failures = 0
where account_id = $1 and state <> 'leaving'
returning subscription_id
"""
LEAVE: Final = """
update sim_subscriptions set state = 'leaving', due_at = $2, failures = 0
where subscription_id = $1 and state <> 'leaving'
returning subscription_id
"""
OF_ACCOUNT: Final = _SELECT + " where account_id = $1 and due_at <= $2"
COPY: Final = """
select subscription_id, operator_id, remote_id, state, expires_at, due_at, failures, created_at
from sim_subscriptions where account_id = $1 order by created_at, subscription_id
"""
DUE: Final = _SELECT + " where due_at <= $1 order by due_at limit 50"
TAKE: Final = (
    """
update sim_subscriptions set due_at = $3 where subscription_id = $1 and due_at <= $2 returning """
    + _COLUMNS
    + """
"""
)
TOKEN: Final = """
update sim_subscriptions set token_hash = $2 where subscription_id = $1 and state = 'wanted' returning subscription_id
"""
STARTED: Final = """
update sim_subscriptions set state = case when state = 'leaving' then state else 'active' end, remote_id = $2,
  due_at = $3, failures = 0
where subscription_id = $1
returning state
"""
LATER: Final = """
update sim_subscriptions set due_at = $2, failures = failures + 1 where subscription_id = $1 returning subscription_id
"""
GONE: Final = "delete from sim_subscriptions where subscription_id = $1 returning subscription_id"
BY_TOKEN: Final = _SELECT + " where token_hash = $1"
END: Final = """
delete from sim_subscriptions where subscription_id = $1 and state <> 'leaving' returning subscription_id
"""


def read_subscribed(row: Row) -> Subscribed:
    """A row as a value."""
    return Subscribed(
        subscription_id=row["subscription_id"],
        account_id=row["account_id"],
        operator_id=row["operator_id"],
        remote_id=row["remote_id"],
        state=SubscriptionState(row["state"]),
        expires_at=row["expires_at"],
        failures=row["failures"],
        created_at=row["created_at"],
    )
