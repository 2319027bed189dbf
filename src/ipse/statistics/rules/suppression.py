"""Hiding small numbers of public tables, so that those which stand do not tell them (complementary suppression).

In a table with sums, a cell is known from the others of its row where it alone is hidden. More than that: seen as a
graph between rows and columns, with an edge for each hidden cell, a cell is told exactly where its edge is a bridge.
So every hidden cell is made one corner of a rectangle of hidden cells: no edge of a cycle is a bridge.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

Cells = Sequence[Sequence[int]]
Hidden = set[tuple[int, int]]
_SMALL_SUM = 10**12
"""Costs more than any cell: two hidden cells whose sum is small would be told as one small number."""


def hide_in_line(values: Sequence[int], smallest: int) -> list[int | None]:
    """A line whose sum is known from elsewhere: at least two are hidden, and together they are not small."""
    hidden = {place for place, value in enumerate(values) if 0 < value < smallest}
    for place in sorted(range(len(values)), key=lambda place: (values[place] == 0, values[place])):
        if not hidden or (len(hidden) > 1 and sum(values[one] for one in hidden) >= smallest):
            break
        hidden.add(place)
    return [None if place in hidden else value for place, value in enumerate(values)]


def hide_in_table(cells: Cells, smallest: int) -> list[list[int | None]]:
    """A table whose last row and last column are the sums of the others: all stand, or are hidden, together."""
    hidden = {
        (row, column) for row, line in enumerate(cells) for column, value in enumerate(line) if 0 < value < smallest
    }
    while open_ := [place for place in sorted(hidden) if not _is_corner(place, hidden, cells)]:
        found = _rectangle(open_[0], hidden, cells, smallest)
        if not found <= hidden:
            hidden |= found
            continue
        return [[None for _ in line] for line in cells]  # too small a table to hide anything in
    return [
        [None if (row, column) in hidden else value for column, value in enumerate(line)]
        for row, line in enumerate(cells)
    ]


def with_sums(cells: Iterable[Iterable[int]]) -> list[list[int]]:
    """The table with a column and a row of sums."""
    lines = [list(line) for line in cells]
    lines = [[*line, sum(line)] for line in lines]
    return [*lines, [sum(column) for column in zip(*lines, strict=True)]]


def _corners(place: tuple[int, int], cells: Cells) -> Iterable[Hidden]:
    row, column = place
    rows = (other for other in range(len(cells)) if other != row)
    columns = [other for other in range(len(cells[0])) if other != column]
    for other_row, other_column in product(rows, columns):
        yield {place, (row, other_column), (other_row, column), (other_row, other_column)}


def _is_corner(place: tuple[int, int], hidden: Hidden, cells: Cells) -> bool:
    return any(corners <= hidden for corners in _corners(place, cells))


def _rectangle(place: tuple[int, int], hidden: Hidden, cells: Cells, smallest: int) -> Hidden:
    """The rectangle that costs least to hide."""

    def cost(corners: Hidden) -> tuple[int, list[tuple[int, int]]]:
        new = sum(cells[row][column] for row, column in corners - hidden)
        row, column = place
        across = sum(cells[one][other] for one, other in corners if one == row)
        down = sum(cells[one][other] for one, other in corners if other == column)
        return new + _SMALL_SUM * ((across < smallest) + (down < smallest)), sorted(corners)

    return min(_corners(place, cells), key=cost, default={place})
