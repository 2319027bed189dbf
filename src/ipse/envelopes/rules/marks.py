"""Where a signature shows: one of nine places, a box that somebody drew, or nowhere."""

from __future__ import annotations

import math
from typing import Final

from ipse.envelopes.errors import EnvelopeRefused
from ipse.envelopes.model import Mark, Paper, Size

PLACES: Final = ("top-left", "top", "top-right", "left", "middle", "right", "bottom-left", "bottom", "bottom-right")
INVISIBLE: Final = "invisible"
DRAWN: Final = "drawn"
SMALLEST: Final = (90.0, 32.0)
"""Points; less than this nobody can read."""
_LARGEST: Final = (200.0, 68.0)
_MARGIN: Final = 36.0
_GAP: Final = 8.0
_USUAL: Final = ("bottom-left", "bottom-right", "bottom", "left", "right", "middle", "top-left", "top-right", "top")


def usual(paper: Paper, order: int) -> Mark:
    """Where the signature of the signer in this place of the order goes if nobody says: free feet of the last page."""
    page = max(1, paper.pages - order // len(_USUAL))
    return at_place(paper, page, _USUAL[order % len(_USUAL)])


def usual_size(size: Size) -> tuple[float, float]:
    """Width and height of a box that nobody drew: three stand side by side on any page."""
    width = min(_LARGEST[0], max((size.width - 2 * _MARGIN - 2 * _GAP) / 3, SMALLEST[0]), size.width * 0.9)
    return round(width, 1), round(min(_LARGEST[1], size.height * 0.9), 1)


def at_place(paper: Paper, page: int, place: str) -> Mark:
    """The box of one of nine places on a page.

    Raises:
        EnvelopeRefused: no such page or place.
    """
    size = _size(paper, page)
    if place == INVISIBLE:
        return Mark(page)
    if place not in PLACES:
        raise EnvelopeRefused("no such place", why="place")
    width, height = usual_size(size)
    margin = min(_MARGIN, (size.width - width) / 2, (size.height - height) / 2)
    row, column = divmod(PLACES.index(place), 3)
    left = (margin, (size.width - width) / 2, size.width - width - margin)[column]
    top = (margin, (size.height - height) / 2, size.height - height - margin)[row]
    return Mark(page, round(left, 1), round(top, 1), round(width, 1), round(height, 1))


def drawn(paper: Paper, page: int, box: tuple[float, float, float, float]) -> Mark:
    """A box as parts of the page (left, top, width, height, each 0 to 1), put inside it and made readable.

    Raises:
        EnvelopeRefused: no such page, or no numbers.
    """
    size = _size(paper, page)
    if not all(math.isfinite(part) and 0 <= part <= 1 for part in box):
        raise EnvelopeRefused("a box outside the page", why="place")
    width = min(max(box[2] * size.width, SMALLEST[0]), size.width)
    height = min(max(box[3] * size.height, SMALLEST[1]), size.height)
    left = min(box[0] * size.width, size.width - width)
    top = min(box[1] * size.height, size.height - height)
    return Mark(page, round(left, 1), round(top, 1), round(width, 1), round(height, 1))


def parts(paper: Paper, mark: Mark) -> tuple[float, float, float, float]:
    """A box as parts of its page, for the page that shows it."""
    size = _size(paper, mark.page)
    found = (mark.left / size.width, mark.top / size.height, mark.width / size.width, mark.height / size.height)
    return (round(found[0], 5), round(found[1], 5), round(found[2], 5), round(found[3], 5))


def place_of(paper: Paper, mark: Mark) -> str:
    """Which of the nine places a mark is at; `drawn` for any other, `invisible` for none."""
    if not mark.visible:
        return INVISIBLE
    return next((place for place in PLACES if at_place(paper, mark.page, place) == mark), DRAWN)


def _size(paper: Paper, page: int) -> Size:
    if not 1 <= page <= paper.pages:
        raise EnvelopeRefused("no such page", why="page")
    return paper.sizes[page - 1]
