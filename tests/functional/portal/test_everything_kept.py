"""A copy holds everything that is kept of a person; once they have left, nothing is readable (B-73, T-18)."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ipse.kernel.ids import b64u
from ipse.people.errors import UnknownAccountError
from ipse.people.model import KEPT_YEARS
from ipse.storage.copies import value_of
from tests.functional.oidc.handsets import Handset
from tests.functional.portal.columns import NOBODYS, NOT_COPIED
from tests.functional.portal.life import COLUMNS, Life
from tests.functional.portal.town import Town
from tests.functional.sessions.house import Browser, House

KEPT = {'audit_lines.details: {"serial":"CANARY-serial"}'}
"""That a certificate was made and revoked must be provable: its serial number stays in the log, and names nobody."""


@pytest.fixture
async def life(house: House, town: Town, phone: Handset, browser: Browser) -> Life:
    lived = Life(house, town, phone, browser)
    await lived.live()
    return lived


def leaves(value: Any) -> set[str]:
    """Every value anywhere in a document, as text; whole objects, too, as JSON with sorted names."""
    found = {str(value)}
    if isinstance(value, dict):
        found |= {msgspec.json.encode(value, order="sorted").decode()}
        for each in value.values():
            found |= leaves(each)
    elif isinstance(value, list):
        for each in value:
            found |= leaves(each)
    return found


def written(column: str, value: Any) -> set[str]:
    """How a column's value may stand in a copy: as it is, as a time, as base64url, or as the JSON that it holds."""
    ways = {str(value), str(value_of(column, value))}
    if isinstance(value, str) and value[:1] in {"{", "["}:
        ways.add(msgspec.json.encode(msgspec.json.decode(value), order="sorted").decode())
    return ways


def is_nobodys(table: str) -> bool:
    return any(table == name or (name.endswith("_") and table.startswith(name)) for name in NOBODYS)


async def test_every_column_is_in_the_copy_or_says_why_not(life: Life) -> None:
    """A canary planted in each column of each table is in the copy; one without comes with a reason."""
    database = life.database
    archive = await life.browser.http.get("/portal/data/copy.zip")
    assert archive.status_code == 200
    with zipfile.ZipFile(io.BytesIO(archive.content)) as opened:
        names = opened.namelist()
        document = msgspec.json.decode(opened.read("data.json"))
        readable = opened.read("data.html").decode()
        files = [opened.read(name) for name in names if name.startswith("documents/")]
        table_ = opened.read("history.csv").decode()
    found = leaves(document)
    whole = " ".join(found) + " ".join(file.decode() for file in files)

    missing, empty = [], []
    for table, columns in sorted(life.schema.items()):
        where = life.theirs(table)
        if not where:
            assert is_nobodys(table), f"{table}: a part of the copy, or a reason in columns.NOBODYS"
            continue
        reasons = NOT_COPIED.get(table, {})
        assert set(reasons) <= set(columns), f"{table}: {set(reasons) - set(columns)} are no columns any more"
        for column in sorted(set(columns) - set(reasons)):
            rows = await database.rows(f"select {column} as v from {table} where {where}")
            values = [row["v"] for row in rows if row["v"] is not None]
            if not values:
                empty.append(f"{table}.{column}")
            elif column.startswith("sealed"):
                canaries = life.planted.get((table, column), [])
                missing += [f"{table}.{column}: {text}" for text in canaries if not _stands(text, whole)]
                empty += [] if canaries else [f"{table}.{column}"]
            else:
                missing += [f"{table}.{column}" for value in values if not written(column, value) & found]
    assert not empty, f"nothing was planted in {', '.join(empty)}: plant a canary in life.py"
    assert not missing, f"in no part of the copy: {', '.join(missing)}; add it, or a reason to columns.NOT_COPIED"
    assert files
    assert "CANARY-attributes-documents-sealed-family" in readable
    assert "The Shop" in table_
    other = await life.house.works.handset()
    copy = await life.house.works.features.portal.copies.document(other.account_id)
    assert "CANARY" not in msgspec.json.encode(copy).decode(), "somebody else's copy"


def _stands(text: str, whole: str) -> bool:
    return text in whole or b64u(text.encode()) in whole


async def test_after_deletion_nothing_readable_is_left_anywhere(life: Life, database_url: str, house: House) -> None:
    account_id, database = life.phone.account_id, life.database
    people = house.scheme.people
    wrapped = await database.row("select wrapped_key, epoch from people_accounts where account_id = $1", account_id)
    assert wrapped is not None
    shown = await database.row(
        "select action_id, sealed_shown from actions_actions where account_id = $1 and sealed_shown is not null",
        account_id,
    )
    assert shown is not None

    over = await life.town.approved(life.browser, "/portal/delete", life.phone)
    assert 'data-over="deleted"' in over.text
    assert (await life.browser.http.get("/portal/data")).status_code == 401, "the session went, too"
    await life.town.hand_out()
    assert not await database.rows("select name from storage_outbox where name = 'people.deleted'"), "a handler failed"

    with pytest.raises(UnknownAccountError):
        await people.person_key(account_id)
    row = await database.row("select wrapped_key, state from people_accounts where account_id = $1", account_id)
    assert row is not None
    assert (bytes(row["wrapped_key"]), row["state"]) == (b"", "archived")
    told = await _everything(life)
    readable = sorted({line for line in told if "CANARY" in line} - KEPT)
    assert not readable, f"still readable: {readable}"
    if database.engine == "sqlite":
        await _nothing_in_the_file(database_url, bytes(wrapped["wrapped_key"]))
    await _gone_after_years(life, house)


async def _gone_after_years(life: Life, house: House) -> None:
    """What is left of somebody goes, too, when nobody can claim anything any more."""
    job, account_id = dict(house.scheme.jobs)["people.forget_shells"], life.phone.account_id
    await job()
    assert await life.database.rows("select 1 as one from people_accounts where account_id = $1", account_id)
    house.clock.advance(seconds=(KEPT_YEARS * 365 + 1) * 86_400)
    await job()
    for table in ("people_accounts", "people_subjects", "phones_phones", "actions_actions"):
        assert not await life.database.rows(f"select 1 as one from {table} where account_id = $1", account_id), table


async def _everything(life: Life) -> list[str]:
    """All texts of all tables, and bytes as they are: what whoever has the database reads."""
    lines = []
    for row in await life.database.rows(COLUMNS[life.database.engine]):
        for value in await life.database.rows(f"select {row['c']} as v from {row['t']}"):
            each = value["v"]
            text = bytes(each).decode(errors="replace") if isinstance(each, bytes | memoryview) else str(each)
            lines.append(f"{row['t']}.{row['c']}: {text}")
    return lines


async def test_every_page_shows_a_life_in_full(life: Life) -> None:
    """Whatever a person has, no page of theirs fails; what is protected is masked until they give the code."""
    sections = ("", "history", "documents", "partners", "partners/shop", "notices", "data", "phone", "access", "delete")
    for section in sections:
        page = await life.browser.http.get(f"/portal/{section}".rstrip("/"))
        assert page.status_code == 200, section
    documents = (await life.browser.http.get("/portal/documents")).text
    assert "CANARY-envelopes-envelopes-sealed-about" in documents
    assert "CANARY-serial" in documents
    number = "CANARY-attributes-documents-sealed-national"
    assert number in (await life.browser.http.get("/portal/data")).text
    life.house.clock.advance(seconds=601)
    closed = (await life.browser.http.get("/portal/data")).text
    assert number not in closed
    assert (await life.browser.http.get("/portal/data/copy.zip")).status_code == 403


async def _nothing_in_the_file(database_url: str, wrapped_key: bytes) -> None:
    """Neither in free pages nor in the write-ahead log: no canary, and not the key that opened the rest."""
    path = Path(database_url.removeprefix("sqlite://"))
    for file in path.parent.glob(f"{path.name}*"):
        octets = file.read_bytes().replace(b"CANARY-serial", b"")  # the line of the log, see KEPT
        assert b"CANARY" not in octets, file.name
        assert wrapped_key not in octets, f"{file.name} holds the destroyed key"
