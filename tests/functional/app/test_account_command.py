"""`ipse account`: what an operator sees of one identity, and that two people let a blocked one come back."""

from __future__ import annotations

import asyncio
import json
import sqlite3

import pytest

from ipse.app.keystores import open_keystore
from ipse.kernel.clock import SystemClock
from ipse.kernel.ids import RandomIds
from ipse.people.model import AccountState, Enrolled
from ipse.people.service import People
from ipse.storage.database import open_database
from tests.functional.app.installation import Place

pytestmark = pytest.mark.processes

NUMBER = "+32 400000101"


async def a_person(place: Place) -> str:
    """An identity at this installation; its id."""
    database, ids = await open_database(place.settings["database"]), RandomIds()
    people = People(database, open_keystore(place.settings["keystore"]), SystemClock(), ids)
    enrolled = Enrolled(
        identity="BE:1", phone_number=NUMBER, language="nl", level="high", state=AccountState.ACTIVE, why=None,
        acceptances=(),
    )  # fmt: skip
    epoch, now = await people.current_epoch(), SystemClock().now()
    account, _, _ = await database.transact(lambda: people.enrolling(enrolled, epoch=epoch, now=now))
    await database.close()
    return account.account_id


def test_an_operator_blocks_and_two_people_let_the_identity_come_back(small: Place) -> None:
    """B-8: never active by hand: only its person activates it again. Every look and step is in the audit log."""
    account = asyncio.run(a_person(small))
    small.environment["USER"] = "An"
    small.environment["SUDO_USER"] = ""
    shown = small.ipse("account", "show", NUMBER)
    assert f"account    {account}\nstate      active\nlevel      high\n" in shown.stdout, shown.stderr

    early = small.ipse("account", "unblock", account, "--second", "Bo", "--because", "case 7")
    assert (early.returncode, "is not blocked by the operator" in early.stderr) == (1, True)
    blocked = small.ipse("account", "block", account, "--because", "case 7")
    assert blocked.returncode == 0, blocked.stderr
    assert "state      blocked (by_operator)" in small.ipse("account", "show", account).stdout

    for alone in ("An", " An ", ""):
        refused = small.ipse("account", "unblock", account, "--second", alone, "--because", "case 7")
        assert (refused.returncode, "two people decide this" in refused.stderr) == (1, True), alone
    released = small.ipse("account", "unblock", account, "--second", "Bo", "--because", "case 7")
    assert released.returncode == 0, released.stderr
    with sqlite3.connect(small.folder / "ipse.db") as database:
        assert database.execute("select state, why from people_accounts").fetchall() == [("blocked", "released")]
        lines = database.execute("select act, actor, details from audit_lines where subject = ?", (account,)).fetchall()
    acts = [act for act, _, _ in lines]
    assert [act for act in acts if act != "account.show"] == ["account.block", "account.hold", "account.release"]
    assert acts.count("account.show") == 2
    assert {actor for _, actor, _ in lines} == {"operator:An"}
    assert json.loads(lines[-1][2]) == {"because": "case 7", "second": "operator:Bo"}
    unknown = small.ipse("account", "show", "+32 499999999")
    assert (unknown.returncode, "no identity has this number" in unknown.stderr) == (1, True)


def test_whoever_was_deleted_stays_so_when_a_backup_is_restored(small: Place) -> None:
    """T-18: the list of the deleted, kept outside, is gone through again before the scheme starts."""
    account, file = asyncio.run(a_person(small)), small.folder / "ipse.db"
    with sqlite3.connect(file) as database, sqlite3.connect(small.folder / "backup.db") as backup:
        database.backup(backup)
    gone = small.folder / "gone.txt"
    gone.write_text(account + "\n")
    assert "deleted again: 1" in small.ipse("account", "delete-again", str(gone)).stdout
    listed = small.ipse("account", "deleted")
    assert (listed.returncode, listed.stdout) == (0, account + "\n"), listed.stderr

    with sqlite3.connect(small.folder / "backup.db") as backup, sqlite3.connect(file) as database:
        backup.backup(database)
        assert database.execute("select state from people_accounts").fetchall() == [("active",)], "brought back"
    gone.write_text(listed.stdout)
    assert "deleted again: 1" in small.ipse("account", "delete-again", str(gone)).stdout
    assert "deleted again: 0" in small.ipse("account", "delete-again", str(gone)).stdout
    with sqlite3.connect(file) as database:
        rows = database.execute(
            "select state, wrapped_key, identity_index, phone_index from people_accounts"
        ).fetchall()
    assert rows == [("archived", b"", None, None)]
