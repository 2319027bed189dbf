"""How enrolments ended: counts for the status page, without anything about a person."""

from __future__ import annotations

from typing import Final

from ipse.enrolment import store
from ipse.enrolment.errors import EndReason
from ipse.enrolment.model import State
from ipse.storage.database import Database

_REGISTRARS: Final = {EndReason.REGISTRAR_ERROR}
"""Ends that are the registrar's fault; all others are the person's doing, or a rule's."""


async def ended_enrolments(database: Database, since: int, until: int) -> dict[str, dict[str, int]]:
    """By registrar, how many ended from one moment up to another: `ok`, `person`, `partner`."""
    found: dict[str, dict[str, int]] = {}
    for row in await database.rows(store.ENDED, since, until):
        failed = "partner" if row["why"] in _REGISTRARS else "person"
        outcome = "ok" if row["state"] == State.FINISHED else failed
        counts = found.setdefault(row["registrar"], {})
        counts[outcome] = counts.get(outcome, 0) + int(row["count"])
    return found
