"""One spelling of a phone number, whatever was typed."""

from __future__ import annotations

import pytest

from ipse.standards.phone_numbers import normalised


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("+32 485694175", "+32 485694175"),
        ("+32485694175", "+32 485694175"),
        ("+32 (0)485 69.41.75", "+32 485694175"),
        ("0032 485/69-41-75", "+32 485694175"),
        ("+352 621 123 456", "+352 621123456"),
        ("+1 212 555 0123", "+1 2125550123"),
        ("+39 06 1234 5678", "+39 0612345678"),
    ],
)
def test_numbers_are_brought_to_one_form(typed: str, number: str) -> None:
    assert normalised(typed) == number


@pytest.mark.parametrize(
    "typed", ["", "0485694175", "+32", "+32 abc", "+0 123456789", "+3248569417512345", "+٣٢ ٤٨٥٦٩٤١٧٥", "+32 00485"]
)
def test_anything_else_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="country code"):
        normalised(typed)
