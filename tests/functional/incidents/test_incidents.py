"""Incidents from opening to post-mortem, on both databases, each change with its audit line."""

from __future__ import annotations

import pytest

from ipse.incidents import (
    AlreadyResolved,
    Extent,
    Function,
    Impact,
    Kind,
    MalformedIncident,
    NotResolved,
    State,
    UnknownIncident,
    UnknownMaintenance,
    Way,
)
from ipse.incidents.service import Change, NewIncident
from ipse.kernel.clock import SECOND
from tests.functional.incidents.conftest import Desk

WORDS = {"nl": "Eén", "fr": "Deux", "de": "Drei", "en": "Four"}
DOWN = NewIncident(kind=Kind.OUTAGE, impact=Impact.FULL, components=("approval",))
ADA = "operator:ada"


async def test_from_opening_to_post_mortem(desk: Desk) -> None:
    opened = await desk.incidents.open(DOWN, actor=ADA)
    assert opened.is_told
    assert opened.functions == (Function.LOGIN, Function.CONFIRMATION, Function.SIGNING)
    assert opened.sentence["nl"].startswith("Goedkeuren met de telefoon werkt op dit moment niet.")
    desk.clock.advance(seconds=300)
    await desk.incidents.change(opened.incident_id, Change(state=State.IDENTIFIED), actor="staff:m1")
    desk.clock.advance(seconds=300)
    degraded = Change(impact=Impact.DEGRADED, text=WORDS, ways={Function.LOGIN: (Way.BANK,)})
    changed = await desk.incidents.change(opened.incident_id.lower(), degraded, actor=ADA)
    assert changed.sentence["en"] == "Approving with the phone takes longer than usual at the moment."
    assert changed.guides[0].ways == (Way.BANK,)
    desk.clock.advance(seconds=300)
    over = await desk.incidents.change(opened.incident_id, Change(state=State.RESOLVED), actor=ADA)
    assert over.ended_at == desk.clock.now()
    kept = await desk.incidents.write_post_mortem(opened.incident_id, WORDS, publish=False, actor=ADA)
    assert kept.post_mortem is not None
    assert kept.post_mortem.published_at is None
    await desk.incidents.write_post_mortem(opened.incident_id, WORDS, publish=True, actor=ADA)
    found = await desk.incidents.incident(opened.incident_id)
    assert [each.state for each in found.updates] == [
        State.RESOLVED, State.IDENTIFIED, State.IDENTIFIED, State.INVESTIGATING,
    ]  # fmt: skip
    assert [each.actor for each in found.updates] == [ADA, ADA, "staff:m1", ADA]
    assert await desk.incidents.incidents() == [found]
    subject = opened.incident_id
    assert await desk.audited() == [
        (ADA, "incident.open", subject),
        ("staff:m1", "incident.update", subject),
        (ADA, "incident.update", subject),
        (ADA, "incident.resolve", subject),
        (ADA, "incident.post_mortem", subject),
        (ADA, "incident.post_mortem", subject),
    ]


async def test_what_cannot_be_changes_nothing(desk: Desk) -> None:
    opened = await desk.incidents.open(DOWN, actor=ADA)
    with pytest.raises(NotResolved):
        await desk.incidents.write_post_mortem(opened.incident_id, WORDS, publish=True, actor=ADA)
    with pytest.raises(MalformedIncident):
        await desk.incidents.change(opened.incident_id, Change(title={"nl": "x"}), actor=ADA)
    await desk.incidents.change(opened.incident_id, Change(state=State.RESOLVED), actor=ADA)
    with pytest.raises(AlreadyResolved):
        await desk.incidents.change(opened.incident_id, Change(state=State.MONITORING), actor=ADA)
    for unknown in ("0000-0000", "", "no such id"):
        with pytest.raises(UnknownIncident):
            await desk.incidents.change(unknown, Change(technical="x"), actor=ADA)
        with pytest.raises(UnknownIncident):
            await desk.incidents.incident(unknown)
    with pytest.raises(MalformedIncident):
        await desk.incidents.open(NewIncident(kind=Kind.OUTAGE, impact=Impact.FULL, components=("moon",)), actor=ADA)
    assert len(await desk.audited()) == 2


async def test_a_breach_is_told_to_nobody_until_somebody_decides_it(desk: Desk) -> None:
    secret = NewIncident(kind=Kind.SECURITY, impact=Impact.PARTIAL, components=("signing",))
    opened = await desk.incidents.open(secret, actor=ADA)
    assert not opened.is_told
    assert await desk.said() is None
    assert desk.board.document["incidents"] == []
    numbers: dict[str, object] = {"limited_people": 3, "fixed_at": desk.clock.now()}
    changed = await desk.incidents.change(opened.incident_id, Change(publish=True, extent=numbers), actor=ADA)
    assert changed.extent == Extent(limited_people=3, fixed_at=desk.clock.now())
    assert len(changed.updates) == 1  # numbers are no news for people
    assert await desk.said() is not None
    assert [each["id"] for each in desk.board.document["incidents"]] == [opened.incident_id]


async def test_what_is_long_over_is_not_shown(desk: Desk) -> None:
    opened = await desk.incidents.open(DOWN, actor=ADA)
    await desk.incidents.change(opened.incident_id, Change(state=State.RESOLVED), actor=ADA)
    desk.clock.advance(seconds=91 * 86_400)
    assert await desk.incidents.incidents() == []
    assert (await desk.incidents.incident(opened.incident_id)).incident_id == opened.incident_id


async def test_maintenance_is_planned_told_and_called_off(desk: Desk) -> None:
    now = desk.clock.now()
    planned = await desk.incidents.plan(
        title=None, text=None, components=("sign-in",), starts_at=now + SECOND, ends_at=now + 99 * SECOND, actor=ADA
    )
    assert await desk.said() is None
    desk.clock.advance(seconds=1)
    assert await desk.said() == "Signing in may not work for a moment, because of planned maintenance."
    await desk.incidents.call_off(planned.maintenance_id, actor=ADA)
    assert await desk.said() is None
    assert desk.board.document["maintenance"][0]["cancelled_at"] is not None
    with pytest.raises(UnknownMaintenance):
        await desk.incidents.call_off(planned.maintenance_id, actor=ADA)
    assert [act for _, act, _ in await desk.audited()] == ["maintenance.plan", "maintenance.cancel"]


async def test_listeners_hear_only_of_what_changes(desk: Desk) -> None:
    heard: list[str] = []
    desk.board.listeners.append(lambda said: heard.append("" if said is None else said.subject))
    assert await desk.board.refresh()  # the components are news at the start
    assert not await desk.board.refresh()
    opened = await desk.incidents.open(DOWN, actor=ADA)
    assert await desk.board.refresh()
    assert not await desk.board.refresh()
    await desk.incidents.change(opened.incident_id, Change(state=State.RESOLVED), actor=ADA)
    await desk.board.refresh()
    assert heard == [opened.incident_id, ""]
