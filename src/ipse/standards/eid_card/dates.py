"""Dates as cards write them: `DD.MM.YYYY`, and birth dates as free text with month names in three languages."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Final

from ipse.standards.eid_card.errors import TlvError

_NUMBERS: Final = re.compile(r"([0-9]{2})\.([0-9]{2})\.([0-9]{4})")
_WORDS: Final = re.compile(r"([0-9]{1,2})[ .]+([A-Z]{3,9}|[0-9]{1,2})[ .]+([0-9]{4})")

_NAMES: Final = (
    "JAN JANV JANUARI JANVIER JANUAR",
    "FEB FEV FEVR FEBRUARI FEVRIER FEBRUAR",
    "MAR MAAR MRT MARS MARZ MAERZ MAART MAER",
    "APR AVR APRIL AVRIL",
    "MAY MEI MAI",
    "JUN JUIN JUNI",
    "JUL JUIL JULI JUILLET",
    "AUG AOU AOUT AUGUSTUS AUGUST",
    "SEP SEPT SEPTEMBER SEPTEMBRE",
    "OCT OKT OKTOBER OCTOBRE",
    "NOV NOVEMBER NOVEMBRE",
    "DEC DEZ DECEMBER DECEMBRE DEZEMBER",
)
_MONTHS: Final = {name: number for number, names in enumerate(_NAMES, 1) for name in names.split()}


def read_day(text: str) -> date:
    """The day of `DD.MM.YYYY`.

    Raises:
        TlvError: another form, or no day of the calendar.
    """
    parts = _NUMBERS.fullmatch(text.strip())
    try:
        return date(*(int(part) for part in reversed(parts.groups()))) if parts else _no_day()
    except ValueError as error:
        raise TlvError("a date of the card is none") from error


def read_birth(text: str) -> date | None:
    """The day of birth, where the card tells it: in Dutch, French or German words, or in numbers.

    None for everything else, such as a year alone: then only what is printed is known.
    """
    parts = _WORDS.fullmatch(_plain(text))
    if parts is None:
        return None
    day, word, year = parts.groups()
    month = int(word) if word.isdigit() else _MONTHS.get(word, 0)
    try:
        return date(int(year), month, int(day))
    except ValueError:
        return None


def _plain(text: str) -> str:
    """Capital letters without accents, and without spaces or dots at either end."""
    apart = unicodedata.normalize("NFD", text.upper())
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).strip(" .")


def _no_day() -> date:
    raise TlvError("a date of the card is not written DD.MM.YYYY")
