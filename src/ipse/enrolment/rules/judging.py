"""Decide whether an identity can rest on what a registrar said."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Final

from ipse.attributes.model import Facts
from ipse.enrolment.errors import MinorElsewhereError, UnacceptableIdentityError, UnderAgeError
from ipse.enrolment.model import MAJORITY, MINIMUM_AGE
from ipse.standards.birthdates import latest_birth, reached
from ipse.standards.national_numbers import is_belgian, is_test_number

_LEVELS: Final = ("low", "substantial", "high")


def check(facts: Facts, *, today: date, test_numbers: bool, minors: bool = False) -> None:
    """Refuse an identity that cannot be: too young, a document that has run out, a national number that is none.

    `test_numbers` is whether numbers that no living person has are welcome: never in production. `minors` is whether
    this registrar may vouch for persons of 16 and 17.

    Raises:
        UnderAgeError, MinorElsewhereError, UnacceptableIdentityError: says why, without personal data.
    """
    birth = latest_birth(facts.birthdate, facts.birthdate_as_string)
    if birth is None:
        raise UnacceptableIdentityError("no birth date")
    if birth > today:
        raise UnacceptableIdentityError("born in the future")
    if not reached(birth, MINIMUM_AGE, today):
        raise UnderAgeError(f"younger than {MINIMUM_AGE}")
    if not minors and not reached(birth, MAJORITY, today):
        raise MinorElsewhereError(f"younger than {MAJORITY}, and this registrar may not vouch for minors")
    document = facts.document
    if document is None or (document.expires_on and date.fromisoformat(document.expires_on) < today):
        raise UnacceptableIdentityError("the document has run out")
    number = facts.national_number
    if number is not None and number.country == "BE":
        if not is_belgian(number.value):
            raise UnacceptableIdentityError("a national number with wrong check digits")
        if is_test_number(number.value) and not test_numbers:
            raise UnacceptableIdentityError("a test number in production")


def identity(facts: Facts, register_number: str | None) -> str:
    """Return what makes a person one: country and register number, else document, name and birth date.

    It is never stored, only its keyed blind index. A person without a register number is known by the document; with
    the next one they are known again by the one before (`also_known_by`).
    """
    country = facts.document.country if facts.document else ""
    if register_number:
        return by_number(country, register_number)
    return _by_document(facts, facts.document.number if facts.document else "")


def by_number(country: str, register_number: str) -> str:
    """Return what makes a person with a register number one."""
    return f"number\n{country}\n{register_number}"


def also_known_by(facts: Facts, *, previous: str = "") -> tuple[str, ...]:
    """Return the other ways to know this person again: the document, and the one before that they name themselves.

    The name and birth date beside a number are those that the registrar verified, so a number that somebody else
    knows leads nobody else to the account.
    """
    found = []
    if facts.document and facts.document.number:
        found.append(_by_document(facts, facts.document.number))
        if facts.national_number is not None:
            found.append(f"number\n{facts.national_number.country}\n{facts.national_number.value}")
        if previous:
            found.append(_by_document(facts, "".join(previous.split()).upper()))
    return tuple(found)


def reaches(level: str, wanted: str) -> bool:
    """Whether evidence of an eIDAS level is enough for what was had before; an unknown level reaches nothing."""
    return level in _LEVELS and (wanted not in _LEVELS or _LEVELS.index(level) >= _LEVELS.index(wanted))


def _by_document(facts: Facts, number: str) -> str:
    country = facts.document.country if facts.document else ""
    names = f"{facts.family_name}\n{facts.given_name or ''}"
    folded = unicodedata.normalize("NFKC", names).casefold()
    born = facts.birthdate or facts.birthdate_as_string or ""
    return f"document\n{country}\n{number}\n{folded}\n{born}"


def assurance(claimed: str | None, *, cap: str) -> str:
    """Return the eIDAS level an identity from a bank has: what the bank claims, capped by the registrar's row.

    `high` only where an operator wrote it there, because the bank's own scheme is at that level (B-2). A level that is
    not one of eIDAS counts as `low`.
    """
    level = claimed if claimed in _LEVELS else "low"
    return min(level, cap if cap in _LEVELS else "low", key=_LEVELS.index)
