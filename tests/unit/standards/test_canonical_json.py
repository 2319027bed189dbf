"""RFC 8785, for the values that are allowed here."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.standards.canonical_json import CanonicalJsonError, canonical, digest

VALUES = st.recursive(
    st.text() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def test_the_strings_of_the_specification() -> None:
    """RFC 8785 §3.2.2, without its fractions."""
    value = {"string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/", "literals": [True, False]}
    expected = '{"literals":[true,false],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    assert canonical(value).decode() == expected


def test_the_order_of_the_specification() -> None:
    """RFC 8785 §3.2.3: by UTF-16 code units, so that an emoji comes before U+FB33."""
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    ordered = json.loads(canonical(dict.fromkeys(names, "x")), object_pairs_hook=lambda pairs: [n for n, _ in pairs])
    assert ordered == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


@pytest.mark.parametrize("value", [1.5, None, [None], {"a": 1.0}, 2**53, {1: "x"}, "\ud800", {"\udfff": "x"}, b"x"])
def test_what_has_no_form_here(value: object) -> None:
    with pytest.raises(CanonicalJsonError):
        canonical(value)


@given(VALUES)
def test_any_value_comes_back_and_has_one_form(value: object) -> None:
    written = canonical(value)
    assert json.loads(written) == value
    assert canonical(json.loads(written)) == written


def test_the_digest() -> None:
    expected = urlsafe_b64encode(hashlib.sha256(b'[{"a":"\xc3\xa9","type":"x"}]').digest()).rstrip(b"=").decode()
    assert digest([{"type": "x", "a": "é"}]) == expected
