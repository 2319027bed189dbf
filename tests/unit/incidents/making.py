"""Incidents to judge, at times that a reader can follow."""

from __future__ import annotations

from typing import Any

from ipse.incidents.model import (
    Extent,
    Function,
    Impact,
    Incident,
    Kind,
    Maintenance,
    State,
    Update,
)
from ipse.kernel.clock import SECOND, read

MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
MONDAY = read("2026-11-23T00:00:00Z")
WORDS = {"nl": "nl", "fr": "fr", "de": "de", "en": "en"}


def incident(*, begins: int = MONDAY, ends: int | None = None, **members: Any) -> Incident:
    """An outage of signing in, from `begins` to `ends`."""
    values: dict[str, Any] = {
        "incident_id": "7QK2-M4PX",
        "kind": Kind.OUTAGE,
        "state": State.INVESTIGATING if ends is None else State.RESOLVED,
        "impact": Impact.FULL,
        "title": WORDS,
        "sentence": WORDS,
        "components": ("sign-in",),
        "functions": (Function.LOGIN,),
        "extent": Extent(),
        "started_at": begins,
        "aware_at": begins,
        "ended_at": ends,
        "published_at": begins,
        "created_at": begins,
        "changed_at": begins,
    }
    return Incident(**{**values, **members})


def update(at: int, impact: Impact) -> Update:
    """An entry of a timeline."""
    return Update(f"u{at}", at, State.INVESTIGATING, impact, WORDS, "operator:ada")


def window(begins: int, ends: int, **members: Any) -> Maintenance:
    """Planned maintenance, announced a day before."""
    values: dict[str, Any] = {
        "maintenance_id": "52D0-AAAA",
        "title": WORDS,
        "text": WORDS,
        "components": ("sign-in",),
        "starts_at": begins,
        "ends_at": ends,
        "announced_at": begins - 24 * HOUR,
    }
    return Maintenance(**{**values, **members})
