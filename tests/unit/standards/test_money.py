"""Account numbers and currencies, against an implementation that is not ours."""

from __future__ import annotations

import pytest
import stdnum.iban
from hypothesis import given
from hypothesis import strategies as st

from ipse.standards.currencies import DECIMALS, is_currency
from ipse.standards.iban import LENGTHS, compact, is_iban

# The examples of the IBAN registry.
EXAMPLES = (
    "BE68539007547034", "NL91ABNA0417164300", "FR1420041010050500013M02606", "DE89370400440532013000",
    "GB29NWBK60161331926819", "LU280019400644750000", "NO9386011117947", "MT84MALT011000012345MTLCAST001S",
    "IE29AIBK93115212345678", "PT50000201231234567890154", "RO49AAAA1B31007593840000", "SE4550000000058398257466",
    "BR1800360305000010009795493C1", "LC55HEMM000100010012001200023015", "RU0304452522540817810538091310419",
    "VA59001123000012345678", "XK051212012345678906", "MU17BOMM0101101030300200000MUR",
)  # fmt: skip


@pytest.mark.parametrize("number", EXAMPLES)
def test_examples_of_the_registry(number: str) -> None:
    assert is_iban(number)
    assert len(number) == LENGTHS[number[:2]]


@pytest.mark.parametrize("number", EXAMPLES)
def test_any_digit_changed_is_noticed(number: str) -> None:
    for place in range(2, len(number)):
        if number[place].isdigit():
            spoilt = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
            assert not is_iban(spoilt)


@pytest.mark.parametrize(
    "number",
    [
        "", "BE", "BE68 5390 0754 7034", "be68539007547034", "BE685390075470341", "BE6853900754703", "XX68539007547034",
        "BE68539007547034\n", "BE٦8539007547034", "NL00ABNA0417164300", "NL99ABNA0417164300",
    ],
)  # fmt: skip
def test_what_is_no_account_number(number: str) -> None:
    assert not is_iban(number)


def test_check_digits_that_are_never_given_out() -> None:
    """The sum of 00, 01 and 99 is that of 97, 98 and 02."""
    for body in range(2000):
        for digits in ("00", "01", "99"):
            assert not is_iban(f"BE{digits}{body:012d}")


def test_the_printed_form() -> None:
    assert compact("BE68 5390 0754 7034") == "BE68539007547034"


@given(country=st.sampled_from(sorted(LENGTHS)), digits=st.integers(2, 98), body=st.integers(0, 10**12))
def test_length_and_sum_as_another_implementation(country: str, digits: int, body: int) -> None:
    """Compared without the structures that stdnum knows of some countries."""
    number = f"{country}{digits:02d}{body:0{LENGTHS[country] - 4}d}"
    try:
        stdnum.iban.validate(number, check_country=False)
        theirs = True
    except stdnum.exceptions.InvalidChecksum:
        theirs = False
    except stdnum.exceptions.ValidationError:
        return
    assert is_iban(number) is theirs


@pytest.mark.parametrize("number", EXAMPLES)
def test_examples_by_another_implementation(number: str) -> None:
    assert stdnum.iban.is_valid(number, check_country=False)


def test_currencies() -> None:
    """ISO 4217: the decimals of a few, and what is not money."""
    assert {code: DECIMALS[code] for code in ("EUR", "JPY", "BHD", "CLF", "CHF", "XCG")} == {
        "EUR": 2, "JPY": 0, "BHD": 3, "CLF": 4, "CHF": 2, "XCG": 2,
    }  # fmt: skip
    assert len(DECIMALS) > 155
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in DECIMALS)
    for code in ("XXX", "XTS", "XAU", "BEF", "HRK", "eur", "", "EURO"):
        assert not is_currency(code)
