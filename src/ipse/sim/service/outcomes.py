"""How mobile operators answered: counts for the status page, without anything about a person."""

from __future__ import annotations

from ipse.sim.store import watches as store
from ipse.storage.database import Database


async def asked_operators(database: Database, since: int, until: int) -> dict[str, dict[str, int]]:
    """By mobile operator, how many numbers it was asked about from one moment up to another: `ok`, `partner`."""
    found: dict[str, dict[str, int]] = {}
    for row in await database.rows(store.ASKED, since, until):
        outcome = "partner" if row["failed"] else "ok"
        found.setdefault(row["operator_id"], {})[outcome] = int(row["count"])
    return found
