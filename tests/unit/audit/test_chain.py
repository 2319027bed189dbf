"""The audit log: every privileged change leaves a line, and no line can be changed, taken out or cut off unnoticed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ipse.audit.errors import UnknownPeriod
from ipse.audit.jobs import anchor
from ipse.audit.model import FIRST, Broken, Fault, Head, Wanted
from ipse.audit.service import Audit, auditing, kept_heads, read_period
from ipse.storage.database import Database, open_database
from ipse.storage.statement import Transaction

AT = 1_790_000_000_000_000


@pytest.fixture
async def audit(database: Database) -> Audit:
    """Seven lines."""
    for number in range(1, 8):
        await write(database, number)
    return Audit(database)


async def write(database: Database, number: int) -> None:
    await database.transact(
        lambda: auditing(AT + number, actor="operator:ann", act="partner.register", subject=f"shop-{number}")
    )


async def test_lines_are_kept_in_order_with_who_what_and_when(audit: Audit) -> None:
    lines = [line async for line in audit.lines()]
    assert [line.seq for line in lines] == [1, 2, 3, 4, 5, 6, 7]
    assert (lines[0].actor, lines[0].act, lines[0].subject, lines[0].at) == (
        "operator:ann", "partner.register", "shop-1", AT + 1,
    )  # fmt: skip
    assert lines[0].previous == FIRST
    assert [line async for line in audit.lines(after=5)] == lines[5:]
    assert await audit.first_broken() is None
    assert await audit.head() == Head(7, lines[-1].digest)


TAMPERINGS: dict[str, tuple[tuple[str, ...], str]] = {
    "who": (("update audit_lines set actor = 'operator:bob' where seq = 3",), "line 3 was changed"),
    "what": (("update audit_lines set act = 'partner.stopped' where seq = 3",), "line 3 was changed"),
    "on what": (("update audit_lines set subject = 'other' where seq = 3",), "line 3 was changed"),
    "details": (("update audit_lines set details = '[]' where seq = 3",), "line 3 was changed"),
    "when": (("update audit_lines set at = at + 1 where seq = 3",), "line 3 was changed"),
    "digest": (("update audit_lines set digest = previous where seq = 3",), "line 3 was changed"),
    "one taken out": (("delete from audit_lines where seq = 3",), "line 3 is missing"),
    "taken out and renumbered": (
        (
            "delete from audit_lines where seq = 7",
            "delete from audit_lines where seq = 3",
            *(f"update audit_lines set seq = {number - 1} where seq = {number}" for number in (4, 5, 6)),
        ),
        "line 3 was changed",
    ),
    "two exchanged": (
        tuple(f"update audit_lines set seq = {new} where seq = {old}" for old, new in ((3, 90), (4, 3), (90, 4))),
        "line 3 was changed",
    ),
    "the end cut off": (("delete from audit_lines where seq > 5",), "line 6 and those after it were cut off"),
    "all cut off": (("delete from audit_lines where seq > 0",), "line 1 and those after it were cut off"),
    "the beginning cut off": (("delete from audit_lines where seq < 3",), "line 1 is missing"),
}


@pytest.mark.parametrize("how", TAMPERINGS)
async def test_a_changed_line_is_found(audit: Audit, database: Database, how: str) -> None:
    statements, broken = TAMPERINGS[how]
    for statement in statements:
        await database.rows(statement)
    assert str(await audit.first_broken()) == broken


async def test_a_log_that_was_cut_off_is_found_by_a_head_kept_elsewhere(audit: Audit, database: Database) -> None:
    """Who cuts lines off and mends the rest with care is told by nothing inside the database."""
    kept = await audit.head()
    await database.rows("delete from audit_lines where seq > 5")
    await database.rows(
        "update audit_head set seq = 5, digest = (select digest from audit_lines where seq = 5) where name = 'head'"
    )
    assert await audit.first_broken() is None
    assert await audit.first_broken([kept]) == Broken(6, Fault.CUT)
    await write(database, 6)
    await write(database, 8)
    assert await audit.first_broken() is None
    assert await audit.first_broken([kept]) == Broken(7, Fault.REWRITTEN), "written anew up to the same number"
    await database.rows("delete from audit_lines where seq > 0")
    await database.rows("delete from audit_head where name = 'head'")
    assert await audit.first_broken() is None
    assert await audit.first_broken([kept]) == Broken(1, Fault.CUT)


async def test_a_longer_log_still_fits_a_head_kept_elsewhere(audit: Audit, database: Database) -> None:
    kept = Head.read(str(await audit.head()))
    await write(database, 8)
    assert await audit.first_broken([kept]) is None
    assert await Audit(database).first_broken([Head(0, FIRST)]) is None


@pytest.mark.parametrize("text", ["", "7", "7:", "x:" + "0" * 64, "7:zz", "-1:" + "0" * 64, "7:" + "0" * 62])
def test_a_head_is_read_strictly(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Head.read(text)


async def test_a_change_that_fails_leaves_no_line(audit: Audit, database: Database) -> None:
    """The line is in the transaction of the change: both or neither."""

    def failing() -> Transaction[None]:
        yield from auditing(AT, actor="operator:ann", act="partner.register", subject="shop-8")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await database.transact(failing)
    assert (await audit.head()).seq == 7


async def test_writers_at_one_moment_all_find_their_place(database_url: str, database: Database) -> None:
    """Two processes, thirty lines at once: every one is in the chain."""
    other = await open_database(database_url)
    try:
        await asyncio.gather(*(write(at, 1) for at in (database, other) * 15))
    finally:
        await other.close()
    assert await Audit(database).first_broken() is None
    assert (await Audit(database).head()).seq == 30


async def test_heads_kept_in_a_file_find_what_was_cut_off(audit: Audit, database: Database, tmp_path: Path) -> None:
    """T-4: the anchor stands outside the database. A head is kept once, however often the job runs."""
    place = str(tmp_path / "heads")
    assert await kept_heads(place) == []
    for _ in range(3):
        await anchor(audit, place)
    await write(database, 8)
    await anchor(audit, place)
    kept = await kept_heads(place)
    assert [head.seq for head in kept] == [7, 8]
    assert await audit.first_broken(kept) is None
    await database.rows("delete from audit_lines where seq > 7")
    await database.rows(
        "update audit_head set seq = 7, digest = (select digest from audit_lines where seq = 7) where name = 'head'"
    )
    assert await audit.first_broken(kept) == Broken(8, Fault.CUT)
    (tmp_path / "heads").write_text("something else\n")
    with pytest.raises(ValueError, match=r".*"):
        await kept_heads(place)


async def test_lines_are_found_by_who_what_and_when(audit: Audit, database: Database) -> None:
    await database.transact(lambda: auditing(AT + 9, actor="staff:bo", act="switch.off", subject="signatures:every"))

    async def found(wanted: Wanted, **more: int) -> list[int]:
        return [line.seq for line in await audit.find(wanted, **more)]

    assert await found(Wanted(), most=3) == [8, 7, 6]
    assert await found(Wanted(), before=3) == [2, 1]
    assert await found(Wanted(actor="staff:bo")) == [8]
    assert await found(Wanted(act="partner.")) == [7, 6, 5, 4, 3, 2, 1]
    assert await found(Wanted(act="switch.off", subject="signatures:every")) == [8]
    assert await found(Wanted(subject="shop-4")) == [4]
    assert await found(Wanted(since=AT + 6, until=AT + 8)) == [7, 6]


async def test_an_export_says_what_the_log_is_worth_and_holds_the_period(audit: Audit, database: Database) -> None:
    """B-17."""
    told = [member async for member in audit.export(AT + 2, AT + 5)]
    assert (told[0]["verified"], told[0]["head"]) == (True, str(await audit.head()))
    assert [line["seq"] for line in told[1:]] == [2, 3, 4]
    await database.rows("update audit_lines set subject = 'other' where seq = 3")
    told = [member async for member in audit.export(AT + 2, AT + 5)]
    assert (told[0]["verified"], told[0]["broken"]) == (False, "line 3 was changed")


def test_periods_are_years_quarters_months_and_days() -> None:
    day = 86_400_000_000
    for written, days in {"2026": 365, "2026-Q1": 90, "2028-02": 29, "2026-11-01..2026-11-22": 22}.items():
        first, after = read_period(written)
        assert (after - first) // day == days, written
    for wrong in ("", "26", "2026-13", "2026-Q5", "2026-11-22..2026-11-01", "2026-02-30..2026-03-01", "9999"):
        with pytest.raises(UnknownPeriod):
            read_period(wrong)
