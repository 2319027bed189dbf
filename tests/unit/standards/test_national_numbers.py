"""Check digits of Belgian numbers: the published samples, and every digit changed."""

from __future__ import annotations

import pytest

from ipse.standards.national_numbers import (
    belgian_century,
    compact,
    is_belgian_card,
    is_test_number,
)


@pytest.mark.parametrize(
    ("number", "century"),
    [
        ("99060427181", 1900),
        ("01050399864", 2000),
        ("71715100070", None),
        ("90422899954", 1900),
        ("00000000097", 1900),
        ("9906042718", None),
        ("990604271811", None),
        ("9906042718a", None),
        ("٩٩٠٦٠٤٢٧١٨١", None),
    ],
)
def test_the_check_digits_tell_the_century(number: str, century: int | None) -> None:
    assert belgian_century(number) == century


def test_no_changed_digit_of_the_sample_passes() -> None:
    number = "99060427181"
    for place in range(11):
        for digit in "0123456789":
            changed = number[:place] + digit + number[place + 1 :]
            assert (belgian_century(changed) == 1900) == (changed == number)


def test_serials_of_nobody_are_test_numbers() -> None:
    assert is_test_number("90022899902")
    assert is_test_number("90022800004")
    assert not is_test_number("99060427181")


@pytest.mark.parametrize(
    ("number", "right"),
    [
        ("431522485012", True),
        ("431522485013", False),
        ("000000000097", True),
        ("000000000000", False),
        ("B123456789", True),
        ("B12345678", False),
    ],
)
def test_card_numbers(number: str, right: bool) -> None:
    assert is_belgian_card(number) == right


def test_printed_forms_are_read() -> None:
    assert compact("99.06.04-271.81") == "99060427181"
