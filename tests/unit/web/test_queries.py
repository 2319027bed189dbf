"""The quick reader of queries and forms, against the standard library's."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.web.queries import parse_pairs

MOST = 8


def _slow(text: str) -> list[tuple[str, str]] | None:
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST)
    except ValueError:
        return None


def _quick(text: str) -> list[tuple[str, str]] | None:
    try:
        return parse_pairs(text, most=MOST)
    except ValueError:
        return None


@given(st.text(alphabet="ab=&+%2037cCéFf;?/ \x00", max_size=40).map(lambda text: text.encode().decode("latin-1")))
def test_same_as_the_standard_library(text: str) -> None:
    ascii_only = text.encode("ascii", "ignore").decode()
    assert _quick(ascii_only) == _slow(ascii_only)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("a=1&b=2&a=3", [("a", "1"), ("b", "2"), ("a", "3")]),
        ("a&b=&=c&&", [("a", ""), ("b", ""), ("", "c")]),
        ("scope=openid%20service%3AX+y&name=%C3%A9", [("scope", "openid service:X y"), ("name", "é")]),
        ("a=b=c;d", [("a", "b=c;d")]),
        ("a=%zz%", [("a", "%zz%")]),
    ],
)
def test_examples(text: str, expected: list[tuple[str, str]]) -> None:
    assert parse_pairs(text, most=MOST) == expected


@pytest.mark.parametrize("text", ["a=%ff", "%c3=1", "&".join("abcdefghi")])
def test_what_is_not_utf_8_or_too_much_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_pairs(text, most=MOST)
