"""Every SQL text of every store runs on both engines and touches only its own feature's tables."""

from __future__ import annotations

import ast
import importlib
import re
import sqlite3
from typing import TYPE_CHECKING, NamedTuple

import asyncpg
import pytest

from ipse.storage.migrations import history
from tests.architecture.source_tree import features, modules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.postgres import Postgres

TEXT = re.compile(r"\s*(select|insert into|update|delete from|with)\s.*", re.DOTALL)
TABLE = re.compile(r"create table (?:if not exists )?(\w+)", re.IGNORECASE)
# What behaves differently on the two engines, or fails on one of them, and what to write instead.
UNPORTABLE = {
    r"::": "write cast($1 as text)",
    r"\bnow\(\)|\bcurrent_timestamp\b": "pass the time of the injected clock",
    r"\b(true|false)\b": "use a state or a nullable time: booleans differ",
    r"\bfor update\b": "let one conditional statement decide",
    r"\blike\b": "it ignores case on SQLite only",
    r"\bany\s*\(": "it exists on PostgreSQL only",
    r"->>?": "it answers other types on each engine: keep JSON whole",
}


class Text(NamedTuple):
    """One SQL text and where it stands."""

    feature: str
    place: str
    sql: str


def texts() -> Iterator[Text]:
    """Every SQL text of a store: its constants, and what stands inside its functions."""
    for module in modules():
        if module.parts[0] not in features() or module.parts[1] != "store":
            continue
        constants = vars(importlib.import_module(".".join(["ipse", *module.parts]))).items()
        named = [(name, value) for name, value in constants if name.isupper() and isinstance(value, str)]
        inside = [
            (f"line {node.lineno}", node.value)
            for function in ast.walk(module.tree)
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
            for node in ast.walk(function)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        for name, value in (*named, *inside):
            if TEXT.fullmatch(value):
                yield Text(module.parts[0], f"{module.place} {name}", value)


TEXTS = list(texts())
each_text = pytest.mark.parametrize("text", TEXTS, ids=[text.place.removeprefix("src/ipse/") for text in TEXTS])


@each_text
def test_the_text_says_the_same_to_both_engines(text: Text) -> None:
    # What stands in quotes is data.
    sql = re.sub(r"'[^']*'", "''", text.sql)
    advice = [advice for pattern, advice in UNPORTABLE.items() if re.search(pattern, sql, re.IGNORECASE)]
    assert not advice, f"{text.place}: {'; '.join(advice)}"


@each_text
def test_sqlite_prepares_the_text_and_it_touches_only_its_own_tables(text: Text, migrated_sqlite: Path) -> None:
    touched: set[str] = set()

    def note(action: int, table: str | None, *_: object) -> int:
        if action in {sqlite3.SQLITE_READ, sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}:
            touched.add(table or "")
        return sqlite3.SQLITE_OK

    connection = sqlite3.connect(migrated_sqlite)
    try:
        connection.set_authorizer(note)
        parameters = {int(number) for number in re.findall(r"\$(\d+)", text.sql)}
        assert parameters == set(range(1, len(parameters) + 1)), f"{text.place}: number the values $1, $2, … in a row"
        connection.execute("explain " + re.sub(r"\$(\d+)", r"?\1", text.sql), [None] * len(parameters)).fetchall()
    finally:
        connection.close()
    foreign = sorted(table for table in touched if table in TABLES and TABLES[table] != text.feature)
    assert not foreign, f"{text.place} touches {', '.join(foreign)}: ask the owner's service instead"


async def test_postgresql_prepares_every_text(postgres: Postgres, migrated_postgres: str) -> None:
    connection = await asyncpg.connect(postgres.url(migrated_postgres))
    refused = []
    try:
        for text in TEXTS:
            try:
                await connection.prepare(text.sql)
            except asyncpg.PostgresError as error:
                refused.append(f"{text.place}: {error}")
    finally:
        await connection.close()
    assert not refused, "\n".join(refused)


def test_every_table_carries_the_name_of_its_feature() -> None:
    strangers = [table for table, feature in TABLES.items() if feature not in features() | {"storage"}]
    assert not strangers, f"{', '.join(strangers)}: start each table's name with its feature's name"


def owner(table: str) -> str:
    """The feature whose name a table's begins with; the longest, since names of features may hold underscores."""
    named = [feature for feature in features() if table.startswith(feature + "_")]
    return max(named, key=len, default=table.partition("_")[0])


TABLES = {
    table: owner(table)
    for migration in history()
    for statement in migration.statements
    for table in TABLE.findall(statement)
}
