"""What is published: `incidents.json` and `outcomes.json`, as docs/reference/status-files.md describes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ipse.incidents.model import Incident, Maintenance
from ipse.kernel.clock import seconds

INCIDENTS: Final = "ipse-incidents"
OUTCOMES: Final = "ipse-outcomes"
VERSION: Final = 1


def incident_entry(incident: Incident) -> dict[str, Any]:
    """An incident that people are told of."""
    mortem = incident.post_mortem
    published = None if mortem is None or mortem.published_at is None else mortem
    return {
        "id": incident.incident_id,
        "kind": incident.kind,
        "state": incident.state,
        "impact": incident.impact,
        "title": incident.title,
        "sentence": incident.sentence,
        "components": incident.components,
        "functions": incident.functions,
        "started_at": seconds(incident.started_at),
        "ended_at": None if incident.ended_at is None else seconds(incident.ended_at),
        "changed_at": seconds(incident.changed_at),
        "updates": [
            {"id": each.update_id, "at": seconds(each.at), "state": each.state, "text": each.text}
            for each in incident.updates
        ],
        "guides": [{"function": each.function, "ways": each.ways, "text": each.text} for each in incident.guides],
        "technical": incident.technical,
        "post_mortem": None
        if published is None or published.published_at is None
        else {"published_at": seconds(published.published_at), "text": published.text},
    }


def maintenance_entry(window: Maintenance) -> dict[str, Any]:
    """Planned maintenance."""
    return {
        "id": window.maintenance_id,
        "title": window.title,
        "text": window.text,
        "components": window.components,
        "starts_at": seconds(window.starts_at),
        "ends_at": seconds(window.ends_at),
        "announced_at": seconds(window.announced_at),
        "cancelled_at": None if window.cancelled_at is None else seconds(window.cancelled_at),
    }


def incidents_document(
    about: Mapping[str, Any], incidents: Iterable[Incident], maintenance: Iterable[Maintenance], *, now: int
) -> dict[str, Any]:
    """The whole of `incidents.json`; `about` are the members that say whose it is."""
    return {
        "format": INCIDENTS,
        "version": VERSION,
        "written_at": seconds(now),
        **about,
        "incidents": [incident_entry(each) for each in incidents if each.is_told],
        "maintenance": [maintenance_entry(each) for each in maintenance],
    }


def outcomes_document(counts: Mapping[str, tuple[Mapping[str, int], Mapping[str, int]]], *, now: int) -> dict[str, Any]:
    """The whole of `outcomes.json`: by component, the counts of the last 5 and 60 minutes."""
    return {
        "format": OUTCOMES,
        "version": VERSION,
        "written_at": seconds(now),
        "components": [
            {"id": component, "last_5_minutes": dict(five), "last_60_minutes": dict(sixty)}
            for component, (five, sixty) in counts.items()
        ],
    }
