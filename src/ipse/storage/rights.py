"""What the database role we connect as may do beyond its work."""

from __future__ import annotations

from ipse.storage.database import Database

_RIGHTS = """
select case when rolsuper then 1 else 0 end as superuser,
  (select count(*) from pg_tables where schemaname = 'public' and tableowner = current_user) as owned
from pg_roles where rolname = current_user
"""


async def excessive_rights(database: Database) -> str | None:
    """`is a superuser`, `owns the tables`, or None when the role is fit for serving (S-10)."""
    if database.engine != "postgresql":
        return None
    row = await database.row(_RIGHTS)
    if row is None:
        return None
    if row["superuser"]:
        return "is a superuser"
    return "owns the tables" if row["owned"] else None
