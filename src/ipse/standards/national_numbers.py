"""The Belgian national number and card number: check digits, and the serials that no living person has.

`YYMMDD SSS CC` (Royal Decree of 3 April 1984): CC = 97 - (n mod 97) over the first nine digits, with a 2 put before
them for births from 2000 on, so that the check digits also tell the century. Month +20 or +40 is a bis number;
month and day may be 00. Never derive a birth date from the number: the registrar says it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

_NUMBER: Final = re.compile(r"[0-9]{11}")
_FILLERS: Final = re.compile(r"[\s.\-]")
_CARD: Final = re.compile(r"[0-9]{12}")
_FOREIGNER_CARD: Final = re.compile(r"B[0-9]{9}")

_SEX_UNKNOWN: Final = 20
"""Added to the month of a bis number when the sex was not known."""
_SEX_KNOWN: Final = 40
"""Added when it was."""

TEST_SERIALS: Final = frozenset({"999", "000"})
"""Order numbers that the register never hands out: sandboxes use them, production refuses them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BelgianNumber:
    """What a national or bis number says; None for what was not known, or no longer fitted, when it was given."""

    bis: bool
    """For somebody who is not in the National Register, such as a cross-border worker."""
    year: int | None
    month: int | None
    day: int | None
    sex: Literal["male", "female"] | None
    """Not known for bis numbers of the lower range."""

    @property
    def birthdate(self) -> date | None:
        """The day of birth, where the number tells all of it; a document that says another one is right."""
        if self.year is None or self.month is None or self.day is None:
            return None
        return date(self.year, self.month, self.day)


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


def read_belgian(number: str) -> BelgianNumber | None:
    """Take an 11-digit number apart; None if it is none.

    Unknown parts of a birth date are zero. A month of zero also says that the order numbers of a day were used up, and
    then the day is a counter; nothing of a date is known where the counter of the unknown year is used (`YY0001`).
    """
    century = belgian_century(number)
    if century is None:
        return None
    shifted, day, serial = int(number[2:4]), int(number[4:6]), int(number[6:9])
    month, bis = shifted % _SEX_UNKNOWN, shifted >= _SEX_UNKNOWN
    year: int | None = century + int(number[:2])
    if number[:2] == "00" and month == 0 and day == 1:
        year = None
    return BelgianNumber(
        bis=bis,
        year=year,
        month=month or None,
        day=day if month and day and _exists(year, month, day) else None,
        sex=None if bis and shifted < _SEX_KNOWN else "male" if serial % 2 else "female",
    )


def _exists(year: int | None, month: int, day: int) -> bool:
    try:
        date(year or 2000, month, day)
    except ValueError:
        return False
    return True


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
