"""What the sign-in page and the app say now: one calm sentence, of what matters most."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ipse.incidents.model import Announcement, Function, Impact, Incident, Maintenance

_WEIGHT: Final = {Impact.FULL: 2, Impact.PARTIAL: 1, Impact.DEGRADED: 0}
_EVERYBODYS: Final = {Function.LOGIN, Function.CONFIRMATION}
_SIGN_IN: Final = {"sign-in", "approval"}


def phone_is_down(incidents: Iterable[Incident]) -> bool:
    """Whether nobody can approve with the phone now."""
    return any(
        each.is_open and each.is_told and each.impact is Impact.FULL and "approval" in each.components
        for each in incidents
    )


def announcement(incidents: Iterable[Incident], maintenance: Iterable[Maintenance], *, now: int) -> Announcement | None:
    """The open incident that matters most to people who log in, else maintenance that is going on."""
    told = [each for each in incidents if each.is_open and each.is_told]
    without_phone = phone_is_down(told)
    if told:
        most = max(told, key=_importance)
        return Announcement(most.incident_id, most.sentence, without_phone)
    running = [each for each in maintenance if each.is_running(now) and _SIGN_IN & {*each.components}]
    if running:
        first = min(running, key=lambda each: each.ends_at)
        return Announcement(first.maintenance_id, first.text, without_phone)
    return None


def _importance(incident: Incident) -> tuple[bool, int, int]:
    return bool(_EVERYBODYS & {*incident.functions}), _WEIGHT[incident.impact], incident.started_at
