"""Whoever deletes their identity is gone from every table, but for what is kept with a reason."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from ipse.softphone.moving import Mover
from tests.functional.enrolment.party import CODE, Phone, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ipse.storage.database import Database

ADA = ("ada", "bank-vesta", "+32 400000101")
BRAM = ("bram", "bank-meridiaan", "+31 670000102")

KEPT: Final = {
    "people_accounts": "a shell without key, number and identity: audit lines name it",
    "people_subjects": "retired, so that no subject is ever given out again",
    "phones_phones": "stopped, so that the app can still be told that the identity is deleted",
    "actions_actions": "what partners were given stands with its digest; what was shown and signed no longer opens",
    "audit_lines": "the audit",
    "notices_notices": "the news of the deletion alone",
    "sim_subscriptions": "until the operator has been told that no events are wanted any more",
}
"""Which tables may still name somebody who is gone, and why. A new table forgets people, or says here why not."""

_COLUMNS: Final = {
    "sqlite": 'select m.name as t, p.name as c, p.type as kind, p."notnull" as needed from sqlite_master m, '
    "pragma_table_info(m.name) p where m.type = 'table' and m.name not like 'sqlite%'",
    "postgresql": "select table_name as t, column_name as c, data_type as kind, "
    "case when is_nullable = 'NO' then 1 else 0 end as needed from information_schema.columns "
    "where table_schema = 'public'",
}


class Schema:
    """Every table with its columns: kind and whether it must be filled."""

    def __init__(self, rows: Any) -> None:
        self.tables: dict[str, dict[str, tuple[str, bool]]] = {}
        for row in rows:
            self.tables.setdefault(row["t"], {})[row["c"]] = (row["kind"].lower(), bool(row["needed"]))

    def of_people(self) -> list[str]:
        """The tables that name an account or a phone."""
        return sorted(t for t, columns in self.tables.items() if any(_names_somebody(c) for c in columns))

    async def plant(self, database: Database, table: str, ids: Mapping[str, str], mark: str) -> None:
        """One row that belongs to a person: their ids where ids stand, anything elsewhere."""
        values: dict[str, object] = {}
        for column, (kind, needed) in self.tables[table].items():
            if _names_somebody(column):
                values[column] = ids["phone" if column.endswith("phone_id") else "account"]
            elif needed:
                values[column] = (
                    f"{mark} {table} {column}".encode()
                    if kind in {"bytea", "blob"}
                    else (0 if kind == "bigint" else f"{mark} {table} {column}")
                )
        places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
        await database.rows(f"insert into {table} ({', '.join(values)}) values ({places})", *values.values())

    async def naming(self, database: Database, somebody: str) -> set[str]:
        """The tables with a text anywhere that holds this id."""
        found = set()
        for table, columns in self.tables.items():
            texts = [name for name, (kind, _) in columns.items() if kind == "text"]
            where = " or ".join(f"{name} like $1" for name in texts)
            if texts and await database.rows(f"select 1 as one from {table} where {where} limit 1", f"%{somebody}%"):
                found.add(table)
        return found


def _names_somebody(column: str) -> bool:
    return f"_{column}".endswith(("_account_id", "_phone_id"))


async def _ids(stage: Stage, phone: Phone) -> dict[str, str]:
    row = await stage.scheme.database.row(
        "select phone_id, account_id from phones_phones where phone_id = $1", phone.store.load().phone
    )
    assert row is not None
    return {"phone": row["phone_id"], "account": row["account_id"]}


async def test_a_deleted_person_is_named_only_where_that_is_meant(stage: Stage) -> None:
    """Every table of the schema gets a row of hers and of his; she deletes her identity: hers go, all of his stay."""
    database = stage.scheme.database
    ada, _ = await stage.activated(*ADA)
    bram, _ = await stage.activated(*BRAM)
    schema = Schema(await database.rows(_COLUMNS[database.engine]))
    hers, his = await _ids(stage, ada), await _ids(stage, bram)
    planted = [t for t in schema.of_people() if t not in {"people_accounts", "phones_phones"}]
    assert {"panic_sheets", "fallback_passkeys", "push_subscriptions", "fraud_browsers"} <= set(planted)
    for table in planted:
        for ids, mark in ((hers, "hers"), (his, "his")):
            if table not in await schema.naming(database, ids["account"]):
                await schema.plant(database, table, ids, mark)
    await database.rows("update people_subjects set retired_at = null")
    while await stage.scheme.outbox.hand_out():
        pass

    challenge = (await ada.home())["challenge"]
    await asyncio.to_thread(Mover(ada.channel, ada.writer).delete, CODE, challenge)
    for _ in range(3):
        stage.clock.advance(seconds=1)
        while await stage.scheme.outbox.hand_out():
            pass

    assert not await database.rows("select name from storage_outbox where name = 'people.deleted'"), "a handler failed"
    left = await schema.naming(database, hers["account"]) | await schema.naming(database, hers["phone"])
    assert left <= KEPT.keys(), "these still name somebody who is gone"
    kept = await schema.naming(database, his["account"]) | await schema.naming(database, his["phone"])
    assert set(planted) <= kept, "somebody else was forgotten"


async def test_what_is_kept_of_a_deleted_person_says_nothing(stage: Stage) -> None:
    """Their shell has no key and no index; no subject leads anywhere; no phone answers with what it was told."""
    database = stage.scheme.database
    before, _ = await stage.activated(*ADA)
    stage.clock.advance(seconds=60)
    ada, _ = await stage.activated(*ADA)
    account = (await _ids(stage, ada))["account"]
    subject = await stage.scheme.people.subject(account, "shop")
    challenge = (await ada.home())["challenge"]
    await asyncio.to_thread(Mover(ada.channel, ada.writer).delete, CODE, challenge)
    while await stage.scheme.outbox.hand_out():
        pass
    kept = await database.row("select retired_at from people_subjects where subject = $1", subject)
    assert kept is not None
    assert kept["retired_at"] == stage.clock.now()
    assert await stage.scheme.people.account_of_subject(subject, "shop") is None
    phones = await database.rows("select phone_id, state, why, sealed_answer from phones_phones")
    by_id = {row["phone_id"]: row for row in phones}
    assert {(row["state"], row["why"]) for row in phones} == {("stopped", "moved"), ("stopped", "deleted")}
    assert by_id[before.store.load().phone]["sealed_answer"] is None
    kinds = await database.rows("select kind from notices_notices where account_id = $1", account)
    assert [row["kind"] for row in kinds] == ["deleted"]
