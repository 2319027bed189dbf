"""Charts as SVG, drawn on the server: no script, no style of their own, colours by the classes of `sections.css`.

A chart is a picture of the table beside it, so it says what it shows in one sentence and leaves the numbers to the
table. Drawn for a phone's width; texts are written by the caller, in the reader's language.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from markupsafe import Markup, escape

WIDTH: Final = 360
_HEIGHT: Final = 190
_RIGHT, _TOP, _BOTTOM = 6, 14, 22
_LETTER = 7.2
"""How wide a digit is, about."""
SERIES: Final = ("first", "second", "third", "fourth", "fifth")
"""Classes of parts that stand on one another, in this order."""
_MOST_MARKS = 4


@dataclass(frozen=True, slots=True)
class Words:
    """What a chart says: its name, and how a number is written."""

    title: str
    numbers: dict[float, str]
    """Every mark of the axis, as `marks` gives them, written out."""

    @property
    def left(self) -> float:
        """Where the axis begins: right of its numbers."""
        return 10 + _LETTER * max(map(len, self.numbers.values()))


def marks(largest: float) -> list[float]:
    """Round numbers for an axis, from 0 to beyond the largest value."""
    digits = len(f"{max(largest, 1):.0f}")
    steps = (factor * 10**power for power in range(digits) for factor in (1, 2, 5))
    step = next(step for step in steps if largest <= step * _MOST_MARKS)
    return [step * number for number in range(max(1, ceil(largest / step)) + 1)]


def largest_of(rows: Iterable[Sequence[int | None]]) -> int:
    """The tallest pile; what is hidden counts as nothing."""
    return max((sum(value or 0 for value in row) for row in rows), default=0)


def bars(rows: Sequence[Sequence[int | None]], labels: Sequence[str], words: Words) -> Markup:
    """One pile for each row. A row that is hidden is a short dashed line. `labels` may be empty where none fits."""
    top = max(words.numbers)
    wide = (WIDTH - words.left - _RIGHT) / max(len(rows), 1)
    parts = [_axis(words)]
    for place, (row, label) in enumerate(zip(rows, labels, strict=True)):
        left, foot = words.left + place * wide, float(_HEIGHT - _BOTTOM)
        gap = min(3.0, wide * 0.2)
        if all(value is None for value in row):
            parts.append(_line(left + gap, foot - 3, left + wide - gap, foot - 3, "unsaid"))
        for value, name in zip(row, SERIES, strict=False):
            tall = (value or 0) / top * (_HEIGHT - _TOP - _BOTTOM)
            foot -= tall
            if tall > 0:
                parts.append(_box(left + gap, foot, wide - 2 * gap, tall, name))
        if label:
            parts.append(_text(_inside(left + wide / 2, label), _HEIGHT - 6, label, "middle"))
    return _svg(_HEIGHT, parts, words.title)


def line(values: Sequence[int | None], labels: Sequence[str], words: Words) -> Markup:
    """A line over time; it breaks where a number is hidden or missing."""
    top = max(words.numbers)
    step = (WIDTH - words.left - _RIGHT) / max(len(values), 1)
    parts, path, pen = [_axis(words)], [], "M"
    for place, (value, label) in enumerate(zip(values, labels, strict=True)):
        across = words.left + (place + 0.5) * step
        if value is None:
            pen = "M"
        else:
            height = _HEIGHT - _BOTTOM - value / top * (_HEIGHT - _TOP - _BOTTOM)
            path.append(f"{pen}{across:.1f} {height:.1f}")
            parts.append(f'<circle class="first" cx="{across:.1f}" cy="{height:.1f}" r="3"/>')
            pen = "L"
        if label:
            parts.append(_text(_inside(across, label), _HEIGHT - 6, label, "middle"))
    parts.append(f'<path class="line" d="{"".join(path)}"/>' if path else "")
    return _svg(_HEIGHT, parts, words.title)


def rows(values: Sequence[tuple[str, int | None, str]], title: str) -> Markup:
    """A bar across for each name, with its number written at the end: name, value, and the number as written."""
    largest = max((value or 0 for _, value, _ in values), default=0) or 1
    height, parts = 44, []
    for place, (name, value, written) in enumerate(values):
        at = place * height
        parts.append(_text(0, at + 14, name, "start"))
        parts.append(_text(WIDTH, at + 14, written, "end"))
        parts.append(_box(0, at + 20, WIDTH, 12, "rest"))
        if value:
            parts.append(_box(0, at + 20, max(2.0, WIDTH * value / largest), 12, "first"))
    return _svg(max(height * len(values), 1), parts, title)


def bar(share: float) -> Markup:
    """One bar beside its number, which says all; 0 to 1."""
    parts = _box(0, 0, 100, 4, "rest") + _box(0, 0, max(1.0, 100 * share), 4, "first")
    svg = '<svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" focusable="false">{}</svg>'
    return Markup(svg).format(Markup(parts))  # noqa: S704 - made here, of numbers


def _svg(height: float, parts: Iterable[str], title: str) -> Markup:
    inner = Markup("").join(Markup(part) for part in parts)  # noqa: S704 - each part is made here, of numbers and escaped texts
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(WIDTH, height, title, inner)


def _axis(words: Words) -> str:
    top, parts = max(words.numbers), []
    for value, written in words.numbers.items():
        height = _HEIGHT - _BOTTOM - value / top * (_HEIGHT - _TOP - _BOTTOM)
        parts.append(_line(words.left, height, WIDTH - _RIGHT, height, "axis"))
        parts.append(_text(words.left - 6, height + 4, written, "end"))
    return "".join(parts)


def _inside(across: float, label: str) -> float:
    """Where a label stands whole: about six units for each letter."""
    half = len(label) * 3.1
    return min(max(across, half), WIDTH - half)


def _line(x1: float, y1: float, x2: float, y2: float, name: str) -> str:
    return f'<line class="{name}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _box(x: float, y: float, width: float, height: float, name: str) -> str:
    return f'<rect class="{name}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="1.5"/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
