"""Drafts of notifications: what the law asks, with what is known filled in and the rest marked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from ipse.incidents.model import Clock, Duty, Extent, Incident, Kind, Threshold
from ipse.kernel.clock import text as moment

MOST_NOTE: Final = 500
_COMMON: Final = ("organisation", "contact", "incident", "kind", "aware", "started", "ended", "description", "services")
_REACH: Final = ("people", "partners")
FIELDS: Final[dict[Duty, tuple[str, ...]]] = {
    Duty.EIDAS_NOTIFICATION: (*_COMMON, *_REACH, "thresholds", "malicious", "border", "measures"),
    Duty.EIDAS_PERSONS: ("organisation", "contact", "description", "services", "consequences", "measures", "advice"),
    Duty.EIDAS_SUSPENSION: (*_COMMON, "suspended", "border", "measures"),
    Duty.EIDAS_REMEDY: (*_COMMON, "cause", "suspended", "measures"),
    Duty.NIS2_WARNING: (*_COMMON, "malicious", "border"),
    Duty.NIS2_NOTIFICATION: (*_COMMON, *_REACH, "thresholds", "malicious", "border", "indicators", "measures"),
    Duty.NIS2_FINAL: (*_COMMON, *_REACH, "thresholds", "cause", "measures", "border", "timeline"),
    Duty.GDPR_AUTHORITY: (
        *_COMMON, "officer", "data", "people", "consequences", "measures", "delay",
    ),
    Duty.GDPR_PERSONS: ("organisation", "officer", "description", "data", "consequences", "measures", "advice"),
    Duty.CRA_WARNING: (*_COMMON, "vulnerability", "border"),
    Duty.CRA_NOTIFICATION: (*_COMMON, "vulnerability", "indicators", "measures", "advice"),
    Duty.CRA_FINAL: (*_COMMON, "vulnerability", "cause", "fixed", "measures"),
}  # fmt: skip
"""What each notification holds, in order."""


class Say(Protocol):
    """A text by its id, in one language."""

    def __call__(self, id_: str, /, **values: object) -> str:
        """The text."""


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that can be filled in."""

    organisation: str
    incident: Incident
    clock: Clock
    thresholds: tuple[Threshold, ...]


def draft(known: Known, language: str, say: Say) -> str:
    """One notification in one language, as text."""
    duty = known.clock.duty
    due = "-" if known.clock.due_at is None else moment(known.clock.due_at)
    lines = [
        f"# {say(f'incidents.draft.title.{duty}')}",
        "",
        f"{known.clock.law} · {say('incidents.draft.due')}: {due}",
        "",
    ]
    for field in FIELDS[duty]:
        fill = _FILLED.get(field)
        value = "" if fill is None else fill(known, language, say)
        lines += [f"## {say(f'incidents.draft.field.{field}')}", value or say("incidents.draft.fill"), ""]
    return "\n".join(lines).rstrip() + "\n"


def _counts(limited: int | None, compromised: int | None, of: int | None, say: Say) -> str:
    count = max((each for each in (limited, compromised) if each is not None), default=None)
    if count is None:
        return say("incidents.draft.not_known")
    return str(count) if of is None else say("incidents.draft.of", count=count, of=of)


def _people(known: Known, _language: str, say: Say) -> str:
    extent = known.incident.extent
    return _counts(extent.limited_people, extent.compromised_people, extent.people, say)


def _partners(known: Known, _language: str, say: Say) -> str:
    extent = known.incident.extent
    return _counts(extent.limited_partners, extent.compromised_partners, extent.partners, say)


def _ended(known: Known, _language: str, say: Say) -> str:
    ended_at = known.incident.ended_at
    return say("incidents.draft.goes_on") if ended_at is None else moment(ended_at)


def _description(known: Known, language: str, _say: Say) -> str:
    incident = known.incident
    latest = incident.updates[0].text[language] if incident.updates else ""
    return "\n".join(part for part in (incident.title[language], latest, incident.technical) if part)


def _measured(known: Known, _language: str, say: Say) -> str:
    lines = []
    for each in known.thresholds:
        mark, what = "x" if each.crossed else " ", say(f"incidents.threshold.{each.letter}")
        lines.append(f"[{mark}] ({each.letter}) {what}: {each.measured} ({each.limit})")
    return "\n".join(lines)


def _timeline(known: Known, language: str, _say: Say) -> str:
    return "\n".join(
        f"{moment(each.at)} {each.state}: {each.text[language]}" for each in reversed(known.incident.updates)
    )


def _malicious(known: Known, _language: str, say: Say) -> str:
    if known.incident.kind is Kind.OUTAGE and not _breached(known.incident.extent):
        return ""
    return say("incidents.draft.not_known")


def _breached(extent: Extent) -> bool:
    return extent.physical_breach or extent.personal_data or bool(extent.compromised_people)


def _fixed(known: Known, _language: str, _say: Say) -> str:
    fixed_at = known.incident.extent.fixed_at
    return "" if fixed_at is None else moment(fixed_at)


_FILLED: Final[dict[str, Callable[[Known, str, Say], str]]] = {
    "organisation": lambda known, _language, _say: known.organisation,
    "incident": lambda known, _language, _say: known.incident.incident_id,
    "kind": lambda known, _language, say: say(f"incidents.kind.{known.incident.kind}"),
    "aware": lambda known, _language, _say: moment(known.incident.aware_at),
    "started": lambda known, _language, _say: moment(known.incident.started_at),
    "ended": _ended,
    "description": _description,
    "services": lambda known, _language, _say: ", ".join(known.incident.components),
    "people": _people,
    "partners": _partners,
    "thresholds": _measured,
    "malicious": _malicious,
    "fixed": _fixed,
    "timeline": _timeline,
}
"""What can be filled in; everything else is for whoever writes."""
