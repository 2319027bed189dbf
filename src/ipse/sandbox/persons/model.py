"""A person of the sandbox, with everything that a bank may know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody was born; `country` is ISO 3166-1 alpha-3."""

    locality: str
    country: str


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody lives; `country` is ISO 3166-1 alpha-3."""

    street_address: str
    postal_code: str
    locality: str
    country: str

    @property
    def formatted(self) -> str:
        """The address as on an envelope, lines separated by a line feed."""
        return f"{self.street_address}\n{self.postal_code} {self.locality}"


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who issued a document; `country_code` is ISO 3166-1 alpha-3."""

    name: str
    country_code: str


@dataclass(frozen=True, slots=True)
class Document:
    """An identity document that the bank has seen."""

    type: Literal["idcard", "passport"]
    document_number: str
    date_of_issuance: date
    date_of_expiry: date
    issuer: Issuer


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What is particular about somebody's Belgian eID card; the rest follows from the person."""

    applet: Literal["1.8", "1.7"] = "1.8"
    """1.8 has P-384 keys, 1.7, of cards before September 2020, RSA keys of 2048 bits."""
    document_type: int = 1
    """1 Belgian; 11 to 36 are kinds of foreigner's cards."""
    special_status: int = 0
    """1 a white cane (for the blind), 2 extended minority, and others."""
    noble_title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person. `phone_number` is the number they play with; `bank_phone_number` what their bank has on record."""

    id: str
    family_name: str
    given_name: str | None
    story: str
    """One sentence for the world page: why this person is here."""
    country: str
    """ISO 3166-1 alpha-2 of the country that issued the document."""
    language: str
    home_bank: str
    birthdate: date
    """When only the year is known (`year_only`), its first day."""
    birthdate_as_string: str
    gender: Literal["female", "male", "n/a"]
    official_gender: str
    place_of_birth: Place
    nationalities: tuple[str, ...]
    citizenship: str
    """The nationality in words, as printed on the document."""
    address: Address
    phone_number: str
    bank_phone_number: str
    email: str
    document: Document
    national_number: str | None
    card_number: str | None
    issuance_locality: str | None
    year_only: bool = False
    """Whether the day of birth is known to nobody."""
    card: Card | None = None
    """The Belgian eID card, for those who have one."""

    @property
    def known_birthdate(self) -> str:
        """The birth date as OpenID Connect writes it: `YYYY-MM-DD`, or `YYYY` alone."""
        return str(self.birthdate.year) if self.year_only else self.birthdate.isoformat()

    @property
    def name(self) -> str:
        """Given names and family name, as people write it."""
        return f"{self.given_name} {self.family_name}" if self.given_name else self.family_name

    def age(self, today: date) -> int:
        """Whole years on that day."""
        return years_between(self.birthdate, today)


def years_between(birthdate: date, today: date) -> int:
    """Whole years of age on that day."""
    return today.year - birthdate.year - ((today.month, today.day) < (birthdate.month, birthdate.day))
