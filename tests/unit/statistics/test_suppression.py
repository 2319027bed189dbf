"""Small numbers stay hidden, whatever the rest of a table tells."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ipse.statistics.rules.suppression import hide_in_line, hide_in_table, with_sums

SMALLEST = 10


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([50, 60], [50, 60]),
        ([0, 60], [0, 60]),
        ([3, 60, 90], [None, None, 90]),
        ([3, 4, 60, 90], [None, None, None, 90]),
        ([6, 7, 60], [None, None, 60]),
        ([3], [None]),
        ([3, 0], [None, None]),
    ],
)
def test_in_a_line_with_a_known_sum_no_small_number_is_told(values: list[int], shown: list[int | None]) -> None:
    assert hide_in_line(values, SMALLEST) == shown


def test_large_tables_stand_as_they_are() -> None:
    cells = with_sums([[20, 30], [0, 50]])
    assert hide_in_table(cells, SMALLEST) == cells


@given(
    some.integers(1, 5).flatmap(
        lambda wide: some.lists(
            some.lists(some.one_of(some.integers(0, 12), some.integers(0, 500)), min_size=wide, max_size=wide),
            min_size=1,
            max_size=6,
        )
    )
)
def test_nobody_can_reckon_a_hidden_number_from_those_that_stand(cells: list[list[int]]) -> None:
    table = with_sums(cells)
    shown = hide_in_table(table, SMALLEST)
    hidden = [(row, column) for row, line in enumerate(shown) for column, value in enumerate(line) if value is None]
    for row, line in enumerate(table):
        for column, value in enumerate(line):
            assert shown[row][column] == value or (row, column) in hidden
            assert (row, column) in hidden or not 0 < value < SMALLEST
    assert not told(shown, hidden)


def told(shown: list[list[int | None]], hidden: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The hidden places that the equations of the sums decide."""
    equations = []
    last_row, last_column = len(shown) - 1, len(shown[0]) - 1
    lines = [[(row, column) for column in range(last_column + 1)] for row in range(last_row + 1)]
    lines += [[(row, column) for row in range(last_row + 1)] for column in range(last_column + 1)]
    for line in lines:
        coefficients = [Fraction(0)] * len(hidden)
        for place in line:
            if place in hidden:
                coefficients[hidden.index(place)] = Fraction(-1 if place == line[-1] else 1)
        equations.append(coefficients)
    reduced = reduce(equations)
    return [hidden[place] for place in range(len(hidden)) if unit(place, len(hidden)) in reduced]


def unit(place: int, length: int) -> list[Fraction]:
    return [Fraction(int(place == other)) for other in range(length)]


def reduce(rows: list[list[Fraction]]) -> list[list[Fraction]]:
    """The rows in reduced echelon form: an unknown is decided where its row is a unit."""
    rows, place = [list(row) for row in rows], 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((row for row in range(place, len(rows)) if rows[row][column]), None)
        if pivot is None:
            continue
        rows[place], rows[pivot] = rows[pivot], rows[place]
        rows[place] = [value / rows[place][column] for value in rows[place]]
        for other in range(len(rows)):
            if other != place and rows[other][column]:
                factor = rows[other][column]
                rows[other] = [a - factor * b for a, b in zip(rows[other], rows[place], strict=True)]
        place += 1
    return rows
