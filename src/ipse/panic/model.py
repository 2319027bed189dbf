"""Sheets, who holds them, and what comes of a code that somebody gives."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PAGE: Final = "/block/panic"
"""The page that takes a code, without login."""


class Holder(StrEnum):
    """Who has a sheet."""

    PERSON = "person"
    CONTACT = "contact"
    """Somebody the person trusts, with a code of their own."""


class Outcome(StrEnum):
    """What whoever gives a code is told. Nobody is told whether a code was right: it would help those who guess."""

    TAKEN = "taken"
    """If it is the code of a sheet, the identity is blocked now."""
    MISTYPED = "mistyped"
    """The check digits do not fit: nothing was tried."""
    TOO_MANY = "too_many"
    """Too many codes were tried from here, or in all."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as its person sees it; `made_at` in microseconds."""

    sheet_id: str
    holder: Holder
    name: str
    """Of the contact; empty on the person's own sheet."""
    made_at: int


@dataclass(frozen=True, slots=True)
class NewSheet:
    """A sheet just made. Its code is shown once."""

    sheet: Sheet
    code: str
    """Twelve random digits and two check digits."""
    printed: str
    """The same in groups, as people read and dial it."""


@dataclass(frozen=True, slots=True)
class Telephone:
    """A telephone service that may bring codes; times in microseconds."""

    telephone_id: str
    name: str
    made_at: int
    removed_at: int | None
