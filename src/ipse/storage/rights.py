"""What the database role we connect as may do beyond its work."""

from __future__ import annotations

from ipse.storage.database import Database

_RIGHTS = """
select case when rolsuper then 1 else 0 end as superuser,
  case when rolcreaterole or rolcreatedb or rolreplication or rolbypassrls then 1 else 0 end as administers,
  case when has_schema_privilege(current_user, current_schema(), 'create') then 1 else 0 end as creates,
  (select count(*) from pg_tables
    where schemaname = current_schema() and pg_has_role(current_user, tableowner, 'member')) as owned,
  (select count(*) from pg_database
    where datname = current_database() and pg_has_role(current_user, datdba, 'member')) as database_owned
from pg_roles where rolname = current_user
"""


async def excessive_rights(database: Database) -> str | None:
    """`is a superuser`, `owns the tables`, …, or None when the role is fit for serving (S-10)."""
    if database.engine != "postgresql":
        return None
    row = await database.row(_RIGHTS)
    if row is None:
        return None
    excesses = (
        ("superuser", "is a superuser"),
        ("owned", "owns the tables, or is a member of their owner"),
        ("database_owned", "owns the database"),
        ("administers", "may make roles or databases, replicate, or pass row security"),
        ("creates", "may create in the schema"),
    )
    return next((text for column, text in excesses if row[column]), None)
