"""The audit log: every privileged change leaves a line, and no line can be changed, taken out or cut off unnoticed."""

from __future__ import annotations

import asyncio

import pytest

from ipse.audit.model import FIRST, Head
from ipse.audit.service import Audit, auditing
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


TAMPERINGS: dict[str, tuple[tuple[str, ...], int]] = {
    "who": (("update audit_lines set actor = 'operator:bob' where seq = 3",), 3),
    "what": (("update audit_lines set act = 'partner.stopped' where seq = 3",), 3),
    "on what": (("update audit_lines set subject = 'other' where seq = 3",), 3),
    "details": (("update audit_lines set details = '[]' where seq = 3",), 3),
    "when": (("update audit_lines set at = at + 1 where seq = 3",), 3),
    "digest": (("update audit_lines set digest = previous where seq = 3",), 3),
    "one taken out": (("delete from audit_lines where seq = 3",), 4),
    "taken out and renumbered": (
        (
            "delete from audit_lines where seq = 7",
            "delete from audit_lines where seq = 3",
            *(f"update audit_lines set seq = {number - 1} where seq = {number}" for number in (4, 5, 6)),
        ),
        3,
    ),
    "two exchanged": (
        tuple(f"update audit_lines set seq = {new} where seq = {old}" for old, new in ((3, 90), (4, 3), (90, 4))),
        3,
    ),
    "the end cut off": (("delete from audit_lines where seq > 5",), 6),
    "all cut off": (("delete from audit_lines where seq > 0",), 1),
    "the beginning cut off": (("delete from audit_lines where seq < 3",), 3),
}


@pytest.mark.parametrize("how", TAMPERINGS)
async def test_a_changed_line_is_found(audit: Audit, database: Database, how: str) -> None:
    statements, broken = TAMPERINGS[how]
    for statement in statements:
        await database.rows(statement)
    assert await audit.first_broken() == broken


async def test_a_log_that_was_cut_off_is_found_by_a_head_kept_elsewhere(audit: Audit, database: Database) -> None:
    """Who cuts lines off and mends the rest with care is told by nothing inside the database."""
    kept = await audit.head()
    await database.rows("delete from audit_lines where seq > 5")
    await database.rows(
        "update audit_head set seq = 5, digest = (select digest from audit_lines where seq = 5) where name = 'head'"
    )
    assert await audit.first_broken() is None
    assert await audit.first_broken(kept) == 6
    await write(database, 6)
    await write(database, 8)
    assert await audit.first_broken() is None
    assert await audit.first_broken(kept) == 7, "written anew up to the same number"
    await database.rows("delete from audit_lines where seq > 0")
    await database.rows("delete from audit_head where name = 'head'")
    assert await audit.first_broken() is None
    assert await audit.first_broken(kept) == 1


async def test_a_longer_log_still_fits_a_head_kept_elsewhere(audit: Audit, database: Database) -> None:
    kept = Head.read(str(await audit.head()))
    await write(database, 8)
    assert await audit.first_broken(kept) is None
    assert await Audit(database).first_broken(Head(0, FIRST)) is None


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
