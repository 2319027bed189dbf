"""Opening, changing and ending incidents, and planning maintenance. Every change writes its audit line with itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

import msgspec

from ipse.audit.service import auditing
from ipse.incidents import store
from ipse.incidents.errors import AlreadyResolved, NotResolved, UnknownIncident, UnknownMaintenance
from ipse.incidents.events import CHANGED
from ipse.incidents.model import (
    NOTHING_KNOWN,
    Extent,
    Function,
    Guide,
    Impact,
    Incident,
    Kind,
    Maintenance,
    Population,
    PostMortem,
    State,
    Update,
    Way,
    Words,
)
from ipse.incidents.rules import reading
from ipse.incidents.service.wording import Wording
from ipse.kernel import references
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids
from ipse.storage.database import Database
from ipse.storage.publishing import publishing
from ipse.storage.statement import Transaction, one, run

KEPT_DAYS = 90
"""How long what is over is shown and published."""
_KEPT = KEPT_DAYS * 86_400 * SECOND


class Component(msgspec.Struct, frozen=True):
    """A part of the scheme as the status page lists it."""

    id: str
    own_name: str = ""
    """Of a bank or mobile operator."""
    offered: bool = True
    """False while an operator has stopped it, or the installation does not have it."""

    @property
    def kind(self) -> str:
        """Its id without a bank's or mobile operator's."""
        return reading.kind_of(self.id) or self.id


class NewIncident(msgspec.Struct, frozen=True, kw_only=True):
    """An incident to be. What is None gets its usual value."""

    kind: Kind
    impact: Impact
    components: tuple[str, ...]
    functions: tuple[Function, ...] | None = None
    title: dict[str, str] | None = None
    sentence: dict[str, str] | None = None
    text: dict[str, str] | None = None
    """Of the first entry of the timeline."""
    ways: dict[Function, tuple[Way, ...]] | None = None
    technical: str = ""
    extent: Extent = NOTHING_KNOWN
    started_at: int | None = None
    aware_at: int | None = None
    publish: bool | None = None
    """Whether people are told; None: of outages at once, of everything else when somebody decides it."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What changes. None: nothing."""

    state: State | None = None
    impact: Impact | None = None
    text: dict[str, str] | None = None
    title: dict[str, str] | None = None
    sentence: dict[str, str] | None = None
    components: tuple[str, ...] | None = None
    functions: tuple[Function, ...] | None = None
    ways: dict[Function, tuple[Way, ...]] | None = None
    technical: str | None = None
    extent: dict[str, object] | None = None
    """The members of `Extent` that are known better now."""
    publish: bool | None = None
    ended_at: int | None = None
    """With the state resolved: when it ended, if not now."""


@dataclass(frozen=True)
class Incidents:
    """Use cases. `actor` is who acts, as the audit log keeps it: `operator:<login>`, `staff:<id>`."""

    database: Database
    clock: Clock
    ids: Ids
    wording: Wording
    listing: Callable[[], Awaitable[tuple[Component, ...]]]
    """The components of this installation."""
    counting: Callable[[], Awaitable[Population]]
    """How many people and partners there are."""

    # --- incidents -------------------------------------------------------------------------------------------

    async def open(self, new: NewIncident, *, actor: str) -> Incident:
        """Open an incident.

        Raises:
            MalformedIncident: it cannot be one; says how to mend it.
        """
        names = await self._names()
        incident, now = self._new(new, names, actor), self.clock.now()

        def transaction() -> Transaction[None]:
            yield store.adding(incident)
            yield store.adding_update(incident.incident_id, incident.updates[0])
            details = {"kind": incident.kind, "impact": incident.impact, "components": incident.components}
            yield from self._told("incident.open", incident.incident_id, actor, details, now)

        await self.database.transact(transaction)
        return incident

    async def change(self, incident_id: str, change: Change, *, actor: str) -> Incident:
        """Change an incident; a change of state, impact or words is an entry of its timeline.

        Raises:
            UnknownIncident: there is none.
            AlreadyResolved: it is over, and this would open it again.
            MalformedIncident: the change cannot be; says how to mend it.
        """
        names = await self._names()
        now = self.clock.now()

        def transaction() -> Transaction[Incident]:
            incident = yield from self._taken(incident_id, now)
            changed, update = self._changed(incident, change, names, actor=actor, now=now)
            yield store.changing(changed)
            if update is not None:
                yield store.adding_update(incident.incident_id, update)
            details = msgspec.to_builtins(change)
            details = {name: value for name, value in details.items() if value is not None}
            act = "incident.resolve" if change.state is State.RESOLVED else "incident.update"
            yield from self._told(act, incident.incident_id, actor, details, now)
            return changed if update is None else replace(changed, updates=(update, *changed.updates))

        return await self.database.transact(transaction)

    @staticmethod
    def extent(known: Mapping[str, object]) -> Extent:
        """Numbers of a new incident, as far as they are known.

        Raises:
            MalformedIncident: they cannot be.
        """
        return reading.extent(NOTHING_KNOWN, known)

    async def write_post_mortem(self, incident_id: str, text: Words, *, publish: bool, actor: str) -> Incident:
        """Keep what was learnt, and publish it when it is ready.

        Raises:
            UnknownIncident: there is none.
            NotResolved: it goes on.
            MalformedIncident: a language is missing.
        """
        words, now = reading.words(text, "post_mortem"), self.clock.now()

        def transaction() -> Transaction[Incident]:
            incident = yield from self._taken(incident_id, now)
            if incident.is_open:
                raise NotResolved
            before = incident.post_mortem
            published = now if publish else None
            if before is not None and before.published_at is not None:
                published = before.published_at
            changed = replace(incident, post_mortem=PostMortem(words, published))
            yield store.changing(changed)
            details = {"published": published is not None}
            yield from self._told("incident.post_mortem", incident.incident_id, actor, details, now)
            return changed

        return await self.database.transact(transaction)

    async def incident(self, incident_id: str) -> Incident:
        """One, with its timeline; its id may be typed as it was heard.

        Raises:
            UnknownIncident: there is none.
        """
        wanted = references.read(incident_id) or ""
        row = await self.database.row(store.BY_ID, wanted)
        if row is None:
            raise UnknownIncident(public=f"There is no incident {wanted or 'with such an id'}")
        updates = await self.database.rows(store.UPDATES, wanted)
        return store.read_incident(row, map(store.read_update, updates))

    async def incidents(self, *, days: int = KEPT_DAYS) -> list[Incident]:
        """Open ones, and those that ended in the last days; newest first, with their timelines."""
        since = self.clock.now() - days * 86_400 * SECOND
        timelines: dict[str, list[Update]] = {}
        for row in await self.database.rows(store.UPDATES_SINCE, since):
            timelines.setdefault(row["incident_id"], []).append(store.read_update(row))
        rows = await self.database.rows(store.SINCE, since)
        return [store.read_incident(row, timelines.get(row["incident_id"], ())) for row in rows]

    # --- maintenance -----------------------------------------------------------------------------------------

    async def plan(
        self,
        *,
        title: Words | None,
        text: Words | None,
        components: tuple[str, ...],
        starts_at: int,
        ends_at: int,
        actor: str,
    ) -> Maintenance:
        """Announce maintenance; without words of its own in the usual ones.

        Raises:
            MalformedIncident: it cannot be; says how to mend it.
        """
        now = self.clock.now()
        reading.window(starts_at, ends_at, now=now)
        names = await self._names()
        components = reading.components(components, names)
        window = Maintenance(
            maintenance_id=self._id(),
            title=self.wording.in_all("maintenance.title") if title is None else reading.words(title, "title"),
            text=self.wording.maintenance(components, names) if text is None else reading.words(text, "sentence"),
            components=components,
            starts_at=starts_at,
            ends_at=ends_at,
            announced_at=now,
        )

        def transaction() -> Transaction[None]:
            yield store.planning(window)
            details = {"components": window.components, "starts_at": starts_at, "ends_at": ends_at}
            yield from self._told("maintenance.plan", window.maintenance_id, actor, details, now)

        await self.database.transact(transaction)
        return window

    async def call_off(self, maintenance_id: str, *, actor: str) -> None:
        """Call maintenance off, or end it early.

        Raises:
            UnknownMaintenance: there is none, or it is over.
        """
        wanted, now = references.read(maintenance_id) or "", self.clock.now()

        def transaction() -> Transaction[None]:
            if (yield from one(store.CALL_OFF, wanted, now)) is None:
                raise UnknownMaintenance
            yield from self._told("maintenance.cancel", wanted, actor, {}, now)

        await self.database.transact(transaction)

    async def maintenance(self, *, days: int = KEPT_DAYS) -> list[Maintenance]:
        """Windows to come, and those that ended in the last days; soonest first."""
        since = self.clock.now() - days * 86_400 * SECOND
        return [store.read_maintenance(row) for row in await self.database.rows(store.MAINTENANCE_SINCE, since)]

    # --- parts -----------------------------------------------------------------------------------------------

    async def _names(self) -> dict[str, str]:
        """What banks and mobile operators are called by themselves, by component; empty for all others."""
        return {each.id: each.own_name for each in await self.listing()}

    def _id(self) -> str:
        return references.written(self.ids.octets(references.OCTETS))

    def _new(self, new: NewIncident, names: Mapping[str, str], actor: str) -> Incident:
        now = self.clock.now()
        aware = now if new.aware_at is None else new.aware_at
        started = min(now, aware) if new.started_at is None else new.started_at
        reading.moments(started, aware, now=now)
        components = reading.components(new.components, names)
        functions = reading.functions_of(components) if new.functions is None else new.functions
        title, sentence, text = (
            None if given is None else reading.words(given, what)
            for given, what in ((new.title, "title"), (new.sentence, "sentence"), (new.text, "text"))
        )
        publish = new.kind is Kind.OUTAGE if new.publish is None else new.publish
        words = reading.unnamed(text, self.wording.update(State.INVESTIGATING))
        first = Update(self.ids.identifier(), now, State.INVESTIGATING, new.impact, words, actor)
        return Incident(
            incident_id=self._id(),
            kind=new.kind,
            state=State.INVESTIGATING,
            impact=new.impact,
            title=reading.unnamed(title, self.wording.title(new.kind, components, names)),
            sentence=reading.unnamed(sentence, self.wording.sentence(new.kind, new.impact, components, names)),
            components=components,
            functions=functions,
            guides=self.wording.guides(functions, new.ways),
            technical=reading.technical(new.technical),
            extent=new.extent,
            started_at=started,
            aware_at=aware,
            published_at=now if publish else None,
            created_at=now,
            changed_at=now,
            updates=(first,),
        )

    def _changed(
        self, incident: Incident, change: Change, names: Mapping[str, str], *, actor: str, now: int
    ) -> tuple[Incident, Update | None]:
        if not incident.is_open and (change.state is not None or change.impact is not None):
            raise AlreadyResolved
        state, impact = change.state or incident.state, change.impact or incident.impact
        components = incident.components if change.components is None else reading.components(change.components, names)
        functions = incident.functions if change.functions is None else change.functions
        if change.functions is None and change.components is not None:
            functions = reading.functions_of(components)
        sentence = incident.sentence if change.sentence is None else reading.words(change.sentence, "sentence")
        usual = self.wording.sentence(incident.kind, incident.impact, incident.components, names)
        if change.sentence is None and dict(incident.sentence) == usual:
            sentence = self.wording.sentence(incident.kind, impact, components, names)
        changed = replace(
            incident,
            state=state,
            impact=impact,
            title=incident.title if change.title is None else reading.words(change.title, "title"),
            sentence=sentence,
            components=components,
            functions=functions,
            guides=self._guides(incident, change, functions),
            technical=incident.technical if change.technical is None else reading.technical(change.technical),
            extent=reading.extent(incident.extent, change.extent or {}),
            ended_at=reading.end(incident, change.ended_at, state, now=now),
            published_at=_published(incident, change.publish, now),
            changed_at=now,
        )
        if change.state is None and change.impact is None and change.text is None:
            return changed, None
        text = self.wording.update(state) if change.text is None else reading.words(change.text, "text")
        return changed, Update(self.ids.identifier(), now, state, impact, text, actor)

    def _guides(self, incident: Incident, change: Change, functions: tuple[Function, ...]) -> tuple[Guide, ...]:
        kept = {guide.function: guide.ways for guide in incident.guides}
        return self.wording.guides(functions, {**kept, **(change.ways or {})})

    def _taken(self, incident_id: str, now: int) -> Transaction[Incident]:
        wanted = references.read(incident_id) or ""
        if (yield from one(store.TAKE, wanted, now)) is None:
            raise UnknownIncident(public=f"There is no incident {wanted or 'with such an id'}")
        row = yield from one(store.BY_ID, wanted)
        if row is None:  # pragma: no cover - updated above
            raise UnknownIncident
        updates = yield from run(store.UPDATES, wanted)
        return store.read_incident(row, map(store.read_update, updates))

    def _told(self, act: str, subject: str, actor: str, details: object, now: int) -> Transaction[None]:
        yield from publishing(self.ids.identifier(), CHANGED, {"subject": subject}, now=now)
        yield from auditing(now, actor=actor, act=act, subject=subject, details=details)


def _published(incident: Incident, publish: bool | None, now: int) -> int | None:  # noqa: FBT001 - a member of Change
    if publish is None:
        return incident.published_at
    return (incident.published_at or now) if publish else None
