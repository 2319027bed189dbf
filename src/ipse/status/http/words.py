"""Times, names and numbers as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from ipse.kernel.clock import SECOND
from ipse.status.files import Text
from ipse.status.model import Severity, State, Uptime
from ipse.status.rules.calendar import Day
from ipse.status.rules.uptime import percent
from ipse.status.service.feed import component_name, said
from ipse.web.pages import Pages

STEP: Final = 4
"""Width of a day in a bar."""
HEIGHT: Final = 28


@dataclass(frozen=True, slots=True)
class Words:
    """One language."""

    pages: Pages
    language: str

    @property
    def zone(self) -> ZoneInfo:
        """In which times are written."""
        return self.pages.moments.zone

    def text(self, id_: str, /, **values: object) -> str:
        """A text of ours."""
        return self.pages.text(self.language, id_, **values)

    def called(self, group: str, name: str) -> str:
        """What people call one of a group of things; its own name where nobody has a word for it."""
        try:
            return self.text(f"status.{group}.{name}")
        except KeyError:
            return name

    def said(self, text: Text) -> str:
        """A text of the scheme's."""
        return said(text, self.language)

    def name(self, state: State) -> str:
        """What people call a component."""
        return component_name(state.component, state.kind, state.name, self.language, self.text)

    def month(self, first: date, *, short: bool = False) -> str:
        """`November 2026`, or `Nov 2026`."""
        return self.pages.moments.month(first, self.language, short=short)

    def moment(self, at: int) -> str:
        """`22 Nov 2026, 14:03`."""
        return self.pages.moments.moment(at * SECOND, self.language)

    def clock(self, at: int) -> str:
        """`14:03:22`."""
        return f"{datetime.fromtimestamp(at, self.zone):%H:%M:%S}"

    def iso(self, at: int) -> str:
        """For programs that read the page."""
        return datetime.fromtimestamp(at, self.zone).isoformat()

    def length(self, seconds: int) -> str:
        """`1 h 12 min`, `40 s`."""
        minutes, rest = divmod(max(0, seconds), 60)
        hours, minutes = divmod(minutes, 60)
        if hours:
            return f"{hours} h {minutes} min" if minutes else f"{hours} h"
        return f"{minutes} min" if minutes else f"{rest} s"

    def share(self, uptime: Uptime) -> str:
        """`99.987 %` as this language writes it; a dash where nothing was measured."""
        found = percent(uptime)
        if found is None:
            return "–"
        found = "100" if not uptime.down else found
        written = found if self.language == "en" else found.replace(".", ",")
        return f"{written}\u00a0%"


def bar(days: Sequence[Day]) -> list[tuple[str, str]]:
    """A bar of days as SVG paths, one for each severity."""
    paths: dict[Severity, list[str]] = {}
    for place, day in enumerate(days):
        paths.setdefault(day.severity, []).append(f"M{place * STEP + STEP // 2} 0v{HEIGHT}")
    return [(severity.value, "".join(path)) for severity, path in paths.items()]
