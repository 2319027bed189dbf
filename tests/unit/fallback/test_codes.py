"""One-time codes against the standard's own values, and names however they are typed."""

from __future__ import annotations

from base64 import b32encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.fallback.rules import codes

RFC_KEY = b"12345678901234567890"
RFC_VALUES = {
    59: "94287082",
    1111111109: "07081804",
    1111111111: "14050471",
    1234567890: "89005924",
    2000000000: "69279037",
}


@pytest.mark.parametrize(("moment", "code"), RFC_VALUES.items())
def test_the_standards_own_values(moment: int, code: str) -> None:
    """RFC 6238 appendix B, cut to six digits."""
    assert codes.step_of(RFC_KEY, code[-6:], now_seconds=moment) == moment // 30


def test_a_code_is_good_for_one_step_around() -> None:
    code = RFC_VALUES[1111111109][-6:]
    step = 1111111109 // 30
    moments = {step * 30 + shift * 30: shift for shift in (-2, -1, 0, 1, 2)}
    found = {shift: codes.step_of(RFC_KEY, code, now_seconds=moment) for moment, shift in moments.items()}
    assert found == {-2: None, -1: step, 0: step, 1: step, 2: None}


@given(st.binary(min_size=8, max_size=8))
def test_names_survive_typing(octets: bytes) -> None:
    name = codes.new_name(octets)
    assert len(name) == 9
    for typed in (name, name.lower(), name.replace("-", ""), f" {name[:4]} {name[5:]} "):
        assert codes.plain_name(typed) == name


def test_a_sheet_holds_ten_different_codes() -> None:
    fresh = codes.new_codes(bytes(range(80)))
    assert len(set(fresh)) == codes.SHEET_CODES
    assert all(len(code) == codes.SHEET_DIGITS and code.isdigit() for code in fresh)


def test_a_kept_code_belongs_to_its_sheet() -> None:
    key = bytes(32)
    kept = [codes.hashed_code(key, "one", code) for code in ("11112222", "33334444")]
    assert codes.which_code(kept, codes.hashed_code(key, "one", "33334444")) == 1
    assert codes.which_code(kept, codes.hashed_code(key, "other", "33334444")) is None


def test_an_app_takes_the_key_as_letters() -> None:
    assert len(b32encode(bytes(codes.KEY_BYTES)).decode().rstrip("=")) == 32
