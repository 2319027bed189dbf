"""The request log, partners' own tokens, and values that count once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ipse.partners.service import PartnerDesk, RequestLog
from ipse.partners.service.log import KEPT, KEPT_SECONDS
from ipse.storage.database import open_database
from tests.unit.partners.register import SECRET, desk, moved, secret_partner

if TYPE_CHECKING:
    import pytest

    from ipse.storage.database import Database


async def shop(database: Database) -> PartnerDesk:
    made = desk(database)
    for partner_id in ("shop", "other"):
        await made.partners.register_partner(secret_partner(partner_id=partner_id), secret=SECRET, actor="test")
    return made


def refuse(log: RequestLog, check: str = "check_scope", partner_id: str = "shop", **words: str) -> None:
    log.refused(partner_id, "SHOP_LOGIN", "authorization", check, "invalid_scope", "not in the contract", **words)


async def test_a_refusal_is_told_with_the_check_that_failed(database: Database) -> None:
    made = await shop(database)
    refuse(made.log, source="query", kid="k1")
    moved(made, 1)
    refuse(made.log, "check_state")
    last, first = await made.log.lines("shop")
    assert (first.check, first.error, first.description, first.source, first.kid, first.times) == (
        "check_scope", "invalid_scope", "not in the contract", "query", "k1", 1,
    )  # fmt: skip
    assert (last.check, last.endpoint, last.service_code) == ("check_state", "authorization", "SHOP_LOGIN")
    assert last.at == first.at + 1_000_000
    assert await made.log.lines("other") == []
    assert [line.check for line in await made.log.lines("shop", after=first.at)] == ["check_state"]
    assert [line.check for line in await made.log.lines("shop", most=1)] == ["check_state"]
    await made.close()


async def test_it_is_written_by_itself_for_other_processes(database: Database, database_url: str) -> None:
    made = await shop(database)
    refuse(made.log)
    opened = await open_database(database_url)
    elsewhere = desk(opened)
    for _ in range(100):
        if found := await elsewhere.log.lines("shop"):
            break
        await asyncio.sleep(0.02)
    assert [line.check for line in found] == ["check_scope"]
    refuse(made.log, "check_state")
    await made.close()
    assert len(await elsewhere.log.lines("shop")) == 2, "and what waits at the end"
    await opened.close()


async def test_the_same_again_is_one_line_and_a_flood_is_cut_off(database: Database) -> None:
    """Anybody can send requests in a partner's name: they fill neither memory nor disk."""
    made = await shop(database)
    for _ in range(1000):
        refuse(made.log)
    [line] = await made.log.lines("shop")
    assert line.times == 1000
    for number in range(1000):
        refuse(made.log, f"check_{number}")
        refuse(made.log, f"check_{number}", partner_id=f"nobody{number}")
    refuse(made.log, partner_id="other")
    assert len(await made.log.lines("shop", most=2000)) == 51
    assert await made.log.lines("nobody1") == [], "unknown partners have no log"
    await made.close()


async def test_a_partner_keeps_its_newest_thousand_lines_for_thirty_days(database: Database) -> None:
    made = await shop(database)
    refuse(made.log, partner_id="other")
    for burst in range(21):
        for number in range(50):
            refuse(made.log, f"check_{burst}_{number}")
        await made.log.flush()
        moved(made, 1)
    found = await made.log.lines("shop", most=5000)
    assert len(found) == KEPT
    assert {line.check for line in found}.isdisjoint({"check_0_0", "check_0_49"})
    moved(made, KEPT_SECONDS - 22)
    assert await made.log.forget() == 0
    moved(made, 2)
    assert await made.log.forget() == 1, "the other partner's line of the first second"
    moved(made, 60)
    assert await made.log.forget() == KEPT
    await made.close()


async def test_what_is_told_is_short_and_plain(database: Database) -> None:
    made = await shop(database)
    made.log.refused("shop", "S\x00\n", "e", "c", "code", "long " * 100 + "\x1b[31m")
    [line] = await made.log.lines("shop")
    assert len(line.description) == 300
    assert line.service_code == "S  "
    await made.close()


async def test_a_broken_database_costs_lines_and_no_request(
    database: Database, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = await open_database(database_url)
    log = RequestLog(opened, desk(database).partners.clock, desk(database).grants.ids)
    await opened.close()
    refuse(log)
    await log.close()


async def test_a_token_says_whose_it_is_until_it_ends(database: Database) -> None:
    made = await shop(database)
    token = await made.tokens.issue("shop", "partner.log broker", binding="jkt:abc", seconds=60)
    known = await made.tokens.read(token)
    assert known is not None
    assert (known.partner_id, known.scope, known.binding) == ("shop", "partner.log broker", "jkt:abc")
    for wrong in ("", token[:-1], token + "A", token.swapcase()):
        assert await made.tokens.read(wrong) is None
    rows = await database.rows("select token_hash from partners_tokens")
    assert token.encode() not in bytes(rows[0]["token_hash"])
    moved(made, 60)
    assert await made.tokens.read(token) is None
    assert await made.tokens.forget() == 1


async def test_a_token_ends_with_its_partner_and_when_revoked(database: Database) -> None:
    made = await shop(database)
    token = await made.tokens.issue("shop", "broker", seconds=60)
    assert not await made.tokens.revoke(token, "other"), "nobody revokes another's"
    await made.partners.set_state("shop", "stopped", actor="test")
    assert await made.tokens.read(token) is None
    await made.partners.set_state("shop", "active", actor="test")
    assert await made.tokens.read(token) is not None
    assert await made.tokens.revoke(token, "shop")
    assert await made.tokens.read(token) is None


async def test_a_value_counts_once_over_processes_and_restarts(database: Database, database_url: str) -> None:
    """R-34: assertion, proof and request object ids; one unique insert decides."""
    made = await shop(database)
    until = made.replays.clock.now() + 60_000_000
    opened = await open_database(database_url)
    elsewhere = desk(opened).replays
    used = await asyncio.gather(
        *(replays.first_use("dpop", "key", "id-1", until) for replays in [made.replays, elsewhere] * 10)
    )
    assert used.count(True) == 1
    for kind, owner, identifier in (("assertion", "key", "id-1"), ("dpop", "other", "id-1"), ("dpop", "key", "id-2")):
        assert await elsewhere.first_use(kind, owner, identifier, until), "kinds and owners do not meet"
    assert await elsewhere.forget() == 0
    moved(made, 61)
    assert await made.replays.forget() == 4
    await opened.close()
