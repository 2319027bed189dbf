"""Table `sim_watches`."""

from __future__ import annotations

from typing import Final

from ipse.sim.model import Possession, Watch
from ipse.storage.statement import Row

_COLUMNS: Final = "account_id, phone_id, sealed_number, operator_id, possession, bound_at, asked_at, failures"
_SELECT: Final = "select " + _COLUMNS + " from sim_watches"  # noqa: S608 - constants

BIND: Final = """
insert into sim_watches (account_id, phone_id, number_index, sealed_number, operator_id, possession, bound_at,
  asked_at, due_at, failures, changed_at)
values ($1, $2, $3, $4, $5, $6, $7, $7, $8, 0, $7)
on conflict (account_id) do update set phone_id = excluded.phone_id, number_index = excluded.number_index,
  sealed_number = excluded.sealed_number, operator_id = excluded.operator_id, possession = excluded.possession,
  bound_at = excluded.bound_at, asked_at = excluded.asked_at, due_at = excluded.due_at, failures = 0,
  changed_at = excluded.changed_at
returning account_id
"""
WATCH: Final = _SELECT + " where account_id = $1"
# One question for each number and interval, over all processes: whoever gets the row asks.
ASK: Final = (
    """
update sim_watches set asked_at = $2, due_at = $4
where account_id = $1 and due_at is not null and (asked_at is null or asked_at <= $3)
returning """
    + _COLUMNS
    + """
"""
)
DUE: Final = "select account_id from sim_watches where due_at <= $1 order by due_at limit 50"
TAKE_DUE: Final = (
    """
update sim_watches set asked_at = $2, due_at = $3 where account_id = $1 and due_at <= $2 returning """
    + _COLUMNS
    + """
"""
)
ANSWERED: Final = """
update sim_watches set operator_id = $3, asked_at = $4, due_at = $5, failures = $6, changed_at = $4
where account_id = $1 and bound_at = $2
returning account_id
"""
LOOK_AT_ONCE: Final = """
update sim_watches set due_at = $2, changed_at = $2 where account_id = $1 returning account_id
"""
COPY: Final = """
select account_id, phone_id, operator_id, possession, bound_at, asked_at, due_at, failures, changed_at
from sim_watches where account_id = $1
"""
END: Final = "delete from sim_watches where account_id = $1 returning account_id"

# Numbers whose operator was asked from $1 up to $2, by whether it answered.
ASKED: Final = """
select operator_id, case when failures = 0 then 0 else 1 end as failed, count(*) as count from sim_watches
where asked_at >= $1 and asked_at < $2 and operator_id is not null
group by operator_id, case when failures = 0 then 0 else 1 end
"""


def read_watch(row: Row) -> Watch:
    """A row as a value."""
    return Watch(
        account_id=row["account_id"],
        phone_id=row["phone_id"],
        sealed_number=bytes(row["sealed_number"]),
        operator_id=row["operator_id"],
        possession=Possession(row["possession"]),
        bound_at=row["bound_at"],
        asked_at=row["asked_at"],
        failures=row["failures"],
    )
