"""Tables of the status page, in a file of its own: what changed, and what partners' programs are still to be told."""

from __future__ import annotations

from ipse.status.model import Change, Severity
from ipse.storage.statement import Row

CHANGES = "select component, since, severity, why from status_changes order by component, since"
ADD = """
insert into status_changes (component, since, severity, why) values ($1, $2, $3, $4)
on conflict (component, since) do update set severity = excluded.severity, why = excluded.why
returning component
"""
# The last change before that moment stays: it says how the component was then.
FORGET = """
delete from status_changes where since < (select max(newer.since) from status_changes as newer
  where newer.component = status_changes.component and newer.since < $1) returning component
"""
SEEN = "select at from status_seen where name = 'look'"
SEE = """
insert into status_seen (name, at) values ('look', $1)
on conflict (name) do update set at = excluded.at returning at
"""
TELL = """
insert into status_deliveries (delivery_id, receiver, body, due_at, tries, created_at) values ($1, $2, $3, $4, 0, $4)
returning delivery_id
"""
DUE = """
select delivery_id, receiver, body, tries, created_at from status_deliveries where due_at <= $1 order by due_at limit 50
"""
LATER = "update status_deliveries set tries = tries + 1, due_at = $2 where delivery_id = $1 returning delivery_id"
TOLD = "delete from status_deliveries where delivery_id = $1 returning delivery_id"


def read_change(row: Row) -> Change:
    """A row as a value."""
    return Change(row["component"], row["since"], Severity(row["severity"]), row["why"])
