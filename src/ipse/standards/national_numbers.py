"""The Belgian national number and card number: check digits, and the serials that no living person has.

`YYMMDD SSS CC` (Royal Decree of 3 April 1984): CC = 97 - (n mod 97) over the first nine digits, with a 2 put before
them for births from 2000 on, so that the check digits also tell the century. Month +20 or +40 is a bis number;
month and day may be 00. Never derive a birth date from the number: the registrar says it.
"""

from __future__ import annotations

import re
from typing import Final

_NUMBER: Final = re.compile(r"[0-9]{11}")
_FILLERS: Final = re.compile(r"[\s.\-]")
_CARD: Final = re.compile(r"[0-9]{12}")
_FOREIGNER_CARD: Final = re.compile(r"B[0-9]{9}")

TEST_SERIALS: Final = frozenset({"999", "000"})
"""Order numbers that the register never hands out: sandboxes use them, production refuses them."""


def compact(text: str) -> str:
    """Return the number without the dots, dashes and spaces that it is printed with."""
    return _FILLERS.sub("", text)


def belgian_century(number: str) -> int | None:
    """Return 1900 or 2000, the century the check digits of an 11-digit number prove; None if it is no number."""
    if not _NUMBER.fullmatch(number):
        return None
    if not _plausible_day(int(number[2:4]), int(number[4:6])):
        return None
    body, check = int(number[:9]), int(number[9:])
    if 97 - body % 97 == check:
        return 1900
    if 97 - (2_000_000_000 + body) % 97 == check:
        return 2000
    return None


def _plausible_day(month: int, day: int) -> bool:
    """Bis numbers add 20 or 40 to the month; month 0 is an unknown date, and the day then only a counter."""
    return month < 60 and month % 20 <= 12 and (day <= 31 or month % 20 == 0)


def is_belgian(number: str) -> bool:
    """Whether the 11 digits have right check digits for either century."""
    return belgian_century(number) is not None


def is_test_number(number: str) -> bool:
    """Whether the order number of a Belgian number is one that no living person has."""
    return number[6:9] in TEST_SERIALS


def is_belgian_card(number: str) -> bool:
    """Whether this is a card number: 12 digits, the last two the first ten mod 97 (97 for 0); or B and 9 digits."""
    if _FOREIGNER_CARD.fullmatch(number):
        return True
    return bool(_CARD.fullmatch(number)) and (int(number[:10]) % 97 or 97) == int(number[10:])
