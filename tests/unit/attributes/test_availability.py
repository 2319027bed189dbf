"""The table of what documents of which country give (partner protocol 1.6), and that answers keep to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from ipse.attributes.http import coverage
from ipse.attributes.model import (
    ATTRIBUTES,
    Address,
    Circumstances,
    Document,
    Facts,
    NationalNumber,
    Picture,
    Place,
    Source,
)
from ipse.attributes.rules import derive
from ipse.attributes.rules.availability import COUNTRIES, Availability, availability
from ipse.enrolment.model import Registrar

TODAY = date(2026, 11, 21)
SEEN = Source(registrar="bank", evidence="e1", verified_at=1_790_000_000_000_000)
EVERYWHERE = Circumstances(
    device={"os": "Android"}, app={"appName": "Ipse"}, account={"activationDate": "2026-01-01"},
    identification_mode="QR", transaction_ip="192.0.2.1", ongoing_call=False,
)  # fmt: skip


def everything(country: str) -> Facts:
    """A person of whom all is known, with a document of a country."""
    return Facts(
        family_name="Peeters", given_name="Ada", birthdate="1990-02-28", birthdate_as_string="28 FEB 1990",
        official_gender="V", gender="female", nationalities=("BEL",), citizenship="Belg",
        place_of_birth=Place(city="Gent"), address=Address(street_address="Kouter 1", locality="Gent"),
        document=Document(
            kind="ID", country=country, number="1", issued_on="2022-01-02", expires_on="2032-01-02", issuer="Gent"
        ),
        national_number=NationalNumber(country=country, value="1"), card_number="431522485012",
        photo=Picture(format="image/jpeg", value="/9j/"), email="ada@example.org", phone_number="+32 485694175",
        sources=dict.fromkeys(("family_name", "document"), SEEN),
    )  # fmt: skip


@pytest.mark.parametrize("country", COUNTRIES)
def test_answers_hold_what_the_table_says(country: str) -> None:
    """Where all is known exactly the attributes that the table does not deny are answered."""
    answer = derive(everything(country), list(ATTRIBUTES), today=TODAY, language="nl", circumstances=EVERYWHERE)
    possible = {name for name in ATTRIBUTES if availability(name, country) is not Availability.NEVER}
    assert set(answer) == possible


@pytest.mark.parametrize("country", COUNTRIES)
def test_only_what_the_table_calls_optional_is_ever_missing(country: str) -> None:
    """A document that holds all it can, of a person who states nothing."""
    bare = replace(everything(country), given_name=None, email=None, sources={})
    answer = derive(bare, list(ATTRIBUTES), today=TODAY, language=None, circumstances=EVERYWHERE)
    missing = set(ATTRIBUTES) - set(answer)
    assert {availability(name, country) for name in missing} <= {Availability.OPTIONAL, Availability.NEVER}


def test_the_named_exceptions() -> None:
    """The cells of protocol 1.6 that differ from their row."""
    assert availability("birthdate", "BE") is Availability.OPTIONAL
    assert availability("birthdate", "NL") is Availability.ALWAYS
    assert availability("gender", "NL") is Availability.OPTIONAL
    assert availability("place_of_birth", "FR") is Availability.NEVER
    assert availability("SINationalNumber", "SI") is Availability.OPTIONAL
    assert availability("SINationalNumber", "HR") is Availability.NEVER
    assert len(COUNTRIES) == 32


def test_coverage_names_claims_as_the_wire_does() -> None:
    bank = Registrar(id="b", name="Bank", country="BE", issuer="https://b.example", client_id="c")
    covered = coverage("https://ipse.example/claim/", [bank])
    belgium = covered["countries"][0]
    assert belgium["routes"] == [{"route": "bank", "id": "b", "name": "Bank", "highest_level": "substantial"}]
    assert belgium["claims"]["https://ipse.example/claim/BEeidSn"] == "optional"
    assert belgium["claims"]["family_name"] == "always"
    assert covered["countries"][1]["routes"] == []
    assert {entry["claim"] for entry in covered["claims"]} >= set(belgium["claims"])
