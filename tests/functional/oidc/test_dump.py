"""A stolen database, whole: every value of every column of every table, on both databases (T-2).

What opens something, or says who somebody is, must not be in it: not in the clear, nor in the usual clothes.
"""

from __future__ import annotations

import hashlib
import itertools

import pytest

from ipse.kernel.ids import RandomIds, b64u, b64u_decode
from ipse.kernel.keystore import Keystore
from ipse.panic.service import Telephones
from ipse.standards import phone_channel
from ipse.storage.database import Database
from tests.functional.oidc.conftest import Joining
from tests.functional.oidc.handsets import CODE, DURESS, Works
from tests.functional.oidc.installation import Installation

_TABLES = {
    "sqlite": "select name from sqlite_master where type = 'table'",
    "postgresql": "select tablename as name from pg_tables where schemaname = current_schema()",
}
_COLUMNS = {
    "sqlite": "select name from pragma_table_info($1)",
    "postgresql": "select column_name as name from information_schema.columns "
    "where table_schema = current_schema() and table_name = $1",
}


@pytest.fixture
async def works(installation: Installation, keystore: Keystore) -> Works:
    return await Works.of(installation, keystore)


async def _dump(database: Database) -> bytes:
    parts: list[bytes] = []
    for table in await database.rows(_TABLES[database.engine]):
        columns = [row["name"] for row in await database.rows(_COLUMNS[database.engine], table["name"])]
        for row in await database.rows(f"select {', '.join(columns)} from {table['name']}"):
            values = (row[column] for column in columns)
            parts += [bytes(one) if isinstance(one, bytes | memoryview) else str(one).encode() for one in values]
    return b"\x00".join(parts)


def _clothes(canary: bytes) -> list[bytes]:
    return [canary, b64u(canary).encode(), canary.hex().encode(), canary.hex().upper().encode()]


async def test_nothing_that_opens_or_names_is_in_the_dump(works: Works, join: Joining, database: Database) -> None:
    """0 codes, code keys, salts, numbers, names, sheets, live codes and tokens; the search finds what may be there."""
    party, phone = await join(), await works.handset()
    await phone.set_duress(told=True)
    sheet = await phone.panic_sheet(contact="Marie-Noor")
    _, telephone_token = await Telephones(database, works.installation.clock, RandomIds()).add("Desk", actor="test")
    began, waiting, unredeemed = await party.begin(), await party.begin(), await party.begin()
    for login in (began, unredeemed):
        await phone.approve(await phone.claim(login.handle))
    tokens = await party.tokens(began)
    code = (await party.finish(unredeemed))["code"]
    home = await phone.home()
    actions = works.installation.actions
    row = await database.row("select action_id from actions_actions where handle = $1", waiting.handle)
    assert row is not None
    pending = (await actions.find(row["action_id"])).action

    state, digits = phone.state, sheet["code"].replace(" ", "")
    canaries: dict[str, bytes] = {
        "sheet": digits.encode(),
        "sheet without check digits": digits[:12].encode(),
        "digest of the sheet": hashlib.sha256(digits[:12].encode()).digest(),
        "contact": b"Marie-Noor",
        "family name": b"Lovelace",
        "birth date": b"1990-01-01",
        "number": state.phone_number.encode(),
        "national digits": state.phone_number.split()[1].encode(),
        "digest of the number": hashlib.sha256(state.phone_number.encode()).digest(),
        "access token": tokens["access_token"].encode(),
        "code": code.encode(),
        "watch token": home["watch"].encode(),
        "telephone's token": telephone_token.encode(),
        "frame secret": actions.frame_secret(pending),
        "link": actions.link(pending).encode(),
    }
    for typed, slot in itertools.product((CODE, DURESS), (state.code_key_id, state.spare_code_key_id)):
        salt = b64u_decode(state.salts[slot])
        canaries[f"salt of {slot}"] = salt
        key = phone_channel.code_key(typed, salt, state.phone)
        canaries[f"key of {typed} in {slot}"] = key
        canaries[f"digest of the key of {typed} in {slot}"] = hashlib.sha256(key).digest()
    dump = await _dump(database)
    found = [name for name, canary in canaries.items() if any(form in dump for form in _clothes(canary))]
    assert found == []
    for word in (CODE, DURESS):
        assert f'"{word}"'.encode() not in dump
    assert b"duress" not in dump
    assert state.phone.encode() in dump
    assert state.spare_code_key_id.encode() in dump


async def test_the_dump_does_not_tell_who_has_a_duress_code(works: Works, database: Database) -> None:
    """Two people, one with and one without: the same rows, columns and lengths."""
    shapes = []
    for wish in (DURESS, None):
        phone = await works.handset()
        await phone.set_duress(wish)
        rows = await database.rows(
            "select kind, wrapped_key from phones_code_keys where phone_id = $1 order by code_key_id", phone.state.phone
        )
        shapes.append(sorted((row["kind"], len(bytes(row["wrapped_key"]))) for row in rows))
    assert shapes[0] == shapes[1]
    assert len(shapes[0]) == 2
