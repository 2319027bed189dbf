"""Places on a page: as it is shown, turned and cut, and as the file itself counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.rw_common import PdfHandler

from ipse.documents.errors import DocumentNotSignable
from ipse.documents.model import Box

Rectangle = tuple[float, float, float, float]
"""Left, bottom, right, top."""
_DEEPEST: Final = 64
"""Nodes between the root of the page tree and a page."""
_LETTER: Final[Rectangle] = (0, 0, 612, 792)
MATRICES: Final = {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}
"""How a picture is turned in the file, so that it stands upright on a page that is shown turned."""


@dataclass(frozen=True)
class Sheet:
    """What part of the plane a page shows, and by how much it is turned clockwise."""

    shown: Rectangle
    turned: int

    @property
    def size(self) -> tuple[float, float]:
        """Width and height, as shown."""
        left, bottom, right, top = self.shown
        across, up = right - left, top - bottom
        return (across, up) if self.turned % 180 == 0 else (up, across)

    def inside(self, box: Box) -> Rectangle:
        """A box in the file's own coordinates.

        Raises:
            DocumentNotSignable: it does not lie on the page.
        """
        width, height = self.size
        slack = 0.5
        if min(box.left, box.top) < -slack or box.width < 1 or box.height < 1:
            raise DocumentNotSignable("the signature would lie outside the page")
        if box.left + box.width > width + slack or box.top + box.height > height + slack:
            raise DocumentNotSignable("the signature would lie outside the page")
        one = self._point(box.left, box.top)
        other = self._point(box.left + box.width, box.top + box.height)
        (left, right), (bottom, top) = sorted((one[0], other[0])), sorted((one[1], other[1]))
        return left, bottom, right, top

    def _point(self, across: float, down: float) -> tuple[float, float]:
        left, bottom, right, top = self.shown
        match self.turned:
            case 90:
                return left + down, bottom + across
            case 180:
                return right - across, bottom + down
            case 270:
                return right - down, top - across
            case _:
                return left + across, top - down

    def outside(self, rectangle: Rectangle, page: int) -> Box:
        """A rectangle of the file, as it is shown."""
        left, bottom, right, top = self.shown
        one, two = (rectangle[0], rectangle[1]), (rectangle[2], rectangle[3])
        points = []
        for x, y in (one, two):
            match self.turned:
                case 90:
                    points.append((y - bottom, x - left))
                case 180:
                    points.append((right - x, y - bottom))
                case 270:
                    points.append((top - y, right - x))
                case _:
                    points.append((x - left, top - y))
        (x0, y0), (x1, y1) = points
        return Box(page=page, left=min(x0, x1), top=min(y0, y1), width=abs(x1 - x0), height=abs(y1 - y0))


def sheet(handler: PdfHandler, number: int) -> Sheet:
    """A page, from 1.

    Raises:
        DocumentNotSignable: there is none.
    """
    if not 1 <= number <= int(handler.root["/Pages"]["/Count"]):
        raise DocumentNotSignable("there is no such page")
    page = handler.find_page_for_modification(number - 1)[0].get_object()
    paper = rectangle_of(_inherited(page, "/MediaBox")) or _LETTER
    cut = rectangle_of(_inherited(page, "/CropBox")) or paper
    shown = (max(paper[0], cut[0]), max(paper[1], cut[1]), min(paper[2], cut[2]), min(paper[3], cut[3]))
    if shown[0] >= shown[2] or shown[1] >= shown[3]:
        shown = paper
    return Sheet(shown, _turn(_inherited(page, "/Rotate")))


def shown_box(handler: PdfHandler, number: int, rectangle: Rectangle) -> Box:
    """Where a rectangle of the file is seen."""
    return sheet(handler, number).outside(rectangle, number)


def page_of(handler: PdfHandler, page: object) -> int | None:
    """The number of a page, from 1, that something refers to."""
    if not isinstance(page, generic.IndirectObject):
        return None
    for number in range(int(handler.root["/Pages"]["/Count"])):
        if handler.find_page_for_modification(number)[0].reference == page.reference:
            return number + 1
    return None


def _inherited(page: generic.DictionaryObject, key: str) -> object:
    node = page
    for _ in range(_DEEPEST):
        if key in node:
            return node[key]
        if "/Parent" not in node:
            return None
        node = node["/Parent"]
    return None


def _turn(value: object) -> int:
    return int(value) % 360 if isinstance(value, int) and value % 90 == 0 else 0


def rectangle_of(value: object) -> Rectangle | None:
    """An array of four numbers as a rectangle."""
    if not isinstance(value, generic.ArrayObject) or len(value) != 4:
        return None
    numbers = [float(value[place]) for place in range(4)]
    (left, right), (bottom, top) = sorted(numbers[::2]), sorted(numbers[1::2])
    return left, bottom, right, top
