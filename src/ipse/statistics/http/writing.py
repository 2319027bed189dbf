"""Writing figures as people of each language read them: tiles, tables, charts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from markupsafe import Markup

from ipse.statistics.model import Line, Published, Table, Used
from ipse.statistics.rules import charts, public
from ipse.web.moments import Moments
from ipse.web.pages import Pages

HEADS: Final = {"new_people": "day", "partners": "kind", "methods": "way"}
"""What the first column of a table holds, where that is no month."""
_NARROW: Final = frozenset({"people", "new_people", "partners", "methods"})
_FOLDED: Final = frozenset({"new_people"})


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes figures in one language, for the page."""

    pages: Pages
    language: str

    def text(self, id_: str, /, **values: object) -> str:
        """One text of ours."""
        return self.pages.text(self.language, f"statistics.{id_}", **values)

    def day(self, day: date) -> str:
        """A day."""
        return self.pages.moments.calendar_day(day, self.language)

    def number(self, value: float) -> str:
        """A number."""
        return Moments.number(value, self.language)

    def tiles(self, found: Published) -> list[tuple[str, str, str]]:
        """The few numbers at the top; what is not known has none."""
        month = self.pages.moments.month(found.month, self.language)
        share = self._share
        tiles = [
            ("people", self.text("tile.people"), self._or_none(found.people, self.number)),
            ("share", self.text("tile.share"), self._or_none(found.share, share)),
            (
                "growth",
                self.text("tile.growth"),
                self._or_none(found.growth, lambda value: Moments.change(value, self.language)),
            ),
            ("active", self.text("tile.active"), self._or_none(found.active, share)),
            (
                "uses",
                self.text("tile.uses", month=month),
                self._or_none(found.uses, lambda value: self.number(round(value, 1))),
            ),
            ("signatures", self.text("tile.signatures", month=month), self._or_none(found.signatures, self.number)),
        ]
        return [tile for tile in tiles if tile[2]]

    def card(self, table: Table, found: Published) -> dict[str, object]:
        """One table with its chart."""
        scheme, name = self.pages.scheme, table.name
        title = self.text(f"{name}.title", **({"scheme": scheme} if name == "requests" else {}))
        columns = [self._column(column) for column in table.columns]
        stacked = table.columns[-1] == public.TOTAL
        legend = list(zip(columns[:-1], charts.SERIES, strict=False)) if stacked else []
        return {
            "name": name,
            "title": title,
            "text": self.text(f"{name}.text"),
            "head": self.text(HEADS.get(name, "month")),
            "columns": columns,
            "lines": [(self._line_name(line, found), line.cells) for line in table.lines],
            "chart": self._chart(table, title),
            "legend": legend,
            "empty": not any(value is None or value for line in table.lines for value in line.cells),
            "narrow": name in _NARROW,
            "folded": name in _FOLDED,
        }

    def top(self, found: Published) -> list[tuple[str, list[tuple[str, int, Markup]]]]:
        """Each sector with its services, each with a bar against the one used most of all."""
        most = max((one.times for used in found.top.values() for one in used), default=1)
        return [
            (
                self.text(f"sector.{sector}"),
                [(self._name(one), one.times, charts.bar(one.times / most)) for one in used],
            )
            for sector, used in found.top.items()
        ]

    def _name(self, used: Used) -> str:
        return f"{used.service.partner_name}: {name_in(used.service.service_name, self.language)}"

    def _chart(self, table: Table, title: str) -> Markup:
        if table.name in {"partners", "methods"}:
            values = [(self._column(line.name), line.cells[0], self._told(line.cells[0])) for line in table.lines]
            return charts.rows(values, title)
        parts = [line.cells[:-1] if table.columns[-1] == public.TOTAL else line.cells for line in table.lines]
        largest = charts.largest_of(parts)
        words = charts.Words(title, {mark: self.number(mark) for mark in charts.marks(largest)})
        labels = self._labels(table.lines)
        if table.name == "people":
            return charts.line([cells[0] for cells in parts], labels, words)
        return charts.bars(parts, labels, words)

    def _labels(self, lines: Sequence[Line]) -> list[str]:
        """The first, the middle and the last stand below the chart."""
        told = {0, len(lines) // 2, len(lines) - 1}
        return [self._short(line.name) if place in told else "" for place, line in enumerate(lines)]

    def _short(self, name: str) -> str:
        moments = self.pages.moments
        if len(name) == len("2026-11"):
            return moments.month(date.fromisoformat(f"{name}-01"), self.language, short=True)
        return moments.short_day(date.fromisoformat(name), self.language)

    def _line_name(self, line: Line, found: Published) -> str:
        if not line.name[0].isdigit():
            return self._column(line.name)
        if len(line.name) != len("2026-11"):
            return self.day(date.fromisoformat(line.name))
        month = self.pages.moments.month(date.fromisoformat(f"{line.name}-01"), self.language)
        present = f"{found.closed + timedelta(days=1):%Y-%m}"  # none that is over
        return f"{month}, {self.text('so_far')}" if line.name == present else month

    def _column(self, name: str) -> str:
        return self.text(name if name in {public.TOTAL, public.COUNT} else f"column.{name}")

    def _told(self, value: int | None) -> str:
        return self.text("hidden") if value is None else self.number(value)

    def _share(self, value: float) -> str:
        return Moments.share(value, self.language)

    def _or_none(self, value: float | None, write: Callable[[float], str]) -> str:
        return "" if value is None else write(value)


def name_in(texts: Mapping[str, str], language: str) -> str:
    """A name in a language, else in English."""
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")
