"""The names by which this API speaks of attributes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from ipse.attributes.model import ATTRIBUTES, NATIONAL_NUMBER_COUNTRIES, canonical

NATIONAL_NUMBERS: Final = tuple(f"{country}NationalNumber" for country in NATIONAL_NUMBER_COUNTRIES)
MEMBERS: Final[Mapping[str, str]] = {
    "firstName": "given_name",
    "lastName": "family_name",
    "dateOfBirth": "birthdate",
    "nationality": "claim_citizenship_as_iso",
    "placeOfBirth": "place_of_birth",
    "phoneNumber": "phone_number",
}
"""Members of `subject` that are called otherwise than their attribute."""


def attributes_of(name: str, prefix: str, contract: Collection[str]) -> tuple[str, ...]:
    """The attributes that one requested name asks for; empty if it is no name of any.

    A member of `subject`, an attribute, or the claim it is delivered as; `nin` is every national number that the
    contract holds.
    """
    if name == "nin":
        return tuple(number for number in NATIONAL_NUMBERS if number in contract) or NATIONAL_NUMBERS[:1]
    if name in MEMBERS:
        return (MEMBERS[name],)
    bare = name[len(prefix) :] if name.lower().startswith(prefix.lower()) else name
    return (canonical(bare),) if canonical(bare) in ATTRIBUTES else ()


def claim(name: str, prefix: str) -> str:
    """The claim an attribute is delivered as."""
    return prefix + name if ATTRIBUTES[name].prefixed else name
