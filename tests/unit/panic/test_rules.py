"""Panic codes: their form, and what their check digits find."""

from __future__ import annotations

import pytest

from ipse.panic import rules

CODE = "123456789012"


def test_a_printed_code_is_read_however_it_is_typed() -> None:
    printed = rules.groups(rules.whole(CODE))
    assert [len(group) for group in printed.split()] == [4, 4, 4, 2]
    for typed in (printed, printed.replace(" ", ""), printed.replace(" ", "-"), f"  {printed}\n"):
        assert rules.read(typed) == CODE


def test_every_single_wrong_digit_and_every_swap_is_found() -> None:
    whole = rules.whole(CODE)
    for at, right in enumerate(whole):
        for wrong in "0123456789":
            assert wrong == right or rules.read(whole[:at] + wrong + whole[at + 1 :]) is None
    for at in range(len(whole) - 1):
        swapped = whole[:at] + whole[at + 1] + whole[at] + whole[at + 2 :]
        assert swapped == whole or rules.read(swapped) is None


@pytest.mark.parametrize("typed", ["", "1", "12345678901234567", "١٢٣٤٥٦٧٨٩٠١٢٣٤", "abcdefghijklmn", "0" * 14])
def test_other_texts_are_not_codes(typed: str) -> None:
    assert rules.read(typed) is None


def test_codes_fill_their_digits() -> None:
    assert rules.code_of(bytes(16)) == "0" * 12
    assert len(rules.code_of(b"\xff" * 16)) == 12
