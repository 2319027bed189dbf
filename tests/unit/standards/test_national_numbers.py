"""Belgian numbers: the published samples, every digit changed, and python-stdnum as the judge of random ones."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.be import bis, nn

from ipse.standards.national_numbers import (
    BelgianNumber,
    belgian_century,
    compact,
    is_belgian,
    is_belgian_card,
    is_test_number,
    read_belgian,
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


def with_check_digits(body: str, century: int) -> str:
    """A number of those nine digits."""
    return f"{body}{97 - int(('2' if century == 2000 else '') + body) % 97:02}"


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """Numbers with right check digits, of persons born until this year, known and unknown, national and bis."""
    century = draw(st.sampled_from((1900, 2000)))
    this_year = datetime.now(UTC).year
    year = draw(st.integers(0, 99 if century == 1900 else this_year - 2000))
    month = draw(st.integers(0, 12)) + draw(st.sampled_from((0, 20, 40)))
    day, serial = draw(st.integers(0, 31)), draw(st.integers(1, 998))
    return with_check_digits(f"{year:02}{month:02}{day:02}{serial:03}", century)


@given(numbers())
def test_right_numbers_are_read_as_the_oracle_reads_them(number: str) -> None:
    oracle = bis if int(number[2:4]) >= 20 else nn
    assert oracle.is_valid(number)
    found = read_belgian(number)
    assert found is not None
    assert found.bis == (oracle is bis)
    assert found.year == oracle.get_birth_year(number)
    assert found.month == oracle.get_birth_month(number)
    assert found.birthdate == oracle.get_birth_date(number)
    assert found.sex == {"M": "male", "F": "female", None: None}[oracle.get_gender(number)]


@given(st.text("0123456789", min_size=11, max_size=11))
def test_whatever_is_taken_the_oracle_takes_too(number: str) -> None:
    century = belgian_century(number)
    if century is not None and century + int(number[:2]) <= datetime.now(UTC).year:
        assert nn.is_valid(number) or bis.is_valid(number)


@given(numbers(), st.integers(0, 10), st.integers(1, 9))
def test_a_wrong_digit_is_seen(number: str, place: int, change: int) -> None:
    """Modulo 97 sees each single digit; another century could fit by chance, and then the oracle says the same."""
    digit = (int(number[place]) + change) % 10
    changed = f"{number[:place]}{digit}{number[place + 1 :]}"
    if is_belgian(changed):
        assert belgian_century(changed) != belgian_century(number)


@pytest.mark.parametrize(
    ("number", "read"),
    [
        ("85073003328", BelgianNumber(bis=False, year=1985, month=7, day=30, sex="male")),
        ("17073003384", BelgianNumber(bis=False, year=2017, month=7, day=30, sex="male")),
        ("98472899765", BelgianNumber(bis=True, year=1998, month=7, day=28, sex="male")),
        ("01490700185", BelgianNumber(bis=True, year=2001, month=9, day=7, sex="male")),
        (with_check_digits("882712002", 1900), BelgianNumber(bis=True, year=1988, month=7, day=12, sex=None)),
        (with_check_digits("610000004", 1900), BelgianNumber(bis=False, year=1961, month=None, day=None, sex="female")),
        (with_check_digits("000001005", 1900), BelgianNumber(bis=False, year=None, month=None, day=None, sex="male")),
        (with_check_digits("880231004", 1900), BelgianNumber(bis=False, year=1988, month=2, day=None, sex="female")),
    ],
)
def test_what_numbers_say(number: str, read: BelgianNumber) -> None:
    assert read_belgian(number) == read


def test_a_birth_date_only_where_all_of_it_is_known() -> None:
    known = read_belgian("85073003328")
    assert known is not None
    assert known.birthdate == date(1985, 7, 30)
    assert read_belgian("71715100070") is None
