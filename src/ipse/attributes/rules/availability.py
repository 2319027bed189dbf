"""Which attribute can be had from documents of which country: the one table behind answers, page and documentation.

Partner protocol, section 1.6. The country that *issued the document* decides, not the nationality.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from ipse.attributes.model import ATTRIBUTES, NATIONAL_NUMBER_COUNTRIES

_CODES: Final = "BE NL LU IE PT IT FR ES GB DE FI NO SE DK IS EE RO AT BG CZ GR HU PL SK HR LT SI LV CY MT RS MD"
COUNTRIES: Final = tuple(_CODES.split())
"""ISO 3166-1 alpha-2 of the 32 countries whose documents are served."""


class Availability(StrEnum):
    """Whether an attribute is in the answer when it was asked and approved."""

    ALWAYS = "always"
    OPTIONAL = "optional"
    """Left out when the document does not hold it, the person did not state it, or the phone cannot know it."""
    NEVER = "never"


_BELGIAN: Final = frozenset(
    {
        "birthdate_as_string",
        "address",
        "place_of_birth",
        "BEeidSn",
        "validityFrom",
        "issuance_locality",
    }
)
_BELGIAN_ALWAYS: Final = frozenset({"BENationalNumber"})
_OPTIONAL: Final = frozenset(
    {
        "given_name",
        "locale",
        "email",
        "email_verified",
        "claim_device",
        # Only phones that can know it say so.
        "ongoing_call",
        # Metadata speak of other attributes of the same answer and are absent without them.
        "IDIssuingCountry",
        "validityTo",
        "verificationDate",
    }
)
_OPTIONAL_IN: Final = {
    "BE": frozenset(
        {
            "birthdate",
            "age_gte_16",
            "age_gte_18",
            "age_gte_21",
            "age_gte_30",
            "picture",
            "physical_person_photo",
            "claim_citizenship_as_iso",
        }
    ),
    "NL": frozenset({"gender", "official_gender"}),
}
_NATIONAL_NUMBERS: Final = {f"{country}NationalNumber": country for country in NATIONAL_NUMBER_COUNTRIES}
_CARDS_OF: Final = frozenset(COUNTRIES) - {"DK", "GB"}
"""Denmark and the United Kingdom issue no identity cards that serve as travel documents."""


def availability(name: str, country: str) -> Availability:
    """What a partner may expect of an attribute from documents of a country (ISO 3166-1 alpha-2).

    Countries outside the table are like most others: nothing that belongs to one country alone.
    """
    if name in _NATIONAL_NUMBERS:
        if _NATIONAL_NUMBERS[name] != country:
            return Availability.NEVER
        return Availability.ALWAYS if name in _BELGIAN_ALWAYS else Availability.OPTIONAL
    if name in _BELGIAN:
        return Availability.OPTIONAL if country == "BE" else Availability.NEVER
    if name in _OPTIONAL or name in _OPTIONAL_IN.get(country, ()):
        return Availability.OPTIONAL
    return Availability.ALWAYS


def documents(country: str) -> tuple[str, ...]:
    """The kinds of document of a country that are read: `identity_card`, `passport`."""
    return ("identity_card", "passport") if country in _CARDS_OF else ("passport",)


def table() -> dict[str, dict[str, Availability]]:
    """Each country's attributes that can be had at all, by name without prefix."""
    return {
        country: {
            name: found for name in ATTRIBUTES if (found := availability(name, country)) is not Availability.NEVER
        }
        for country in COUNTRIES
    }
