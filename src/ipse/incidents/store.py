"""Tables `incidents_incidents` with `_updates` and `_duties`; `incidents_maintenance`, `incidents_refusals`."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ipse.incidents.model import (
    Duty,
    Extent,
    Function,
    Guide,
    Impact,
    Incident,
    Kind,
    Maintenance,
    Mark,
    PostMortem,
    Refusal,
    State,
    Update,
)
from ipse.storage.statement import Row, Statement

ADD = """
insert into incidents_incidents (incident_id, kind, state, impact, title, sentence, components, functions, guides,
  technical, extent, started_at, aware_at, ended_at, published_at, post_mortem, post_mortem_at, created_at, changed_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, null, $14, null, null, $15, $15)
returning incident_id
"""
# Locks the row: whoever changes an incident reads it so first.
TAKE = "update incidents_incidents set changed_at = $2 where incident_id = $1 returning incident_id"
BY_ID = """
select incident_id, kind, state, impact, title, sentence, components, functions, guides, technical, extent, started_at,
  aware_at, ended_at, published_at, post_mortem, post_mortem_at, created_at, changed_at
from incidents_incidents where incident_id = $1
"""
CHANGE = """
update incidents_incidents set state = $2, impact = $3, title = $4, sentence = $5, components = $6, functions = $7,
  guides = $8, technical = $9, extent = $10, ended_at = $11, published_at = $12, post_mortem = $13, post_mortem_at = $14
where incident_id = $1 returning incident_id
"""
# Open ones, and those that ended after $1.
SINCE = """
select incident_id, kind, state, impact, title, sentence, components, functions, guides, technical, extent, started_at,
  aware_at, ended_at, published_at, post_mortem, post_mortem_at, created_at, changed_at
from incidents_incidents where ended_at is null or ended_at > $1 order by started_at desc, incident_id
"""
# Those with a duty that somebody may have to be reminded of.
WITH_DUTIES = """
select incident_id, kind, state, impact, title, sentence, components, functions, guides, technical, extent, started_at,
  aware_at, ended_at, published_at, post_mortem, post_mortem_at, created_at, changed_at
from incidents_incidents where aware_at > $1 order by started_at desc, incident_id
"""
ADD_UPDATE = """
insert into incidents_updates (update_id, incident_id, at, state, impact, words, actor)
values ($1, $2, $3, $4, $5, $6, $7) returning update_id
"""
UPDATES = """
select update_id, incident_id, at, state, impact, words, actor
from incidents_updates where incident_id = $1 order by at desc, update_id
"""
UPDATES_SINCE = """
select incidents_updates.update_id, incidents_updates.incident_id, incidents_updates.at, incidents_updates.state,
  incidents_updates.impact, incidents_updates.words, incidents_updates.actor
from incidents_updates
join incidents_incidents on incidents_incidents.incident_id = incidents_updates.incident_id
where incidents_incidents.ended_at is null or incidents_incidents.ended_at > $1
order by incidents_updates.at desc, incidents_updates.update_id
"""
MARKS = "select duty, reminded, done_at, done_by, note from incidents_duties where incident_id = $1 order by duty"
# A reminder goes out once, whoever looks; no row where one of that share did already.
REMIND = """
insert into incidents_duties (incident_id, duty, reminded, done_at, done_by, note) values ($1, $2, $3, null, '', '')
on conflict (incident_id, duty) do update set reminded = excluded.reminded
  where incidents_duties.reminded < excluded.reminded and incidents_duties.done_at is null
returning duty
"""
DO = """
insert into incidents_duties (incident_id, duty, reminded, done_at, done_by, note) values ($1, $2, 0, $3, $4, $5)
on conflict (incident_id, duty) do update set done_at = excluded.done_at, done_by = excluded.done_by,
  note = excluded.note
  where incidents_duties.done_at is null
returning duty
"""
PLAN = """
insert into incidents_maintenance (maintenance_id, title, words, components, starts_at, ends_at, announced_at,
  cancelled_at)
values ($1, $2, $3, $4, $5, $6, $7, null) returning maintenance_id
"""
CALL_OFF = """
update incidents_maintenance set cancelled_at = $2 where maintenance_id = $1 and cancelled_at is null and ends_at > $2
returning maintenance_id
"""
MAINTENANCE_SINCE = """
select maintenance_id, title, words, components, starts_at, ends_at, announced_at, cancelled_at
from incidents_maintenance where ends_at > $1 order by starts_at, maintenance_id
"""
NOTE_REFUSAL = """
insert into incidents_refusals (reference, at, status, code, route, caller) values ($1, $2, $3, $4, $5, $6)
"""
REFUSALS = """
select reference, at, status, code, route, caller from incidents_refusals where reference = $1 order by at desc limit 10
"""
# Older than $1, or with $2 newer ones.
FORGET_REFUSALS = """
delete from incidents_refusals
where at < $1 or at < (select at from incidents_refusals order by at desc limit 1 offset $2)
returning reference
"""


def adding(incident: Incident) -> Statement:
    """The statement that writes a new incident."""
    values = (
        incident.incident_id, incident.kind, incident.state, incident.impact, _json(incident.title),
        _json(incident.sentence), _json(incident.components), _json(incident.functions), _json(incident.guides),
        incident.technical, _json(incident.extent), incident.started_at, incident.aware_at, incident.published_at,
        incident.created_at,
    )  # fmt: skip
    return Statement(ADD, values)


def changing(incident: Incident) -> Statement:
    """The statement that writes an incident's changed values."""
    mortem = incident.post_mortem
    values = (
        incident.incident_id, incident.state, incident.impact, _json(incident.title), _json(incident.sentence),
        _json(incident.components), _json(incident.functions), _json(incident.guides), incident.technical,
        _json(incident.extent), incident.ended_at, incident.published_at,
        None if mortem is None else _json(mortem.text), None if mortem is None else mortem.published_at,
    )  # fmt: skip
    return Statement(CHANGE, values)


def adding_update(incident_id: str, update: Update) -> Statement:
    """The statement that writes an entry of a timeline."""
    values = (
        update.update_id, incident_id, update.at, update.state, update.impact, _json(update.text), update.actor,
    )  # fmt: skip
    return Statement(ADD_UPDATE, values)


def planning(window: Maintenance) -> Statement:
    """The statement that writes planned maintenance."""
    values = (
        window.maintenance_id, _json(window.title), _json(window.text), _json(window.components), window.starts_at,
        window.ends_at, window.announced_at,
    )  # fmt: skip
    return Statement(PLAN, values)


def noting(at: int, reference: str, status: int, code: str, route: str, caller: str) -> Statement:
    """The statement that keeps a refusal."""
    return Statement(NOTE_REFUSAL, (reference, at, status, code, route, caller))


def read_refusal(row: Row) -> Refusal:
    """A row as a value."""
    return Refusal(
        reference=row["reference"],
        at=row["at"],
        status=row["status"],
        code=row["code"],
        route=row["route"],
        caller=row["caller"],
    )


def read_incident(row: Row, updates: Iterable[Update] = ()) -> Incident:
    """A row as a value, with its timeline."""
    mortem = row["post_mortem"]
    return Incident(
        incident_id=row["incident_id"],
        kind=Kind(row["kind"]),
        state=State(row["state"]),
        impact=Impact(row["impact"]),
        title=msgspec.json.decode(row["title"]),
        sentence=msgspec.json.decode(row["sentence"]),
        components=msgspec.json.decode(row["components"], type=tuple[str, ...]),
        functions=msgspec.json.decode(row["functions"], type=tuple[Function, ...]),
        guides=msgspec.json.decode(row["guides"], type=tuple[Guide, ...]),
        technical=row["technical"],
        extent=msgspec.json.decode(row["extent"], type=Extent),
        started_at=row["started_at"],
        aware_at=row["aware_at"],
        ended_at=row["ended_at"],
        published_at=row["published_at"],
        post_mortem=None if mortem is None else PostMortem(msgspec.json.decode(mortem), row["post_mortem_at"]),
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        updates=tuple(updates),
    )


def read_update(row: Row) -> Update:
    """A row as a value."""
    return Update(
        row["update_id"],
        row["at"],
        State(row["state"]),
        Impact(row["impact"]),
        msgspec.json.decode(row["words"]),
        row["actor"],
    )


def read_mark(row: Row) -> Mark:
    """A row as a value."""
    return Mark(Duty(row["duty"]), row["reminded"], row["done_at"], row["done_by"], row["note"])


def read_maintenance(row: Row) -> Maintenance:
    """A row as a value."""
    return Maintenance(
        maintenance_id=row["maintenance_id"],
        title=msgspec.json.decode(row["title"]),
        text=msgspec.json.decode(row["words"]),
        components=msgspec.json.decode(row["components"], type=tuple[str, ...]),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        announced_at=row["announced_at"],
        cancelled_at=row["cancelled_at"],
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
