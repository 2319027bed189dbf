"""References that people read out on the telephone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.kernel import references


@given(st.binary(min_size=5, max_size=5))
def test_what_was_written_is_read_however_it_is_typed(octets: bytes) -> None:
    written = references.written(octets)
    assert references.read(written) == written
    assert references.read(f" {written.lower().replace('-', ' ')} ") == written
    assert not {*written} & {*"ILOU"}


def test_letters_that_look_like_digits_are_understood() -> None:
    assert references.read("oil0-0il0") == "0110-0110"


@pytest.mark.parametrize("typed", ["", "7QK2", "7QK2-M4P", "7QK2-M4PXX", "7QK2-M4PU", "7QK2-M4P!", "é" * 8])
def test_anything_else_is_none(typed: str) -> None:
    assert references.read(typed) is None
