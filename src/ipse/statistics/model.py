"""Counts, and what is told of them. Times are microseconds UTC, durations seconds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

BOUNDS: Final = (5, 10, 20, 30, 60, 120)
"""Seconds from the beginning of a request to its approval, by which durations are kept."""


class Outcome(StrEnum):
    """How a request ended."""

    APPROVED = "approved"
    REJECTED = "rejected"
    """By the person."""
    CANCELLED = "cancelled"
    """By the browser or partner that began it."""
    EXPIRED = "expired"
    """Nobody decided in time."""
    STOPPED = "stopped"
    """By a rule of the scheme: the level was not reached, the identity blocked, the risk too high."""
    FAILED = "failed"
    """Something of ours failed after the approval."""
    REFUSED = "refused"
    """At the door: the partner's request was wrong. Its request log says why."""
    OPEN = "open"
    """Still waits for its person."""


ERRORS: Final = frozenset({Outcome.FAILED, Outcome.REFUSED})
"""What counts as an error: not what people or the scheme's rules decide."""


class Grain(StrEnum):
    """How finely counts are kept."""

    HOUR = "hour"
    """For 8 days."""
    DAY = "day"
    """For ever."""


@dataclass(frozen=True, slots=True)
class Tally:
    """So many requests of one kind that ended alike. `within` belongs to `BOUNDS`; all but `times` is of approvals."""

    partner_id: str
    service_code: str
    kind: str
    """The type of the service; empty for what was refused at the door."""
    outcome: str
    method: str
    """Of approvals: `code`, `fingerprint`, or what stood in for the phone; else empty."""
    times: int
    microseconds: int = 0
    """Sum of the durations of approvals."""
    within: tuple[int, ...] = (0, 0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Known:
    """What the register says of a service today."""

    service_code: str
    partner_id: str
    partner_name: str
    service_name: Mapping[str, str]
    type: str
    sector: str
    """Empty: nobody said."""
    active: bool


@dataclass(frozen=True)
class Sources:
    """What features count of their own rows; `app` hands them in."""

    requests: Callable[[int, int], Awaitable[Sequence[Tally]]]
    """Requests that began in a span of time, by what became of them until now."""
    earliest: Callable[[], Awaitable[int | None]]
    """When the oldest request began that is still known."""
    refusals: Callable[[int, int], Awaitable[Sequence[Tally]]]
    """Requests that were refused at the door in a span of time."""
    enrolled: Callable[[], Awaitable[int]]
    """People who have an identity now."""
    new_people: Callable[[int, int], Awaitable[int]]
    """People whose account was made in a span of time."""
    active_people: Callable[[int, frozenset[str]], Awaitable[int]]
    """People who approved something since a time, at another partner than those."""
    services: Callable[[], Awaitable[Sequence[Known]]]
    """All services that are registered."""
    without: frozenset[str]
    """Partners that are in no figure: of the login that the scheme makes itself, to see whether it works."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Requests of a span of time together."""

    outcomes: Mapping[str, int] = field(default_factory=dict)
    """By `Outcome`."""
    methods: Mapping[str, int] = field(default_factory=dict)
    """Approvals by how people proved themselves."""
    microseconds: int = 0
    within: tuple[int, ...] = (0, 0, 0, 0, 0, 0)

    @property
    def requests(self) -> int:
        """All that have ended."""
        return sum(times for outcome, times in self.outcomes.items() if outcome != Outcome.OPEN)

    @property
    def approved(self) -> int:
        """Those that were approved."""
        return self.outcomes.get(Outcome.APPROVED, 0)

    @property
    def errors(self) -> int:
        """Those that a fault ended, of the partner or ours."""
        return sum(self.outcomes.get(outcome, 0) for outcome in ERRORS)

    @property
    def error_rate(self) -> float:
        """Errors among all that ended, 0 to 1."""
        return self.errors / self.requests if self.requests else 0.0

    @property
    def approval_rate(self) -> float:
        """Approvals among all that ended, 0 to 1."""
        return self.approved / self.requests if self.requests else 0.0


class AlertKind(StrEnum):
    """What may be wrong with a service."""

    ERRORS = "errors"
    """Too many of its requests are wrong, or fail."""
    ABANDONED = "abandoned"
    """Too many of its requests are decided by nobody."""
    SLOW = "slow"
    """Half of the approvals take longer than they should."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A threshold that was crossed. `value` and `threshold` are shares (0 to 1), or seconds for `SLOW`."""

    kind: AlertKind
    service_code: str
    value: float
    threshold: float


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a service deserves a look."""

    errors: float = 0.05
    abandoned: float = 0.5
    slow_seconds: float = 60.0
    least: int = 20
    """Fewer requests than these say nothing."""


@dataclass(frozen=True, slots=True)
class Point:
    """One hour or day of a series."""

    at: int
    totals: Totals


@dataclass(frozen=True, slots=True)
class ServiceFigures:
    """One service of a partner. A request refused before its service was known has an empty code."""

    service_code: str
    totals: Totals
    median_seconds: float | None
    """From the request to its approval; None without approvals."""
    slow_seconds: float | None
    """95 of 100 approvals are not slower."""
    alerts: tuple[Alert, ...]


@dataclass(frozen=True, slots=True)
class PartnerFigures:
    """What a partner may see of its own use, up to now."""

    partner_id: str
    since: int
    until: int
    totals: Totals
    median_seconds: float | None
    slow_seconds: float | None
    services: tuple[ServiceFigures, ...]
    """Those with the most requests first."""
    grain: Grain
    """Of `series`: hours for spans of at most 8 days, else days."""
    series: tuple[Point, ...]
    """Every hour or day of the span, oldest first, also empty ones."""
    alerts: tuple[Alert, ...]
    """Of all services, over the last hour."""


@dataclass(frozen=True, slots=True)
class Live:
    """How it goes now, for operators."""

    at: int
    seconds: int
    """The span that is looked at: what was asked for, or beyond two hours whole hours."""
    totals: Totals
    median_seconds: float | None
    slow_seconds: float | None
    today: Totals
    """Since midnight UTC."""
    people: int | None
    """Enrolled, as last counted; None before the first time."""
    partners: tuple[PartnerFigures, ...]
    """Those with requests in the span, the most first; `series` is empty."""
    alerts: tuple[Alert, ...]


KINDS: Final = ("authentication", "identification", "data_sharing", "confirmation", "signing")
"""Kinds of use, in the order in which they are told."""
APP: Final = frozenset({"code", "fingerprint"})
"""Manners of approval with the phone; every other goes without."""
WAYS: Final = ("app", "card", "other")
FALLBACKS: Final = ("eid_card", "bank", "passkey", "totp", "sheet")
GOVERNMENT: Final = "government"


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a public table. A cell is None where its number is not told."""

    name: str
    """A month (`2026-11`), a day, or a word of ours."""
    cells: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One public table."""

    name: str
    columns: tuple[str, ...]
    """Words of ours."""
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Used:
    """A service with how often it was used."""

    service: Known
    times: int


@dataclass(frozen=True, slots=True)
class Published:
    """What everybody may see, of whole days. A number is None where it is too small, or not known."""

    until: date
    """The last day that is in it."""
    closed: date
    """The last day of everything but new people: in production the end of a month."""
    smallest: int
    people: int | None
    """Rounded down to a multiple of `smallest`, as in the table; shares and growth are of such numbers."""
    share: float | None
    """Of the adult population, 0 to 1."""
    growth: float | None
    """Against the same day a year before."""
    active: float | None
    """Share of people who approved something in the last 30 days."""
    uses: float | None
    """Approvals of each person in the last whole month."""
    month: date
    """That month."""
    signatures: int | None
    """In that month."""
    tables: tuple[Table, ...]
    """`people`, `new_people`, `requests`, `partners`, `methods`, `fallbacks`."""
    top: Mapping[str, tuple[Used, ...]]
    """The services used most, by sector, over the last twelve months."""

    def table(self, name: str) -> Table:
        """A table by its name.

        Raises:
            KeyError: there is none.
        """
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(name)
