"""Whom the operator must tell of an incident, until when: clocks, reminders, drafts, and who did it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import structlog

from ipse.audit.service import auditing
from ipse.incidents import store
from ipse.incidents.errors import NothingToDo
from ipse.incidents.events import DUTY_DUE
from ipse.incidents.model import Clock as DutyClock
from ipse.incidents.model import Duty, DutyState, Incident, Mark, Threshold
from ipse.incidents.rules import drafting, duties, significance
from ipse.incidents.rules.duties import reminder
from ipse.incidents.service.incidents import Incidents
from ipse.kernel.clock import SECOND
from ipse.storage.publishing import publishing
from ipse.storage.statement import Transaction, one

log = structlog.get_logger("ipse.incidents")
_LOOK_BACK_DAYS = 730
"""Longer than any duty takes, and than anybody should need to be reminded."""
_WEEK_DAYS = 7


@dataclass(frozen=True, slots=True)
class Standing:
    """What an incident demands, as of now."""

    incident: Incident
    thresholds: tuple[Threshold, ...]
    significant: bool
    clocks: tuple[DutyClock, ...]


@dataclass(frozen=True)
class Duties:
    """Use cases of duties."""

    incidents: Incidents
    organisation: str
    """Who runs the scheme, as it stands on notifications."""

    async def standing(self, incident_id: str) -> Standing:
        """What an incident demands now.

        Raises:
            UnknownIncident: there is none.
        """
        return await self._standing(await self.incidents.incident(incident_id))

    async def done(self, incident_id: str, duty: Duty, *, note: str, actor: str) -> None:
        """Mark a duty as done now; `note` says where its receipt is.

        Raises:
            UnknownIncident: there is none.
            NothingToDo: the incident does not start it, or it is done.
        """
        standing = await self.standing(incident_id)
        incident_id = standing.incident.incident_id
        if duty not in {clock.duty for clock in standing.clocks}:
            raise NothingToDo
        now, ids = self.incidents.clock.now(), {"duty": duty, "note": note[: drafting.MOST_NOTE]}

        def transaction() -> Transaction[None]:
            if (yield from one(store.DO, incident_id, duty, now, actor, ids["note"])) is None:
                raise NothingToDo
            yield from auditing(now, actor=actor, act="incident.duty_done", subject=incident_id, details=ids)

        await self.incidents.database.transact(transaction)

    async def draft(self, incident_id: str, duty: Duty, languages: Iterable[str]) -> str:
        """A draft of a notification, with what is known filled in, once for each language.

        Raises:
            UnknownIncident: there is none.
            NothingToDo: the incident does not start this duty.
        """
        standing = await self.standing(incident_id)
        clock = next((each for each in standing.clocks if each.duty is duty), None)
        if clock is None:
            raise NothingToDo
        facts = drafting.Known(self.organisation, standing.incident, clock, standing.thresholds)
        texts = self.incidents.wording.texts
        return "\n\n".join(drafting.draft(facts, language, texts[language].text) for language in languages)

    async def remind(self) -> int:
        """Remind of duties that are half over, four fifths over, or breached: each once. Returns how many."""
        now = self.incidents.clock.now()
        since = now - _LOOK_BACK_DAYS * 86_400 * SECOND
        count = 0
        for row in await self.incidents.database.rows(store.WITH_DUTIES, since):
            updates = await self.incidents.database.rows(store.UPDATES, row["incident_id"])
            standing = await self._standing(store.read_incident(row, map(store.read_update, updates)))
            for clock in standing.clocks:
                percent = reminder(clock)
                if percent is not None:
                    count += await self._remind(standing.incident, clock, percent)
        return count

    async def running(self) -> list[Standing]:
        """Incidents with a duty that is not done, soonest first."""
        since = self.incidents.clock.now() - _LOOK_BACK_DAYS * 86_400 * SECOND
        rows = await self.incidents.database.rows(store.WITH_DUTIES, since)
        found = [await self.standing(row["incident_id"]) for row in rows]
        return [each for each in found if any(_is_open(clock) for clock in each.clocks)]

    async def _standing(self, incident: Incident) -> Standing:
        now = self.incidents.clock.now()
        measured = significance.thresholds(
            incident,
            others=[each for each in await self.incidents.incidents() if each.incident_id != incident.incident_id],
            maintenance=await self.incidents.maintenance(),
            population=await self.incidents.counting(),
            now=now,
        )
        significant = significance.is_significant(incident, measured)
        rows = await self.incidents.database.rows(store.MARKS, incident.incident_id)
        marks: list[Mark] = [store.read_mark(row) for row in rows]
        found = duties.clocks(incident, marks, significant=significant, now=now)
        return Standing(incident, measured, significant, found)

    async def _remind(self, incident: Incident, clock: DutyClock, percent: int) -> bool:
        now, incident_id, duty = self.incidents.clock.now(), incident.incident_id, clock.duty
        details = {"duty": duty, "percent": percent}

        def transaction() -> Transaction[bool]:
            if (yield from one(store.REMIND, incident_id, duty, percent)) is None:
                return False
            event_id = f"incidents.{incident_id}.{duty}.{percent}"
            yield from publishing(event_id, DUTY_DUE, {"incident": incident_id, **details}, now=now)
            act = "incident.duty_breached" if percent == duties.REMINDERS[-1] else "incident.duty_reminder"
            yield from auditing(now, actor="system", act=act, subject=incident_id, details=details)
            return True

        told = await self.incidents.database.transact(transaction)
        if told:
            log.warning("incident.duty_due", incident=incident_id, duty=duty.value, percent=percent)
        return told


def _is_open(clock: DutyClock) -> bool:
    return clock.state is not DutyState.DONE and (clock.mark is None or clock.mark.done_at is None)
