"""From facts to attributes: one small function for each name of the catalogue.

Each returns the value a partner receives, or None where the facts do not hold it. Absent is left out of the answer:
never null, never a default.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from ipse.attributes.model import (
    ATTRIBUTES,
    NATIONAL_NUMBER_COUNTRIES,
    Circumstances,
    Facts,
    Json,
    Picture,
)
from ipse.attributes.rules import metadata
from ipse.attributes.rules.availability import Availability, availability
from ipse.standards.birthdates import born, reached
from ipse.standards.countries import alpha_2, alpha_3

_GENDERS: Final = {"m": "male", "male": "male", "f": "female", "female": "female", "v": "female", "w": "female"}
_NO_GENDER: Final = frozenset({"x", "n/a", "diverse", "other"})


@dataclass(frozen=True, slots=True)
class _Asking:
    """What the answer depends on besides the facts."""

    today: date
    language: str | None
    circumstances: Circumstances


_Rule = Callable[[Facts, _Asking], Json | None]


def derive(
    facts: Facts,
    names: Collection[str],
    *,
    today: date,
    language: str | None = None,
    circumstances: Circumstances | None = None,
) -> dict[str, Json]:
    """Make the asked attributes out of the facts, in the order asked.

    `language` is the one the person uses the app in (nl, fr, de, en). Names outside the catalogue, and names the facts
    hold nothing for, are left out. Metadata speak of the other attributes that are in the answer.
    """
    asking = _Asking(today, language, circumstances or Circumstances())
    possible = [name for name in names if name in ATTRIBUTES and _possible(facts, name)]
    values = {name: value for name in possible if name in _RULES and (value := _RULES[name](facts, asking)) is not None}
    for name in possible:
        if name in metadata.RULES and (about := metadata.RULES[name](facts, values)):
            values[name] = about
    return {name: values[name] for name in names if name in values}


def _possible(facts: Facts, name: str) -> bool:
    """Whether documents of this country give this attribute to anybody: the published table decides."""
    country = facts.document.country if facts.document else ""
    return availability(name, country) is not Availability.NEVER


def _belgian(facts: Facts) -> bool:
    return facts.document is not None and facts.document.country == "BE"


def _name(facts: Facts, _asking: _Asking) -> str:
    return f"{facts.given_name} {facts.family_name}" if facts.given_name else facts.family_name


def _birthdate(facts: Facts, _asking: _Asking) -> str | None:
    return facts.birthdate if born(facts.birthdate) else None


def _older_than(years: int) -> _Rule:
    def rule(facts: Facts, asking: _Asking) -> bool | None:
        birth = born(facts.birthdate)
        return None if birth is None else reached(birth, years, asking.today)

    return rule


def _gender(facts: Facts, _asking: _Asking) -> str | None:
    said = (facts.gender or facts.official_gender or "").strip().lower()
    if not said:
        return None
    return _GENDERS.get(said, "n/a" if said in _NO_GENDER else "unknown")


def _locale(_facts: Facts, asking: _Asking) -> str | None:
    return asking.language.upper() if asking.language else None


def _picture(facts: Facts, _asking: _Asking) -> dict[str, str | bool] | None:
    photo: Picture | None = facts.photo
    return {"format": photo.format, "value": photo.value} if photo else None


def _email_verified(facts: Facts, _asking: _Asking) -> bool | None:
    """Nobody has checked it, and that is said."""
    return False if facts.email else None


def _phone_number_verified(facts: Facts, _asking: _Asking) -> bool | None:
    return True if facts.phone_number else None


def _present(**members: str | None) -> dict[str, str | bool] | None:
    return {name: value for name, value in members.items() if value} or None


def _address(facts: Facts, _asking: _Asking) -> Json | None:
    address = facts.address
    if address is None:
        return None
    town = " ".join(part for part in (address.postal_code, address.locality) if part)
    return _present(
        formatted=address.formatted or "\n".join(part for part in (address.street_address, town) if part),
        street_address=address.street_address,
        postal_code=address.postal_code,
        locality=address.locality,
    )


def _citizenship(facts: Facts, asking: _Asking) -> str | None:
    """Belgian documents: the words of the document, else the two-letter code; others the three-letter code."""
    iso = _citizenship_as_iso(facts, asking)
    if not _belgian(facts):
        return iso
    return facts.citizenship or (alpha_2(iso) if iso else None)


def _citizenship_as_iso(facts: Facts, _asking: _Asking) -> str | None:
    return alpha_3(facts.nationalities[0]) if facts.nationalities else None


def _place_of_birth(facts: Facts, _asking: _Asking) -> Json | None:
    place = facts.place_of_birth
    if place is None:
        return None
    abroad = place.country if alpha_2(place.country or "") != "BE" else None
    formatted = place.formatted or ", ".join(part for part in (place.city, abroad) if part)
    return _present(formatted=formatted, city=place.city, country=place.country)


def _national_number(country: str) -> _Rule:
    def rule(facts: Facts, _asking: _Asking) -> str | None:
        number = facts.national_number
        return number.value if number and number.country == country else None

    return rule


def _document_number(facts: Facts, _asking: _Asking) -> str | None:
    return facts.document.number if facts.document else None


def _document_kind(facts: Facts, _asking: _Asking) -> str | None:
    return facts.document.kind if facts.document else None


def _fact(name: str) -> _Rule:
    def rule(facts: Facts, _asking: _Asking) -> str | None:
        value: str | None = getattr(facts, name)
        return value

    return rule


def _circumstance(name: str) -> _Rule:
    def rule(_facts: Facts, asking: _Asking) -> Json | None:
        value: str | bool | Mapping[str, str | bool] | None = getattr(asking.circumstances, name)
        return dict(value) if isinstance(value, Mapping) else value

    return rule


_RULES: Final[Mapping[str, _Rule]] = {
    "family_name": _fact("family_name"),
    "given_name": _fact("given_name"),
    "name": _name,
    "birthdate": _birthdate,
    "birthdate_as_string": _fact("birthdate_as_string"),
    **{f"age_gte_{years}": _older_than(years) for years in (16, 18, 21, 30)},
    "gender": _gender,
    "official_gender": _fact("official_gender"),
    "locale": _locale,
    "picture": _picture,
    "physical_person_photo": _picture,
    "email": _fact("email"),
    "email_verified": _email_verified,
    "phone_number": _fact("phone_number"),
    "phone_number_verified": _phone_number_verified,
    "address": _address,
    "claim_citizenship": _citizenship,
    "claim_citizenship_as_iso": _citizenship_as_iso,
    "place_of_birth": _place_of_birth,
    **{f"{country}NationalNumber": _national_number(country) for country in NATIONAL_NUMBER_COUNTRIES},
    "BEeidSn": _fact("card_number"),
    "IDDocumentSN": _document_number,
    "IDDocumentType": _document_kind,
    "claim_device": _circumstance("device"),
    **{
        name: _circumstance(name)
        for name in ("app", "account", "identification_mode", "transaction_ip", "ongoing_call")
    },
}

if set(_RULES) | set(metadata.RULES) != set(ATTRIBUTES):  # a name without a rule would be promised and never kept
    raise RuntimeError("the catalogue of attributes and its rules differ")
