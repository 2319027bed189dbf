"""Draws a visible signature: who, when and why, in letters of their own, upright on a page that is turned."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from io import BytesIO
from typing import Final

from fontTools.ttLib import TTFont
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.font.opentype import GlyphAccumulator
from pyhanko.pdf_utils.generic import pdf_name, pdf_string
from pyhanko.pdf_utils.writer import BasePdfFileWriter

from ipse.documents.model import Stamp
from ipse.documents.pdf.pages import MATRICES

_FONTS: Final = tuple(
    resources.files("ipse.documents").joinpath("fonts", name).read_bytes()
    for name in ("atkinson-hyperlegible-next.ttf", "noto-sans.ttf")
)
"""The house's letters, and others for names that those cannot write: Greek, Cyrillic, rare Latin."""
_KNOWN: Final = tuple(frozenset(TTFont(BytesIO(font)).getBestCmap()) for font in _FONTS)
_INK, _SOFT, _BLUE, _WARNING = "0.07 0.13 0.22 rg", "0.33 0.38 0.45 rg", "0.16 0.38 0.70 rg", "0.72 0.11 0.11 rg"
_WHITE: Final = "1 1 1 rg"
_HEADING, _NAME, _LINES, _MARK = 0.8, 1.3, 0.85, 0.75
"""Sizes of letters, of one unit that is chosen so that everything fits."""
_SPACING: Final = 1.28
_MARGIN: Final = 6.0
_BAR: Final = 2.5
_LARGEST: Final = 12.0
_BAND: Final = 1.35
"""How high the band of the mark is."""
_MIDDLE: Final = 0.34
"""How far below the middle of a line its letters stand."""


@dataclass(frozen=True)
class _Line:
    text: str
    size: float
    colour: str


@dataclass(frozen=True)
class Drawing:
    """What a signature field shows."""

    stamp: Stamp
    turned: int
    """By how much the page is shown turned."""

    def apply(self, annotation: generic.DictionaryObject, writer: BasePdfFileWriter) -> None:
        """Give a field its appearance."""
        left, bottom, right, top = map(float, annotation["/Rect"])
        across, up = abs(right - left), abs(top - bottom)
        if not across or not up:
            return
        width, height = (across, up) if self.turned % 180 == 0 else (up, across)
        font = GlyphAccumulator(writer, BytesIO(_font_for(self._texts())), font_size=10)
        drawn = generic.StreamObject(stream_data=self._content(font, width, height))
        drawn.update(
            {
                pdf_name("/Type"): pdf_name("/XObject"),
                pdf_name("/Subtype"): pdf_name("/Form"),
                pdf_name("/BBox"): _numbers(0, 0, width, height),
                pdf_name("/Matrix"): _numbers(*MATRICES[self.turned], 0, 0),
                pdf_name("/Resources"): generic.DictionaryObject(
                    {pdf_name("/Font"): generic.DictionaryObject({pdf_name("/F"): font.as_resource()})}
                ),
            }
        )
        drawn.compress()
        annotation[pdf_name("/AP")] = generic.DictionaryObject({pdf_name("/N"): writer.add_object(drawn)})
        annotation[pdf_name("/Contents")] = pdf_string("\n".join(self._texts()))
        writer.update_container(annotation)

    def _texts(self) -> list[str]:
        stamp = self.stamp
        return [text for text in (stamp.mark, stamp.heading, stamp.name, *stamp.lines) if text]

    def _content(self, font: GlyphAccumulator, width: float, height: float) -> bytes:
        """The operators: a white ground, a bar, the mark on a band of its own, the lines."""
        margin = min(_MARGIN, height / 8, width / 16)
        lines, mark = self._lines(), self.stamp.mark
        rows = sum(line.size for line in lines) * _SPACING + (_BAND if mark else 0)
        unit = max(min(_LARGEST, (height - 2 * margin) / rows), 0.1)
        drawn = [f"q {_WHITE} 0 0 {width:.2f} {height:.2f} re f", f"{_BLUE} 0 0 {_BAR} {height:.2f} re f"]
        room = width - 2 * margin - _BAR
        top = height
        if mark:
            band = _BAND * unit
            top -= band
            drawn.append(f"{_WARNING} {_BAR} {top:.2f} {width - _BAR:.2f} {band:.2f} re f")
            drawn.append(_text(font, _Line(mark, _MARK, _WHITE), unit, room, (_BAR + margin, top + band / 2)))
        down = top - (top - (rows - (_BAND if mark else 0)) * unit) / 2
        for line in lines:
            step = line.size * unit * _SPACING
            drawn.append(_text(font, line, unit, room, (_BAR + margin, down - step / 2)))
            down -= step
        return ("\n".join(drawn) + "\nQ").encode("latin-1")

    def _lines(self) -> list[_Line]:
        stamp = self.stamp
        lines = [_Line(stamp.heading, _HEADING, _BLUE)] if stamp.heading else []
        lines.append(_Line(stamp.name, _NAME, _INK))
        lines += [_Line(text, _LINES, _SOFT) for text in stamp.lines[:4] if text]
        return lines


def _text(font: GlyphAccumulator, line: _Line, unit: float, room: float, place: tuple[float, float]) -> str:
    """A line, made smaller where it would be too long; `place` is its left end, in the middle of its height."""
    shaped = font.shape(line.text)
    size = min(line.size * unit, room / shaped.x_advance if shaped.x_advance else _LARGEST)
    left, middle = place
    matrix = f"1 0 0 1 {left:.2f} {middle - _MIDDLE * size:.2f} Tm"
    return f"BT {line.colour} /F {size:.3f} Tf {matrix} {shaped.graphics_ops.decode('latin-1')} ET"


def _font_for(texts: list[str]) -> bytes:
    """The first font that has every letter; the last one where none has."""
    letters = {ord(letter) for text in texts for letter in text}
    return next((font for font, known in zip(_FONTS, _KNOWN, strict=True) if letters <= known), _FONTS[-1])


def _numbers(*values: float) -> generic.ArrayObject:
    return generic.ArrayObject(generic.FloatObject(round(value, 3)) for value in values)
