"""Table `switches_off`: one row for each switch that is off."""

from __future__ import annotations

from ipse.storage.statement import Row
from ipse.switches.model import Kind, Off

ALL = "select kind, name, because, since from switches_off order by since desc, kind, name"
TURN_OFF = """
insert into switches_off (kind, name, because, since) values ($1, $2, $3, $4)
on conflict (kind, name) do nothing
returning name
"""
TURN_ON = "delete from switches_off where kind = $1 and name = $2 returning since"


def read(row: Row) -> Off:
    """A row as a value."""
    return Off(Kind(row["kind"]), row["name"], row["because"], row["since"])
