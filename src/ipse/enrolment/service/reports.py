"""What a registrar is told of its own enrolments: counts, times, and references of those that came to nothing."""

from __future__ import annotations

from ipse.enrolment import store
from ipse.enrolment.model import Reported, State
from ipse.kernel.clock import Clock
from ipse.storage.database import Database


async def reported(database: Database, clock: Clock, registrar_id: str, since: int) -> list[Reported]:
    """The enrolments through one registrar that began since then (microseconds), newest first.

    Rows are kept until a day after their end.
    """
    now, found = clock.now(), []
    for row in await database.rows(store.OF_REGISTRAR, registrar_id, since):
        state, open_ = State(row["state"]), row["state"] not in {State.FINISHED, State.ENDED}
        outcome = "expired" if open_ and row["expires_at"] <= now else "open" if open_ else state.value
        taken = row["changed_at"] - row["created_at"] if state is State.FINISHED else None
        found.append(Reported(row["enrolment_id"], row["kind"], outcome, row["why"] or "", row["created_at"], taken))
    return found
