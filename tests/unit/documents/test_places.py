"""Boxes on pages that are turned and cut, and the letters of what is drawn in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.documents.errors import DocumentNotSignable
from ipse.documents.model import Box
from ipse.documents.pdf.pages import Sheet
from ipse.documents.pdf.stamping import _FONTS, _font_for


@given(
    turned=st.sampled_from([0, 90, 180, 270]),
    corner=st.tuples(st.integers(-100, 100), st.integers(-100, 100)),
    box=st.tuples(st.integers(0, 200), st.integers(0, 200), st.integers(1, 200), st.integers(1, 200)),
)
def test_a_box_comes_back_as_it_went(turned: int, corner: tuple[int, int], box: tuple[int, int, int, int]) -> None:
    x, y = corner
    sheet = Sheet((x, y, x + 400, y + 420), turned)
    left, top, width, height = box
    placed = Box(page=3, left=left, top=top, width=width, height=height)
    inside = sheet.inside(placed)
    assert x <= inside[0] < inside[2] <= x + 400
    assert y <= inside[1] < inside[3] <= y + 420
    assert sheet.outside(inside, 3) == placed


@pytest.mark.parametrize(
    ("turned", "expected"),
    [(0, (10, 170, 40, 180)), (90, (20, 10, 30, 40)), (180, (60, 20, 90, 30)), (270, (70, 160, 80, 190))],
)
def test_the_upper_left_corner_is_that_of_the_page_as_shown(turned: int, expected: tuple[int, ...]) -> None:
    box = Box(page=1, left=10, top=20, width=30, height=10)
    assert Sheet((0, 0, 100, 200), turned).inside(box) == expected


def test_a_box_outside_is_refused() -> None:
    with pytest.raises(DocumentNotSignable):
        Sheet((0, 0, 100, 200), 90).inside(Box(page=1, left=0, top=90, width=10, height=20))


@pytest.mark.parametrize(
    ("name", "font"),
    [
        ("Ängström Évrard", 0),
        ("Łukasz Đorđević", 0),
        ("Șerban Țîru", 0),
        ("Γεώργιος", 1),
        ("Жечев", 1),
        ("Ǆ", 1),
        ("日本", 1),
    ],
)
def test_every_european_name_has_its_letters(name: str, font: int) -> None:
    assert _font_for([name]) == _FONTS[font]
