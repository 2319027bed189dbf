"""Counting requests, for figures: no person and no single request leaves here."""

from __future__ import annotations

from collections.abc import Sequence

from ipse.actions import store
from ipse.actions.model import RequestTally
from ipse.storage.database import Database


async def tallies(database: Database, since: int, until: int, *, now: int) -> Sequence[RequestTally]:
    """Requests that began in a span of time (microseconds UTC), by partner, service, kind, outcome and method."""
    return [store.read_tally(row) for row in await database.rows(store.TALLIES, since, until, now)]


async def earliest(database: Database) -> int | None:
    """When the oldest request began that is still known."""
    row = await database.row(store.EARLIEST)
    return row["earliest"] if row is not None else None


async def active_people(database: Database, accounts: tuple[str, str], since: int, *, without: str) -> int:
    """How many people approved something since then, at another partner than `without`.

    Of those whose account comes after the first and not after the second of `accounts`: a part of all at a time, so
    that no statement takes long. Nothing is kept of anybody for this: it is counted from requests.
    """
    row = await database.row(store.ACTIVE_PEOPLE, *accounts, since, without)
    return int(row["active"]) if row is not None else 0
