"""Ages from what a document tells of a birth date, which may be only a year (ICAO 9303 part 3 section 4.8)."""

from __future__ import annotations

import re
from datetime import date

_YEAR = re.compile(r"(?<![0-9])(19|20)[0-9]{2}(?![0-9])")


def born(birthdate: str | None) -> date | None:
    """Return the day of birth when the document tells it."""
    try:
        return date.fromisoformat(birthdate) if birthdate else None
    except ValueError:
        return None


def latest_birth(birthdate: str | None, as_printed: str | None) -> date | None:
    """Return the last day on which the person can have been born; None if not even the year is known."""
    day = born(birthdate)
    if day is not None:
        return day
    year = _YEAR.search(as_printed or "")
    return date(int(year.group()), 12, 31) if year else None


def reached(birth: date, years: int, today: date) -> bool:
    """Whether the person is at least so many years old today. Born on 29 February: a year older on 1 March."""
    return (today.year - birth.year, today.month, today.day) >= (years, birth.month, birth.day)
