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
_INK, _SOFT, _LINE, _WARNING = "0.07 0.13 0.22 rg", "0.33 0.38 0.45 rg", "0.16 0.38 0.70 rg", "0.72 0.11 0.11 rg"
_WHITE: Final = "1 1 1 rg"
_HEADING, _NAME, _LINES, _MARK = 0.8, 1.3, 0.85, 0.75
"""Sizes of letters, of one unit that is chosen so that everything fits."""
_SPACING: Final = 1.28
_MARGIN: Final = 6.0
_BAR: Final = 2.5
_LARGEST: Final = 12.0
_SMALLEST: Final = 3.0


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
        """The operators: a white ground, a bar, the lines, and the mark on a band of its own."""
        margin = min(_MARGIN, height / 8, width / 16)
        lines = self._lines()
        room = width - 2 * margin - _BAR
        widest = {line.text: font.shape(line.text).x_advance for line in lines}
        unit = min(_LARGEST, (height - 2 * margin) / sum(line.size * _SPACING for line in lines))
        unit = max(unit, min(_SMALLEST, height / len(lines) / _SPACING))
        drawn = [f"q {_WHITE} 0 0 {width:.2f} {height:.2f} re f", f"{_LINE} 0 0 {_BAR} {height:.2f} re f"]
        down = height - margin
        for line in lines:
            size = min(line.size * unit, room / widest[line.text]) if widest[line.text] else line.size * unit
            step = line.size * unit * _SPACING
            if line.colour == _WHITE:
                band = down - step + (0 if len(lines) == 1 else 0.15 * size)
                drawn.append(f"{_WARNING} {_BAR} {band:.2f} {width - _BAR:.2f} {height - band:.2f} re f")
            baseline = down - step + 0.38 * size
            shaped = font.shape(line.text).graphics_ops.decode("latin-1")
            place = f"1 0 0 1 {_BAR + margin:.2f} {baseline:.2f} Tm"
            drawn.append(f"BT {line.colour} /F {size:.3f} Tf {place} {shaped} ET")
            down -= step
        return ("\n".join(drawn) + "\nQ").encode("latin-1")

    def _lines(self) -> list[_Line]:
        stamp = self.stamp
        lines = [_Line(stamp.mark, _MARK, _WHITE)] if stamp.mark else []
        lines += [_Line(stamp.heading, _HEADING, _LINE)] if stamp.heading else []
        lines.append(_Line(stamp.name, _NAME, _INK))
        lines += [_Line(text, _LINES, _SOFT) for text in stamp.lines[:4] if text]
        return lines


def _font_for(texts: list[str]) -> bytes:
    """The first font that has every letter; the last one where none has."""
    letters = {ord(letter) for text in texts for letter in text}
    return next((font for font, known in zip(_FONTS, _KNOWN, strict=True) if letters <= known), _FONTS[-1])


def _numbers(*values: float) -> generic.ArrayObject:
    return generic.ArrayObject(generic.FloatObject(round(value, 3)) for value in values)
