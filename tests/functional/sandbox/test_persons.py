"""The people of the sandbox are plausible, and can never be taken for real ones."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from jsonschema.validators import Draft202012Validator

from ipse.kernel import clock
from ipse.sandbox.bank import BANKS, dossier
from ipse.sandbox.bank.model import bank
from ipse.sandbox.persons import Person, persons, portrait
from ipse.standards import national_numbers
from ipse.standards.countries import alpha_2, alpha_3
from ipse.standards.phone_numbers import normalised

TODAY = date(2026, 11, 21)
EVERYBODY = persons(TODAY)
NOW = 1_790_000_000 * clock.SECOND
each = pytest.mark.parametrize("person", EVERYBODY, ids=lambda person: person.id)


def test_there_are_enough_of_them_and_of_every_kind() -> None:
    ages = [person.age(TODAY) for person in EVERYBODY]
    assert len(EVERYBODY) >= 8
    assert len({person.id for person in EVERYBODY}) == len(EVERYBODY)
    assert len({person.country for person in EVERYBODY}) >= 5
    assert len({person.phone_number for person in EVERYBODY}) == len(EVERYBODY)
    assert 16 in ages
    assert max(ages) > 60
    assert any(person.given_name is None for person in EVERYBODY)
    assert any(not person.name.isascii() and len(person.name) > 40 for person in EVERYBODY)
    assert [person.id for person in EVERYBODY if person.bank_phone_number != person.phone_number] == ["wout"]


@pytest.mark.parametrize("days", [0, 112, 113, 114, 365, 4000])
@pytest.mark.parametrize(("name", "age"), [("finn", 15), ("noor", 16), ("lotte", 17)])
def test_minors_stay_as_old_as_they_are(name: str, age: int, days: int) -> None:
    today = TODAY + timedelta(days=days)
    minor = next(person for person in persons(today) if person.id == name)
    assert minor.age(today) == age
    assert national_numbers.is_belgian(minor.national_number or "")


def test_cards_show_what_real_ones_do() -> None:
    cards = {person.id: person.card for person in EVERYBODY if person.card}
    assert {card.applet for card in cards.values()} == {"1.7", "1.8"}
    assert {"lotte", "finn", "imani", "mateus", "abdoul", "gerda", "philippe"} < cards.keys()
    assert any(card.special_status for card in cards.values())
    assert any(card.noble_title for card in cards.values())
    assert {person.id for person in EVERYBODY if person.country == "BE"} == cards.keys()
    foreign = {person.id for person in EVERYBODY if person.card and person.card.document_type != 1}
    assert foreign == {person.id for person in EVERYBODY if person.card and "BEL" not in person.nationalities}
    assert [person.id for person in EVERYBODY if person.year_only] == ["abdoul"]


REGISTERED = {"mateus": "754608", "abdoul": "610000"}
"""A bis number has 40 added to its month; a year alone leaves month and day at zero."""


@each
def test_belgian_numbers_pass_mod_97_with_a_serial_nobody_has(person: Person) -> None:
    if person.country != "BE":
        assert not national_numbers.is_belgian(person.national_number or "")
        return
    number = person.national_number or ""
    assert national_numbers.is_belgian(number)
    assert national_numbers.is_test_number(number)
    assert number[:6] == REGISTERED.get(person.id, person.birthdate.strftime("%y%m%d"))
    assert national_numbers.belgian_century(number) == person.birthdate.year // 100 * 100
    assert national_numbers.is_belgian_card(person.card_number or "")


@each
def test_numbers_countries_and_documents_are_well_formed(person: Person) -> None:
    assert normalised(person.phone_number) == person.phone_number
    assert normalised(person.bank_phone_number) == person.bank_phone_number
    codes = (person.place_of_birth.country, person.address.country, *person.nationalities)
    assert all(alpha_3(code) == code for code in codes)
    assert alpha_2(person.document.issuer.country_code) == person.country
    assert person.document.date_of_issuance < TODAY + timedelta(days=90) < person.document.date_of_expiry
    assert person.email.endswith(".example")
    assert bank(person.home_bank) in BANKS


@each
def test_the_portrait_is_a_jpeg_of_140_by_200(person: Person) -> None:
    picture = portrait(person.id)
    assert picture.startswith(b"\xff\xd8\xff")
    assert picture.endswith(b"\xff\xd9")
    start_of_frame = picture.index(b"\xff\xc0") + 5
    height, width = picture[start_of_frame : start_of_frame + 2], picture[start_of_frame + 2 : start_of_frame + 4]
    assert (int.from_bytes(width, "big"), int.from_bytes(height, "big")) == (140, 200)
    assert picture[start_of_frame + 4] == 3


@each
def test_a_dossier_has_the_shape_of_the_schema(person: Person) -> None:
    """OpenID Identity Assurance Schema Definition 1.0, the parts that banks here use."""
    home = bank(person.home_bank)
    assert home is not None
    claims = dossier.claims(person)
    document = {"verification": dossier.verification(person, home, NOW), "claims": claims}
    Draft202012Validator(SCHEMA).validate(document)
    assert None not in claims.values()
    assert ("given_name" in claims) == (person.given_name is not None)


DATE = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
DAY_OR_YEAR = {"type": "string", "pattern": r"^\d{4}(-\d{2}-\d{2})?$"}
TIME = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"}
PARTY = {
    "type": "object",
    "required": ["name", "country_code"],
    "properties": {"country_code": {"type": "string", "pattern": "^[A-Z]{3}$"}},
}
CHECKS = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "required": ["check_method", "organization", "check_id", "time"],
        "properties": {"check_method": {"enum": ["auth", "vpip"]}, "time": TIME},
    },
}
RECORD = {
    "required": ["record", "check_details"],
    "properties": {
        "check_details": CHECKS,
        "time": TIME,
        "record": {
            "type": "object",
            "required": ["type", "source"],
            "properties": {"type": {"const": "bank_account"}, "created_at": TIME, "source": PARTY},
        },
    },
}
DOCUMENT = {
    "required": ["document_details", "check_details"],
    "properties": {
        "check_details": CHECKS,
        "time": TIME,
        "document_details": {
            "type": "object",
            "required": ["type", "document_number", "date_of_issuance", "date_of_expiry", "issuer"],
            "properties": {
                "type": {"enum": ["idcard", "passport"]},
                "date_of_issuance": DATE,
                "date_of_expiry": DATE,
                "issuer": PARTY,
            },
        },
    },
}
SCHEMA = {
    "type": "object",
    "required": ["verification", "claims"],
    "additionalProperties": False,
    "properties": {
        "claims": {"type": "object", "minProperties": 1, "properties": {"birthdate": DAY_OR_YEAR}},
        "verification": {
            "type": "object",
            "required": ["trust_framework"],
            "properties": {
                "time": TIME,
                "evidence": {
                    "type": "array",
                    "minItems": 2,
                    "items": {
                        "type": "object",
                        "required": ["type"],
                        "properties": {"type": {"enum": ["electronic_record", "document"]}},
                        "if": {"properties": {"type": {"const": "document"}}},
                        "then": DOCUMENT,
                        "else": RECORD,
                    },
                },
            },
        },
    },
}
