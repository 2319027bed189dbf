"""What is read: docs/reference/status-files.md, as types. Members that nobody here knows are skipped."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, TypeVar

import msgspec

MOST_BYTES: Final = 4_000_000
VERSION: Final = 1
INCIDENTS: Final = "incidents.json"
OUTCOMES: Final = "outcomes.json"
PROBES: Final = "probes.json"

Text = Mapping[str, str]
"""A text by language."""


class Component(msgspec.Struct, frozen=True):
    """A part of the service, as the scheme names it."""

    id: str
    kind: str
    name: Text
    offered: bool = True


class Update(msgspec.Struct, frozen=True):
    """One word in an incident's timeline."""

    id: str
    at: int
    state: str
    text: Text


class Guide(msgspec.Struct, frozen=True):
    """How to go on meanwhile."""

    function: str
    text: Text
    ways: tuple[str, ...] = ()


class PostMortem(msgspec.Struct, frozen=True):
    """What was learnt."""

    published_at: int
    text: Text


class Incident(msgspec.Struct, frozen=True):
    """What an operator tells of."""

    id: str
    kind: str
    state: str
    impact: str
    title: Text
    sentence: Text
    started_at: int
    changed_at: int
    ended_at: int | None = None
    components: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    updates: tuple[Update, ...] = ()
    guides: tuple[Guide, ...] = ()
    technical: str = ""
    post_mortem: PostMortem | None = None

    def __hash__(self) -> int:
        return hash(self.id)


class Maintenance(msgspec.Struct, frozen=True):
    """A planned window."""

    id: str
    title: Text
    text: Text
    components: tuple[str, ...]
    starts_at: int
    ends_at: int
    announced_at: int
    cancelled_at: int | None = None

    def __hash__(self) -> int:
        return hash(self.id)

    def covers(self, component: str, at: int) -> bool:
        """Whether the component is in this window at that moment. What was announced too late is none."""
        return (
            self.cancelled_at is None
            and component in self.components
            and self.announced_at < self.starts_at <= at < self.ends_at
        )


class Channel(msgspec.Struct, frozen=True):
    """An official way to reach the scheme."""

    kind: str
    value: str
    hours: str = ""


class Help(msgspec.Struct, frozen=True):
    """What the help centre says of this installation."""

    channels: tuple[Channel, ...] = ()
    status_address: str = ""
    telephone_block: str = ""
    """The number of the menu that blocks an identity with a printed code."""


class IncidentsFile(msgspec.Struct, frozen=True, tag_field="format", tag="ipse-incidents"):
    """`incidents.json`."""

    version: int
    written_at: int
    scheme: str = ""
    environment: str = ""
    address: str = ""
    app_address: str = ""
    components: tuple[Component, ...] = ()
    incidents: tuple[Incident, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()
    help: Help = Help()


class Counts(msgspec.Struct, frozen=True):
    """How requests ended."""

    ok: int = 0
    person: int = 0
    ours: int = 0
    partner: int = 0


class Outcomes(msgspec.Struct, frozen=True):
    """Of one component."""

    id: str
    last_5_minutes: Counts = Counts()
    last_60_minutes: Counts = Counts()


class OutcomesFile(msgspec.Struct, frozen=True, tag_field="format", tag="ipse-outcomes"):
    """`outcomes.json`."""

    version: int
    written_at: int
    components: tuple[Outcomes, ...] = ()


class Sample(msgspec.Struct, frozen=True, omit_defaults=True):
    """One try of a probe."""

    at: float
    """When it ended."""
    outcome: Literal["ok", "slow", "failed"]
    milliseconds: int
    effect: Literal["degraded", "partial", "full"] | None = None
    """What a failure means for the components."""
    step: str = ""
    """Where it failed."""
    reason: str = ""
    """In words for specialists; no secrets, nobody's data."""
    steps: Mapping[str, int] = msgspec.field(default_factory=dict)
    """Milliseconds of each step, where there are several."""


class Probe(msgspec.Struct, frozen=True):
    """One probe and its newest tries, oldest first."""

    name: str
    components: tuple[str, ...]
    samples: tuple[Sample, ...]


class ProbesFile(msgspec.Struct, frozen=True, tag_field="format", tag="ipse-probes"):
    """`probes.json`."""

    version: int
    written_at: int
    interval_seconds: float
    probes: tuple[Probe, ...] = ()


Published = TypeVar("Published", IncidentsFile, OutcomesFile, ProbesFile)


class FileError(Exception):
    """A file that says nothing; the text says why."""


def read(path: Path, kind: type[Published]) -> Published | None:
    """What a file says; None where there is none.

    Raises:
        FileError: it is too large, of another version, or no such file.
    """
    try:
        with path.open("rb") as file:
            octets = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FileError(f"{path.name} cannot be read: {error.strerror}") from error
    if len(octets) > MOST_BYTES:
        raise FileError(f"{path.name} has more than {MOST_BYTES} bytes")
    try:
        found = msgspec.json.decode(octets, type=kind)
    except (msgspec.DecodeError, ValueError) as error:
        raise FileError(f"{path.name} is not understood: {error}") from error
    if found.version != VERSION:
        raise FileError(f"{path.name} is of version {found.version}; this process reads version {VERSION}")
    return found
