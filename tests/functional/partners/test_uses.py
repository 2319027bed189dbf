"""Which keys are still in use, and by what a refusal is found again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.partners.register import SECRET, desk, moved, secret_partner

if TYPE_CHECKING:
    from ipse.storage.database import Database


async def test_the_newest_use_of_each_key_is_kept(database: Database) -> None:
    made = desk(database)
    first = made.partners.clock.now()
    made.uses.used("shop", "old", legacy=True)
    moved(made, 60)
    made.uses.used("shop", "old")
    made.uses.used("shop", "new")
    made.uses.used("other", "old")
    found = await made.uses.of_partner("shop")
    assert {kid: (use.used_at - first, use.legacy_at) for kid, use in found.items()} == {
        "old": (60_000_000, first),
        "new": (60_000_000, 0),
    }
    statements = database.statements
    moved(made, 60)
    made.uses.used("shop", "old")
    assert database.statements == statements
    assert (await made.uses.of_partner("shop"))["old"].used_at == first + 120_000_000
    await made.close()


async def test_a_refusal_is_found_by_what_the_answer_called_it(database: Database) -> None:
    made = desk(database)
    for partner_id in ("shop", "other"):
        await made.partners.register_partner(secret_partner(partner_id=partner_id), secret=SECRET, actor="test")
    called = made.log.refused("shop", "LOGIN", "token", "check_code", "invalid_grant", "used")
    assert made.log.refused("shop", "LOGIN", "token", "check_code", "invalid_grant", "used") == called
    (line,) = await made.log.referred("shop", called)
    assert (line.check, line.times, line.reference) == ("check_code", 2, called)
    assert await made.log.referred("other", called) == []
    assert await made.log.referred("shop", "") == []
    await made.close()
