"""Incidents of an installation that is a bare database with a bank, a mobile operator and a frozen clock."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ipse.incidents.model import Population
from ipse.incidents.service import Incidents
from ipse.incidents.service.board import Board
from ipse.incidents.service.duties import Duties
from ipse.incidents.service.incidents import Component
from ipse.incidents.service.wording import Wording
from ipse.kernel.clock import FrozenClock
from ipse.kernel.ids import RandomIds
from ipse.storage.database import Database
from ipse.web import languages

LISTED = (
    Component("sign-in"),
    Component("approval"),
    Component("enrolment-bank-lys", "Banque Lys"),
    Component("enrolment-card", offered=False),
    Component("signing"),
    Component("partner-api"),
    Component("mobile-operator-lumo", "Lumo"),
)


@dataclass
class Desk:
    """Everything about incidents."""

    incidents: Incidents
    duties: Duties
    board: Board
    clock: FrozenClock
    database: Database

    async def said(self) -> str | None:
        """The sentence that pages say in English after another look."""
        await self.board.refresh()
        return None if self.board.announcement is None else self.board.announcement.sentence["en"]

    async def audited(self) -> list[tuple[str, str, str]]:
        """Actor, act and subject of each line of the audit log."""
        rows = await self.database.rows("select actor, act, subject from audit_lines order by seq")
        return [(row["actor"], row["act"], row["subject"]) for row in rows]


@pytest.fixture
def desk(database: Database) -> Desk:
    """The services on either database."""

    async def listing() -> tuple[Component, ...]:
        return LISTED

    async def counting() -> Population:
        return Population(people=10_000, partners=20)

    clock = FrozenClock()
    wording = Wording(languages.load(("ipse.incidents",)))
    incidents = Incidents(database, clock, RandomIds(), wording, listing, counting)
    return Desk(incidents, Duties(incidents, "Ipse ASBL"), Board(incidents, {"scheme": "Ipse"}), clock, database)
