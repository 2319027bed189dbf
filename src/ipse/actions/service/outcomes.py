"""How requests ended: counts for the status page, without anything about a person."""

from __future__ import annotations

from dataclasses import dataclass

from ipse.actions import store
from ipse.actions.model import FAULT, ActionState
from ipse.storage.database import Database

_GIVEN = {ActionState.APPROVED, ActionState.COLLECTED}


@dataclass(frozen=True, slots=True)
class Ended:
    """So many requests of one kind ended in one way."""

    kind: str
    state: ActionState
    fault: bool
    """Whether a fault of ours ended it."""
    claimed: bool
    """Whether a phone, or what stands in for it, had taken it."""
    redeemed: int
    """How many of them gave their partner tokens."""
    count: int

    @property
    def given(self) -> bool:
        """Whether its person approved and it came to good."""
        return self.state in _GIVEN and not self.fault


async def ended_requests(database: Database, since: int, until: int, *, without: str) -> list[Ended]:
    """How requests that ended from one moment up to another did, those of one partner left out."""
    return [
        Ended(
            kind=row["kind"],
            state=ActionState(row["state"]),
            fault=row["why"] == FAULT,
            claimed=bool(row["claimed"]),
            redeemed=row["redeemed"],
            count=row["count"],
        )
        for row in await database.rows(store.ENDED, since, until, without)
    ]
