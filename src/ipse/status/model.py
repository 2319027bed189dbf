"""How a component is, how that is known, and what became of it over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ipse.status.files import Incident, Maintenance

DAY: Final = 86_400
SCHEME: Final = "scheme"
"""The check whether the scheme still publishes."""
REQUESTS: Final = "requests"
"""The check of how real requests end."""


class Severity(StrEnum):
    """How a component is. Computed from real requests and probes, never typed in."""

    OPERATIONAL = "operational"
    MAINTENANCE = "maintenance"
    """An announced window runs."""
    UNKNOWN = "unknown"
    """Nothing tells: what would, is silent."""
    DEGRADED = "degraded"
    """Works, slowly or with some failures."""
    PARTIAL_OUTAGE = "partial_outage"
    """Fails for some people, or in some ways."""
    MAJOR_OUTAGE = "major_outage"
    """Fails for everybody."""

    @property
    def rank(self) -> int:
        """The higher, the worse."""
        return _RANKS[self]

    @property
    def is_down(self) -> bool:
        """Whether the time counts as an outage."""
        return self in {Severity.PARTIAL_OUTAGE, Severity.MAJOR_OUTAGE}


_RANKS: Final = {severity: rank for rank, severity in enumerate(Severity)}


class Certainty(StrEnum):
    """Whether a state was seen twice in a row."""

    HARD = "hard"
    SOFT = "soft"
    """Another outcome was seen once: the next one decides."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One outcome of a check."""

    at: float
    """Seconds UTC."""
    severity: Severity
    """What this outcome alone would mean for the component."""
    reason: str = ""
    milliseconds: int = 0
    steps: Mapping[str, int] = field(default_factory=dict)
    """Milliseconds of each step."""


@dataclass(frozen=True, slots=True)
class Check:
    """What is believed of one check after all it saw."""

    severity: Severity = Severity.UNKNOWN
    since: int = 0
    last: Seen | None = None
    other: Severity | None = None
    """What was seen last and is not believed yet."""
    other_since: int = 0
    reason: str = ""
    """Of the state that is believed."""

    @property
    def certainty(self) -> Certainty:
        """Whether the next outcome may change the state."""
        return Certainty.HARD if self.other is None else Certainty.SOFT


@dataclass(frozen=True, slots=True)
class Change:
    """From this moment on a component was like this."""

    component: str
    since: int
    severity: Severity
    why: str = ""
    """Which check said so, in words for specialists."""


@dataclass(frozen=True, slots=True)
class Uptime:
    """Of a time, in seconds."""

    measured: int
    """Known, and not in an announced window."""
    down: int
    """Of these, an outage."""
    maintenance: int = 0

    @property
    def share(self) -> float | None:
        """Per cent without an outage; None where nothing was measured."""
        return None if not self.measured else 100 * (self.measured - self.down) / self.measured


@dataclass(frozen=True, slots=True)
class Requests:
    """How real requests of the last five minutes ended."""

    total: int
    failed: int


@dataclass(frozen=True, slots=True)
class State:
    """One component now."""

    component: str
    kind: str
    name: Mapping[str, str]
    severity: Severity
    since: int
    why: str
    checks: Mapping[str, Check]
    requests: Requests | None

    def __hash__(self) -> int:
        return hash((self.component, self.severity, self.since))


@dataclass(frozen=True, slots=True)
class Source:
    """A file that is read."""

    name: str
    written_at: int | None
    """Seconds UTC; None: there is none."""
    is_silent: bool


@dataclass(frozen=True, slots=True)
class Board:
    """Everything there is to show."""

    at: int
    """When it was judged, in seconds UTC."""
    states: tuple[State, ...]
    incidents: tuple[Incident, ...]
    maintenance: tuple[Maintenance, ...]
    sources: tuple[Source, ...]

    @property
    def severity(self) -> Severity:
        """Of the whole: the worst component.

        One bank or mobile operator is a part of it: down it makes a partial outage, unknown it changes nothing.
        """
        worst = Severity.OPERATIONAL if self.states else Severity.UNKNOWN
        for state in self.states:
            found = state.severity
            if state.kind in OTHERS:
                found = {Severity.MAJOR_OUTAGE: Severity.PARTIAL_OUTAGE, Severity.UNKNOWN: worst}.get(found, found)
            worst = max(worst, found, key=lambda one: one.rank)
        return worst

    def state(self, component: str) -> State | None:
        """One component."""
        return next((state for state in self.states if state.component == component), None)

    def open_incidents(self) -> tuple[Incident, ...]:
        """What an operator has told of and not ended."""
        return tuple(incident for incident in self.incidents if incident.ended_at is None)


OTHERS: Final = frozenset({"enrolment-bank", "enrolment-card", "mobile-operator"})
"""Kinds of components of which there are several: one alone stops nobody who has an identity."""
