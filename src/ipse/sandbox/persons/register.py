"""Reads `persons.json` and works out what follows from a birth date: ages that stand still, and Belgian numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Final, Literal

import msgspec

from ipse.sandbox.persons.model import Address, Card, Document, Person, Place, years_between


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A person as written in the file. Exactly one of `birthdate` and `always` is given."""

    id: str
    family_name: str
    story: str
    country: str
    language: str
    home_bank: str
    gender: Literal["female", "male", "n/a"]
    official_gender: str
    place_of_birth: Place
    nationalities: tuple[str, ...]
    citizenship: str
    address: Address
    phone_number: str
    email: str
    document: Document
    given_name: str | None = None
    birthdate: date | None = None
    always: int | None = None
    """An age that stands still: the birth date moves with the years."""
    birthday: str = "03-14"
    national_number: str | None = None
    serial: str | None = None
    """Order number of a Belgian national number, which is then worked out: `999` or `000`."""
    card_number: str | None = None
    issuance_locality: str | None = None
    bank_phone_number: str | None = None
    year_only: bool = False
    bis: int = 0
    """Added to the month of the national number of somebody who is in no municipality's register: 20 or 40."""
    card: Card | None = None


def persons(today: date) -> tuple[Person, ...]:
    """Everybody, in the order of the file."""
    text = files(__package__).joinpath("persons.json").read_bytes()
    return tuple(_person(entry, today) for entry in msgspec.json.decode(text, type=list[_Entry]))


def everybody(today: date) -> tuple[Person, ...]:
    """Everybody that banks and mobile operators know: the synthetic person, too, whom nobody plays."""
    return (*persons(today), SYNTHETIC)


def portrait(person_id: str) -> bytes:
    """The portrait of a person as JPEG, 140 x 200 pixels."""
    return files(__package__).joinpath("portraits", f"{person_id}.jpg").read_bytes()


def _synthetic() -> Person:
    return _person(
        msgspec.json.decode(files(__package__).joinpath("synthetic.json").read_bytes(), type=_Entry), date.min
    )


def belgian_number(birthdate: date, serial: str, *, bis: int = 0, year_only: bool = False) -> str:
    """The national number of that birth date and order number, with its check digits."""
    day = "0000" if year_only else f"{birthdate.month + bis:02}{birthdate.day:02}"
    body = birthdate.strftime("%y") + day + serial
    counted = int(body) + (2_000_000_000 if birthdate.year >= 2000 else 0)
    return f"{body}{97 - counted % 97:02}"


def _person(entry: _Entry, today: date) -> Person:
    birthdate = entry.birthdate or _birthdate_of_age(entry.always or 0, entry.birthday, today)
    national_number = entry.national_number
    if entry.serial:
        national_number = belgian_number(birthdate, entry.serial, bis=entry.bis, year_only=entry.year_only)
    return Person(
        id=entry.id,
        family_name=entry.family_name,
        given_name=entry.given_name,
        story=entry.story,
        country=entry.country,
        language=entry.language,
        home_bank=entry.home_bank,
        birthdate=birthdate,
        birthdate_as_string=birthdate.strftime("%Y" if entry.year_only else "%d.%m.%Y"),
        gender=entry.gender,
        official_gender=entry.official_gender,
        place_of_birth=entry.place_of_birth,
        nationalities=entry.nationalities,
        citizenship=entry.citizenship,
        address=entry.address,
        phone_number=entry.phone_number,
        bank_phone_number=entry.bank_phone_number or entry.phone_number,
        email=entry.email,
        document=entry.document,
        national_number=national_number,
        card_number=entry.card_number,
        issuance_locality=entry.issuance_locality,
        year_only=entry.year_only,
        card=entry.card,
    )


def _birthdate_of_age(age: int, birthday: str, today: date) -> date:
    month, day = (int(part) for part in birthday.split("-"))
    this_year = date(today.year - age, month, day)
    return this_year if years_between(this_year, today) == age else date(today.year - age - 1, month, day)


SYNTHETIC: Final = _synthetic()
"""Who logs in for the status page, again and again."""
