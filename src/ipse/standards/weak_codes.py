"""Which five-digit codes are too easy to guess.

The phone judges them before anything is sent, because the server never learns a code. The web app has the
same rules; `tests/vectors/weak_codes.json` keeps the two in step.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from itertools import pairwise

CODE_LENGTH = 5
_CODE = re.compile(r"[0-9]{5}")


class Weakness(StrEnum):
    """Why a code is refused."""

    NOT_FIVE_DIGITS = "not_five_digits"
    ALL_EQUAL = "all_equal"
    RUN = "run"
    REPEATED_PAIR = "repeated_pair"
    TWO_DIGIT_PALINDROME = "two_digit_palindrome"
    YEAR = "year"
    BIRTH_DATE = "birth_date"
    PHONE_NUMBER = "phone_number"


def is_all_equal(code: str) -> bool:
    """`77777`."""
    return len(set(code)) == 1


def is_run(code: str) -> bool:
    """`12345`, `54321`, also over the end of the keypad: `78901`."""
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(code)}
    return steps in ({1}, {9})


def is_repeated_pair(code: str) -> bool:
    """`12123`, `31212`: two digits and at once the same two again."""
    return code[0:2] == code[2:4] or code[1:3] == code[3:5]


def is_two_digit_palindrome(code: str) -> bool:
    """`12221`: the same from both ends, made of two different digits."""
    return code == code[::-1] and len(set(code)) == 2


def is_year(code: str) -> bool:
    """`19845`, `51984`: a year from 1900 to 2099 with one digit before or after."""
    return code[:2] in ("19", "20") or code[1:3] in ("19", "20")


def holds_birth_date(code: str, birthdate: str) -> bool:
    """Whether the code holds day and month, or the year, of an ISO date."""
    year, month, day = birthdate.split("-")
    return day + month in code or year in code


def ends_phone_number(code: str, phone_number: str) -> bool:
    """Whether the code is the end of the phone number."""
    digits = "".join(character for character in phone_number if character.isdigit())
    return digits.endswith(code)


def near(code: str, other: str) -> bool:
    """Whether one wrong digit, or two neighbours swapped, make one code of the other.

    A slip must not be a duress code.
    """
    differing = [at for at, (one, two) in enumerate(zip(code, other, strict=True)) if one != two]
    if len(differing) <= 1:
        return True
    first, *others = differing
    swapped = code[first] == other[first + 1] and code[first + 1] == other[first] if first + 1 < len(code) else False
    return others == [first + 1] and swapped


_SHAPES: tuple[tuple[Weakness, Callable[[str], bool]], ...] = (
    (Weakness.ALL_EQUAL, is_all_equal),
    (Weakness.RUN, is_run),
    (Weakness.REPEATED_PAIR, is_repeated_pair),
    (Weakness.TWO_DIGIT_PALINDROME, is_two_digit_palindrome),
    (Weakness.YEAR, is_year),
)


def weakness(code: str, *, birthdate: str = "", phone_number: str = "") -> Weakness | None:
    """The first rule that refuses this code, or None.

    `birthdate` is an ISO date (`1990-11-10`), `phone_number` as the person typed it; either may be unknown.
    """
    if not _CODE.fullmatch(code):
        return Weakness.NOT_FIVE_DIGITS
    for found, refuses in _SHAPES:
        if refuses(code):
            return found
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", birthdate) and holds_birth_date(code, birthdate):
        return Weakness.BIRTH_DATE
    if ends_phone_number(code, phone_number):
        return Weakness.PHONE_NUMBER
    return None
