"""A reference that somebody reads out is found, as long as it is kept, and says nothing about anybody."""

from __future__ import annotations

import pytest

from ipse.app.incidents import open_refusals
from ipse.incidents.service.refusals import Refusals
from ipse.kernel.clock import FrozenClock
from ipse.kernel.ids import RandomIds
from ipse.partners.model import AuthMethod, Partner, Preset, preset_algorithms
from ipse.partners.service import RequestLog
from ipse.partners.store.registrations import saving_partner
from ipse.storage.database import Database
from ipse.web.problems import Refused

PAGE = Refused("7QK2-M4PX", 403, "cross_site_form", "/block", "browser")


@pytest.fixture
def refusals(database: Database) -> Refusals:
    clock = FrozenClock()
    return open_refusals(database, clock, RequestLog(database, clock, RandomIds()))


async def test_what_somebody_reads_out_is_found(refusals: Refusals) -> None:
    refusals.note(PAGE)
    for typed in ("7QK2-M4PX", "7qk2 m4px", "7QK2M4PX"):
        (found,) = await refusals.find(typed)
        assert (found.code, found.status, found.route, found.caller) == ("cross_site_form", 403, "/block", "browser")
    for typed in ("0000-0000", "", "no reference"):
        assert await refusals.find(typed) == []
    await refusals.close()


async def test_what_a_partner_reads_the_help_desk_finds_too(refusals: Refusals, database: Database) -> None:
    method = AuthMethod.CLIENT_SECRET_POST
    algorithms = preset_algorithms(Preset.NEW, method, encryption_key_type=None)
    shop = Partner("shop", "Shop", "active", method, None, algorithms)
    statement = saving_partner(shop, None, refusals.clock.now())
    await database.rows(statement.text, *statement.values)
    log = RequestLog(database, refusals.clock, RandomIds())
    reference = log.refused("shop", "LOGIN", "token", "", "invalid_grant", "The code is too old")
    await log.close()
    (found,) = await refusals.find(reference)
    assert (found.partner_id, found.service_code, found.code) == ("shop", "LOGIN", "invalid_grant")
    assert found.reason == "The code is too old"


async def test_a_flood_costs_lines_what_is_ordinary_first(refusals: Refusals, database: Database) -> None:
    for number in range(1000):
        refusals.note(Refused(f"0000-{number:04d}", (404, 405, 429)[number % 3], "x", "/nowhere", "browser"))
    for number in range(1000):
        refusals.note(Refused(f"0001-{number:04d}", 400, "x", "/in", "browser"))
    await refusals.close()
    rows = await database.rows("select status, count(*) as count from incidents_refusals group by status")
    counts = {row["status"]: row["count"] for row in rows}
    assert counts.pop(400) == 90
    assert sum(counts.values()) == 10


async def test_a_flood_that_goes_on_pushes_out_the_oldest(
    refusals: Refusals, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ipse.incidents.service.refusals.MOST_KEPT", 3)
    assert isinstance(refusals.clock, FrozenClock)
    for number in range(5):
        refusals.note(Refused(f"0000-000{number}", 400, "x", "/in", "browser"))
        refusals.clock.advance(seconds=1)
    await refusals.close()
    assert await refusals.forget() == 1
    rows = await database.rows("select reference from incidents_refusals order by at")
    assert [row["reference"][-1] for row in rows] == ["1", "2", "3", "4"]


async def test_it_is_forgotten_after_thirty_days(refusals: Refusals) -> None:
    refusals.note(PAGE)
    await refusals.flush()
    assert isinstance(refusals.clock, FrozenClock)
    refusals.clock.advance(seconds=29 * 86_400)
    assert await refusals.forget() == 0
    refusals.clock.advance(seconds=2 * 86_400)
    assert await refusals.forget() == 1
    await refusals.close()
