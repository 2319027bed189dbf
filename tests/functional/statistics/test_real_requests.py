"""Figures of requests that people really made."""

from __future__ import annotations

from ipse.kernel.clock import SECOND
from ipse.people.model import BlockReason
from ipse.phones.model import StopReason
from ipse.statistics.rules import spans
from tests.functional.sessions.house import House, handle_of


async def test_what_people_do_is_counted_and_outlives_their_accounts(house: House) -> None:
    statistics, clock = house.works.features.statistics, house.clock
    clock.value = spans.floor(clock.value, spans.HOUR) + 60 * SECOND
    began = clock.now()
    phones = [await house.works.handset() for _ in range(2)]
    for phone in phones:
        async with house.browser() as browser:
            await browser.sign_in(phone)
    async with house.browser() as browser:
        given_up = handle_of(await browser.begin())
        await browser.send(f"/v2/sign-in/{given_up}/cancel")
        await browser.begin()  # and nobody takes this one

    live = await statistics.live()
    assert live.totals.outcomes == {"approved": 2, "cancelled": 1, "open": 1}
    clock.advance(seconds=1900)
    await house.works.features.actions.expire()
    assert await statistics.folding.fold() > 0
    await statistics.folding.sample()
    await house.works.features.messages.block(
        phones[0].account_id, BlockReason.BY_PERSON, StopReason.BLOCKED, actor="test"
    )
    await house.works.features.people.database.rows("delete from actions_actions")

    found = await statistics.of_partner("ipse", began, clock.now())
    assert found.totals.outcomes == {"approved": 2, "cancelled": 1, "expired": 1}
    assert found.totals.methods == {"code": 2}
    assert found.totals.within == (2,) * 6
    assert [service.service_code for service in found.services] == ["own_pages"]
    rows = await house.works.features.people.database.rows("select name, amount from statistics_samples")
    assert {row["name"]: row["amount"] for row in rows if row["amount"]} == {
        "people": 2,
        "people_new": 2,
        "people_active": 2,
    }
