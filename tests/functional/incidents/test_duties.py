"""B-70 on both databases, with a frozen clock: reminders at 50 % and 80 %, the breach, and who did it."""

from __future__ import annotations

import msgspec
import pytest

from ipse.incidents import Duty, Impact, Kind, NothingToDo
from ipse.incidents.events import DUTY_DUE
from ipse.incidents.model import DutyState
from ipse.incidents.service import NewIncident
from tests.functional.incidents.conftest import Desk

BREACH = NewIncident(kind=Kind.PERSONAL_DATA, impact=Impact.DEGRADED, components=("sign-in",))
ADA = "operator:ada"
HOUR = 3600


async def _told(desk: Desk) -> list[tuple[str, int]]:
    rows = await desk.database.rows("select payload from storage_outbox where name = $1", DUTY_DUE)
    payloads = [msgspec.json.decode(row["payload"]) for row in rows]
    return sorted((each["duty"], each["percent"]) for each in payloads)


async def test_reminders_at_half_at_four_fifths_and_at_the_end_each_once(desk: Desk) -> None:
    opened = await desk.incidents.open(BREACH, actor=ADA)
    assert await desk.duties.remind() == 0
    desk.clock.advance(seconds=36 * HOUR)
    # Half of 72 hours, and all of 24.
    assert await desk.duties.remind() == 5
    assert await desk.duties.remind() == 0
    assert await _told(desk) == [
        ("eidas_notification", 100),
        ("eidas_persons", 100),
        ("gdpr_authority", 50),
        ("nis2_notification", 50),
        ("nis2_warning", 100),
    ]
    desk.clock.advance(seconds=22 * HOUR)
    assert await desk.duties.remind() == 2
    await desk.duties.done(opened.incident_id, Duty.GDPR_AUTHORITY, note="case 12", actor="staff:m1")
    desk.clock.advance(seconds=14 * HOUR)
    assert await desk.duties.remind() == 1
    assert (await _told(desk)).count(("gdpr_authority", 100)) == 0
    standing = await desk.duties.standing(opened.incident_id)
    by_duty = {clock.duty: clock for clock in standing.clocks}
    assert by_duty[Duty.NIS2_NOTIFICATION].state is DutyState.BREACHED
    done = by_duty[Duty.GDPR_AUTHORITY]
    assert done.state is DutyState.DONE
    assert done.mark is not None
    assert (done.mark.done_by, done.mark.note) == ("staff:m1", "case 12")
    acts = [act for _, act, _ in await desk.audited()]
    assert acts.count("incident.duty_reminder") == 4
    assert acts.count("incident.duty_breached") == 4
    assert acts.count("incident.duty_done") == 1


async def test_a_duty_is_done_once_and_only_where_there_is_one(desk: Desk) -> None:
    opened = await desk.incidents.open(BREACH, actor=ADA)
    await desk.duties.done(opened.incident_id, Duty.GDPR_AUTHORITY, note="", actor=ADA)
    for duty in (Duty.GDPR_AUTHORITY, Duty.CRA_WARNING):
        with pytest.raises(NothingToDo):
            await desk.duties.done(opened.incident_id, duty, note="", actor=ADA)
    with pytest.raises(NothingToDo):
        await desk.duties.draft(opened.incident_id, Duty.CRA_WARNING, ("en",))


async def test_thresholds_are_measured_while_it_goes_on(desk: Desk) -> None:
    """B-71: enough to decide within a minute."""
    down = NewIncident(kind=Kind.OUTAGE, impact=Impact.FULL, components=("approval",))
    opened = await desk.incidents.open(down, actor=ADA)
    desk.clock.advance(seconds=20 * 60)
    assert not (await desk.duties.standing(opened.incident_id)).significant
    desk.clock.advance(seconds=1)
    standing = await desk.duties.standing(opened.incident_id)
    assert standing.significant
    assert [each.letter for each in standing.thresholds if each.crossed] == ["a"]
    assert {clock.duty for clock in standing.clocks} >= {Duty.EIDAS_NOTIFICATION, Duty.NIS2_WARNING}
    assert [each.incident.incident_id for each in await desk.duties.running()] == [opened.incident_id]


async def test_a_draft_in_several_languages(desk: Desk) -> None:
    opened = await desk.incidents.open(BREACH, actor=ADA)
    draft = await desk.duties.draft(opened.incident_id, Duty.GDPR_AUTHORITY, ("en", "nl"))
    assert "Ipse ASBL" in draft
    assert "GDPR, art. 33" in draft
    assert "AVG, art. 33" in draft
    assert "[to be filled in]" in draft
