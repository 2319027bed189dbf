"""Charts: well-formed, escaped, within their picture, without any style of their own."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from ipse.statistics.rules import charts


def words(largest: float) -> charts.Words:
    return charts.Words("A & <b>", {mark: f"{mark:,.0f}" for mark in charts.marks(largest)})


@pytest.mark.parametrize("largest", [0, 1, 3, 7, 9, 10, 99, 100, 101, 6_400, 98_765, 12_345_678])
def test_an_axis_has_few_round_marks_up_to_beyond_the_largest(largest: float) -> None:
    found = charts.marks(largest)
    assert found[0] == 0
    assert found[-1] >= largest
    assert 2 <= len(found) <= 6
    assert all(mark == int(mark) for mark in found)


def pictures() -> list[str]:
    labels = ["Nov 2025", "", "Nov 2026"]
    return [
        charts.bars([(5, 3), (None, None), (70_000, 0)], labels, words(70_003)),
        charts.line([1, None, 12_345_678], labels, words(12_345_678)),
        charts.rows([("Bank & <Sons>", 5, "5"), ("Small", None, "hidden")], "Rows"),
        charts.bar(0.3),
    ]


@pytest.mark.parametrize("picture", pictures())
def test_a_chart_is_a_picture_that_names_its_colours_by_class_alone(picture: str) -> None:
    root = ET.fromstring(picture)
    wide, tall = (float(side) for side in root.attrib["viewBox"].split()[2:])
    for element in root.iter():
        assert not {"style", "fill", "stroke", "onload"} & set(element.attrib)
        for name in ("x", "x1", "x2", "cx"):
            assert 0 <= float(element.attrib.get(name, 0)) <= wide, ET.tostring(element)
        for name in ("y", "y1", "y2", "cy"):
            assert 0 <= float(element.attrib.get(name, 0)) <= tall, ET.tostring(element)
    assert root.attrib.get("aria-label") or root.attrib.get("aria-hidden")
    assert "<b>" not in picture
    assert "<Sons>" not in picture


def test_what_is_hidden_is_drawn_as_such_and_a_line_breaks_there() -> None:
    bars, line, *_ = pictures()
    assert bars.count('class="unsaid"') == 1
    path = re.search(r'd="([^"]+)"', line)
    assert path is not None
    assert path[1].count("M") == 2
