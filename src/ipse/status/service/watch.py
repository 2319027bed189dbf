"""Looks at the published files, judges, and remembers what changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Generic

import msgspec
import structlog

from ipse.kernel.clock import SECOND, Clock
from ipse.status.files import (
    INCIDENTS,
    OUTCOMES,
    PROBES,
    Component,
    FileError,
    IncidentsFile,
    OutcomesFile,
    Probe,
    ProbesFile,
    Published,
    read,
)
from ipse.status.model import OTHERS, REQUESTS, SCHEME, Board, Change, Check, Requests, Severity, Source, State
from ipse.status.rules import severity
from ipse.status.rules.checks import follow, silent
from ipse.status.service.history import History
from ipse.status.settings import StatusSettings

log = structlog.get_logger("ipse.status")
_SEE_SECONDS: Final = 10
_KINDS: Final = ("enrolment-bank", "mobile-operator")


@dataclass
class Reading(Generic[Published]):
    """One published file and what it said last."""

    path: Path
    kind: type[Published]
    content: Published | None = None
    _stamp: tuple[int, int] | None = None
    _told: str = ""

    def look(self) -> bool:
        """Read it if it changed; whether it says something new. What cannot be read changes nothing but the log."""
        try:
            found = self.path.stat()
            stamp = (found.st_mtime_ns, found.st_ino)
        except OSError:
            return False
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        try:
            content = read(self.path, self.kind)
        except FileError as error:
            self._tell(str(error))
            return False
        self._tell("")
        changed = content is not None and content != self.content
        self.content = content or self.content
        return changed

    def source(self, now: int, silent_seconds: int) -> Source:
        """Whether it is still written."""
        written = self.content.written_at if self.content else None
        return Source(self.path.name, written, written is None or now - written > silent_seconds)

    def _tell(self, what: str) -> None:
        if what and what != self._told:
            log.warning("file.unreadable", told=what)
        self._told = what


@dataclass
class Watch:
    """The one who looks. `board` is what it saw last."""

    settings: StatusSettings
    clock: Clock
    history: History
    board: Board = field(default=Board(0, (), (), (), ()))
    _checks: dict[str, dict[str, Check]] = field(default_factory=dict)
    _requests: dict[str, Requests] = field(default_factory=dict)
    _seen_at: int = 0

    def __post_init__(self) -> None:
        """Know where the files are."""
        folder = Path(self.settings.folder)
        self.incidents = Reading(folder / INCIDENTS, IncidentsFile)
        self.outcomes = Reading(folder / OUTCOMES, OutcomesFile)
        self.probes = Reading(folder / PROBES, ProbesFile)

    async def look(self) -> list[Change]:
        """Look once; what has changed since."""
        now = self.clock.now() // SECOND
        await self._note_gaps(now)
        self.incidents.look()
        if self.outcomes.look() and self.outcomes.content:
            self._count(self.outcomes.content)
        if self.probes.look() and self.probes.content:
            self._follow(self.probes.content)
        sources = tuple(
            reading.source(now, self.settings.silent_seconds)
            for reading in (self.incidents, self.outcomes, self.probes)
        )
        self._silence(now, *sources)
        changes = []
        states = []
        for component in self._components():
            state, change = await self._judged(component, now)
            states.append(state)
            if change is not None:
                changes.append(change)
        published = self.incidents.content
        self.board = Board(
            now,
            tuple(states),
            published.incidents if published else (),
            published.maintenance if published else (),
            sources,
        )
        return changes

    def published(self) -> dict[str, Any]:
        """`incidents.json` as it was read last; empty before."""
        content = self.incidents.content
        found: dict[str, Any] = {} if content is None else msgspec.to_builtins(content)
        return found

    async def _note_gaps(self, now: int) -> None:
        """Where nobody looked for long, nothing was known; and from time to time, that somebody looks."""
        if self._seen_at and now - self._seen_at > self.settings.silent_seconds:
            await self.history.interrupted(self._seen_at)
            self._checks.clear()
        if now - self._seen_at >= _SEE_SECONDS or not self._seen_at:
            await self.history.looked(now)
            self._seen_at = now

    def _components(self) -> Iterable[Component]:
        """What the scheme offers; until it publishes, what the probes name."""
        published = self.incidents.content
        if published and published.components:
            return [component for component in published.components if component.offered]
        names = [name for probe in self._probes() for name in probe.components]
        return [Component(name, kind_of(name), {}) for name in dict.fromkeys(names)]

    def _probes(self) -> tuple[Probe, ...]:
        return self.probes.content.probes if self.probes.content else ()

    def _count(self, outcomes: OutcomesFile) -> None:
        for each in outcomes.components:
            requests = severity.counted(kind_of(each.id), each.last_5_minutes)
            self._requests[each.id] = requests
            seen = severity.of_requests(outcomes.written_at, requests)
            checks = self._checks.setdefault(each.id, {})
            before = checks.get(REQUESTS, Check())
            checks[REQUESTS] = silent(before, outcomes.written_at) if seen is None else follow(before, seen)

    def _follow(self, probes: ProbesFile) -> None:
        for probe in probes.probes:
            for component in probe.components:
                checks = self._checks.setdefault(component, {})
                for sample in probe.samples:
                    checks[probe.name] = follow(checks.get(probe.name, Check()), severity.of_sample(sample))

    def _silence(self, now: int, incidents: Source, outcomes: Source, probes: Source) -> None:
        """Let what is not heard of any more be unknown."""
        interval = self.probes.content.interval_seconds if self.probes.content else 0
        oldest = now - self.settings.silent_seconds - interval
        named = {(component, probe.name) for probe in self._probes() for component in probe.components}
        for component, checks in self._checks.items():
            for name, check in checks.items():
                if name == REQUESTS:
                    gone = outcomes.is_silent
                else:
                    heard = check.last is not None and check.last.at >= oldest
                    gone = probes.is_silent or not heard or (component, name) not in named
                if gone and name != SCHEME:
                    checks[name] = silent(check, now)
        quiet = [source for source in (incidents, outcomes) if source.written_at is not None and source.is_silent]
        for one in self._components():
            checks = self._checks.setdefault(one.id, {})
            checks.pop(SCHEME, None)
            # Where the probes are silent too, it is this machine that hears nothing.
            if quiet and not probes.is_silent and one.kind not in OTHERS:
                since = max(source.written_at or 0 for source in quiet)
                checks[SCHEME] = Check(Severity.DEGRADED, since, reason="the scheme publishes nothing any more")

    async def _judged(self, component: Component, now: int) -> tuple[State, Change | None]:
        checks = {name: check for name, check in self._checks.get(component.id, {}).items() if _tells(name, check)}
        found, since, why = severity.judge(checks)
        window = self._window(component.id, now)
        if window is not None:
            found, since, why = Severity.MAINTENANCE, window, ""
        last, change = self.history.last(component.id), None
        if last is None or last.severity is not found:
            change = await self.history.add(Change(component.id, since or now, found, why))
            last = change
        requests = self._requests.get(component.id)
        name: Mapping[str, str] = component.name
        return State(component.id, component.kind, name, found, last.since, why, checks, requests), change

    def _window(self, component: str, now: int) -> int | None:
        """When the announced window began that runs now."""
        windows = self.incidents.content.maintenance if self.incidents.content else ()
        return next((window.starts_at for window in windows if window.covers(component, now)), None)


def _tells(name: str, check: Check) -> bool:
    """Whether to show a check: that there are too few requests is no news."""
    return name != REQUESTS or check.severity is not Severity.UNKNOWN


def kind_of(component: str) -> str:
    """The kind that an id begins with."""
    return next((kind for kind in _KINDS if component.startswith(f"{kind}-")), component)
