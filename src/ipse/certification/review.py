"""What was issued, and whether the audit log is whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ipse.certification import store
from ipse.certification.server import opened_database
from ipse.certification.settings import CertificationSettings
from ipse.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class Review:
    """How things stand."""

    counts: Mapping[tuple[str, str], int]
    """Certificates by kind and status."""
    newest_list: store.MadeList | None
    first_broken: int | None
    """The first line of the audit log that does not fit the chain; None when all do."""


async def review(settings: CertificationSettings, clock: Clock) -> Review:
    """Look.

    Raises:
        SettingsError, NotReadyError: the database cannot be used.
    """
    database = await opened_database(settings, clock)
    try:
        newest, broken = await store.last_list(database), await store.first_broken(database)
        return Review(await store.counts(database), newest, broken)
    finally:
        await database.close()
