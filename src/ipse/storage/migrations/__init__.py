"""One linear history of the schema, plain SQL that runs on both engines, statement by statement under a lock.

A file is `NNNN_feature_what.sql`; its statements end with a semicolon at the end of a line. Old code must work on the
new schema: add, never rename. A process with a database of its own has a history of its own: a package of such files.
"""

from __future__ import annotations

from importlib import resources
from typing import Final, NamedTuple

from ipse.storage.database import Database
from ipse.storage.statement import Transaction, run

SCHEME: Final = __name__
"""The package that holds the scheme's own history."""
_LOCK = 4_717_365  # any number; the same in every process
_APPLIED = "select name from storage_migrations"
_KNOWN = {
    "sqlite": "select name from sqlite_master where type = 'table' and name = 'storage_migrations'",
    "postgresql": "select tablename as name from pg_tables "
    "where schemaname = current_schema() and tablename = 'storage_migrations'",
}


class Migration(NamedTuple):
    """One file of the history."""

    name: str
    statements: tuple[str, ...]


def history(package: str = SCHEME) -> list[Migration]:
    """All migrations of a history, in order."""
    files = sorted(
        (entry for entry in resources.files(package).iterdir() if entry.name.endswith(".sql")),
        key=lambda entry: entry.name,
    )
    return [Migration(entry.name, _statements(entry.read_text("utf-8"))) for entry in files]


async def migrate(database: Database, *, now: int, package: str = SCHEME) -> list[str]:
    """Bring the schema up to date; `now` in microseconds. Returns the names of what was applied."""
    return await database.transact(lambda: _migrating(database.engine, now, package))


async def pending(database: Database, *, package: str = SCHEME) -> list[str]:
    """Names of migrations that were not applied yet. Only reads: a serving role may not create tables."""
    known = await database.rows(_KNOWN[database.engine])
    rows = await database.rows(_APPLIED) if known else ()
    applied = {row["name"] for row in rows}
    return [migration.name for migration in history(package) if migration.name not in applied]


def _statements(text: str) -> tuple[str, ...]:
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("--")]
    return tuple(part.strip() for part in "\n".join(lines).split(";\n") if part.strip(" \n;"))


def _applied(engine: str) -> Transaction[set[str]]:
    if engine == "postgresql":
        yield from run("select pg_advisory_xact_lock(cast($1 as bigint))", _LOCK)
        yield from run("set local client_min_messages = warning")
    yield from run("create table if not exists storage_migrations (name text primary key, applied_at bigint not null)")
    rows = yield from run(_APPLIED)
    return {row["name"] for row in rows}


def _migrating(engine: str, now: int, package: str) -> Transaction[list[str]]:
    applied = yield from _applied(engine)
    done = []
    for migration in history(package):
        if migration.name in applied:
            continue
        for statement in migration.statements:
            yield from run(statement.rstrip(";"))
        yield from run("insert into storage_migrations (name, applied_at) values ($1, $2)", migration.name, now)
        done.append(migration.name)
    return done
