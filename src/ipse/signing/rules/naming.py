"""How a certificate names a person: ETSI EN 319 412-1 §5.1.3 and EN 319 412-2 §4.2.4."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ipse.attributes.model import Facts
from ipse.signing.errors import CannotCertify

MOST_COMMON_NAME: Final = 64
MOST_NAME: Final = 200
MOST_SERIAL: Final = 64
_KEPT_FIRST: Final = 6
_KEPT_LAST: Final = 2
_COUNTRY: Final = re.compile(r"[A-Z]{2}")


class Naming(NamedTuple):
    """A person as their certificate has them."""

    common_name: str
    given_name: str
    surname: str
    country: str
    serial_number: str


def naming(facts: Facts) -> Naming:
    """Name a person by what registrars said of them: by national number, else by the document.

    Raises:
        CannotCertify: nothing that makes the person one is known.
    """
    number, document = facts.national_number, facts.document
    if number is not None:
        kind, country, value = "PNO", number.country, number.value
    elif document is not None:
        kind, country, value = "PAS" if document.kind.startswith("P") else "IDC", document.country, document.number
    else:
        raise CannotCertify
    value = re.sub(r"[^A-Za-z0-9]", "", value)
    serial_number = f"{kind}{country}-{value}"
    if not value or not _COUNTRY.fullmatch(country) or len(serial_number) > MOST_SERIAL:
        raise CannotCertify
    given_name, surname = _plain(facts.given_name or ""), _plain(facts.family_name)
    common_name = f"{given_name} {surname}".strip()[:MOST_COMMON_NAME].strip()
    if not common_name:
        raise CannotCertify
    return Naming(common_name, given_name[:MOST_NAME], surname[:MOST_NAME], country, serial_number)


def masked(serial_number: str) -> str:
    """All but kind, country and the last two characters hidden."""
    first, last = serial_number[:_KEPT_FIRST], serial_number[-_KEPT_LAST:]
    return first + "*" * max(len(serial_number) - _KEPT_FIRST - _KEPT_LAST, 0) + last


def _plain(name: str) -> str:
    return " ".join(name.split())
