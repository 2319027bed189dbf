"""Reading what was typed, and whether it is a person's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from ipse.attributes.model import Facts
from ipse.portal.model import Wish
from ipse.standards.calling_codes import CALLING_CODES
from ipse.standards.phone_numbers import normalised

_MOST_TYPED: Final = 40
_OLDEST: Final = 1880


class Mistyped(Exception):
    """Not a number or not a date; `field` is `number` or `birthdate`. Says nothing about any person."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def read(fields: Mapping[str, str], *, today: date) -> Wish:
    """What was typed into the form.

    Raises:
        Mistyped: it cannot be right, whoever it is.
    """
    try:
        number = _number(fields.get("country", ""), fields.get("number", "")[:_MOST_TYPED])
    except ValueError as error:
        raise Mistyped("number") from error
    try:
        born = date(*(int(fields.get(part, "")[:4]) for part in ("year", "month", "day")))
    except ValueError as error:
        raise Mistyped("birthdate") from error
    if not _OLDEST <= born.year <= today.year or born > today:
        raise Mistyped("birthdate")
    return Wish(number, born.isoformat())


def _number(country: str, typed: str) -> str:
    if typed.strip().startswith(("+", "00")):
        return normalised(typed)
    return normalised(f"+{CALLING_CODES[country]} {typed}") if country in CALLING_CODES else normalised(typed)


def is_of(facts: Facts, wish: Wish) -> bool:
    """Whether the birth date is this person's; of people whose day is not known, the year."""
    if facts.birthdate is not None:
        return facts.birthdate == wish.birthdate
    return wish.birthdate[:4] in (facts.birthdate_as_string or "")
