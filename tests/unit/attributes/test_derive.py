"""What a partner is told of a person (protocol 1.5 and 1.6): per country of the document, and absent where unknown."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import msgspec
import pytest

from ipse.attributes import (
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

TODAY = date(2026, 11, 21)
SEEN = Source(registrar="bank-vesta", evidence="e1", verified_at=1_790_000_000_000_000)
STATED = Source(registrar="person", evidence=None, verified_at=1_790_000_001_000_000)

BELGIAN = Facts(
    family_name="Peeters",
    given_name="Ada",
    birthdate="1990-02-28",
    birthdate_as_string="28 FEB 1990",
    official_gender="V",
    gender="female",
    nationalities=("BEL",),
    citizenship="Belg",
    place_of_birth=Place(city="Gent", country="BEL"),
    address=Address(street_address="Kouter 1", postal_code="9000", locality="Gent", country="BE"),
    document=Document(
        kind="ID",
        country="BE",
        number="431522485012",
        issued_on="2022-01-02",
        expires_on="2032-01-02",
        issuer="Gent",
    ),
    national_number=NationalNumber(country="BE", value="90022899902"),
    card_number="431522485012",
    photo=Picture(format="image/jpeg", value="/9j/"),
    email="ada@example.org",
    phone_number="+32 485694175",
    sources=dict.fromkeys(
        ("family_name", "given_name", "birthdate", "photo", "national_number", "document", "card_number"), SEEN
    )
    | {"email": STATED},
)
DUTCH = Facts(
    family_name="de Vries",
    given_name="Bram",
    birthdate="2008-11-22",
    nationalities=("NL",),
    place_of_birth=Place(city="Utrecht"),
    address=Address(street_address="Oudegracht 1", postal_code="3511", locality="Utrecht"),
    document=Document(kind="P", country="NL", number="SPECI2014", issued_on="2020-05-05", expires_on="2030-05-05"),
    national_number=NationalNumber(country="NL", value="999999990"),
    phone_number="+31 612345678",
)
ROMANIAN_IN_BELGIUM = replace(BELGIAN, nationalities=("ROU",), citizenship=None)
BELGIAN_ON_A_ROMANIAN_CARD = replace(
    DUTCH,
    nationalities=("BEL",),
    document=Document(kind="I", country="RO", number="RX123456"),
    national_number=NationalNumber(country="RO", value="1800101221144"),
)
ONE_NAME = Facts(family_name="Suharto", birthdate="1960-01-01")


@pytest.mark.parametrize(
    ("facts", "name", "value"),
    [
        (BELGIAN, "name", "Ada Peeters"),
        (BELGIAN, "given_name", "Ada"),
        (ONE_NAME, "name", "Suharto"),
        (ONE_NAME, "given_name", None),
        (BELGIAN, "birthdate", "1990-02-28"),
        (BELGIAN, "birthdate_as_string", "28 FEB 1990"),
        (DUTCH, "birthdate_as_string", None),
        (BELGIAN, "gender", "female"),
        (DUTCH, "gender", None),
        (replace(BELGIAN, gender=None), "gender", "female"),
        (replace(BELGIAN, gender=None, official_gender="X"), "gender", "n/a"),
        (replace(BELGIAN, gender=None, official_gender="<"), "gender", "unknown"),
        (BELGIAN, "official_gender", "V"),
        (BELGIAN, "locale", "NL"),
        (BELGIAN, "picture", {"format": "image/jpeg", "value": "/9j/"}),
        (BELGIAN, "physical_person_photo", {"format": "image/jpeg", "value": "/9j/"}),
        (DUTCH, "picture", None),
        (BELGIAN, "email", "ada@example.org"),
        (BELGIAN, "email_verified", False),
        (DUTCH, "email_verified", None),
        (BELGIAN, "phone_number", "+32 485694175"),
        (BELGIAN, "phone_number_verified", True),
        (ONE_NAME, "phone_number_verified", None),
        (
            BELGIAN,
            "address",
            {
                "formatted": "Kouter 1\n9000 Gent",
                "street_address": "Kouter 1",
                "postal_code": "9000",
                "locality": "Gent",
            },
        ),
        (DUTCH, "address", None),
        (BELGIAN, "claim_citizenship", "Belg"),
        (replace(BELGIAN, citizenship=None), "claim_citizenship", "BE"),
        (ROMANIAN_IN_BELGIUM, "claim_citizenship", "RO"),
        (ROMANIAN_IN_BELGIUM, "claim_citizenship_as_iso", "ROU"),
        (DUTCH, "claim_citizenship", "NLD"),
        (DUTCH, "claim_citizenship_as_iso", "NLD"),
        (
            BELGIAN,
            "place_of_birth",
            {"formatted": "Gent", "city": "Gent", "country": "BEL"},
        ),
        (
            replace(BELGIAN, place_of_birth=Place(city="Nador", country="MAR")),
            "place_of_birth",
            {"formatted": "Nador, MAR", "city": "Nador", "country": "MAR"},
        ),
        (DUTCH, "place_of_birth", None),
        (BELGIAN, "BENationalNumber", "90022899902"),
        (ROMANIAN_IN_BELGIUM, "BENationalNumber", "90022899902"),
        (BELGIAN, "RONationalNumber", None),
        (BELGIAN_ON_A_ROMANIAN_CARD, "RONationalNumber", "1800101221144"),
        (BELGIAN_ON_A_ROMANIAN_CARD, "BENationalNumber", None),
        (BELGIAN, "BEeidSn", "431522485012"),
        (DUTCH, "BEeidSn", None),
        (DUTCH, "IDDocumentSN", "SPECI2014"),
        (DUTCH, "IDDocumentType", "P"),
        (ONE_NAME, "IDDocumentSN", None),
    ],
)
def test_one_attribute(facts: Facts, name: str, value: object) -> None:
    answer = derive(facts, [name], today=TODAY, language="nl")
    assert answer == ({} if value is None else {name: value})


@pytest.mark.parametrize(
    ("birthdate", "years", "expected"),
    [
        ("2008-11-21", 18, True),
        ("2008-11-22", 18, False),
        ("2010-11-21", 16, True),
        ("2010-11-22", 16, False),
        ("2005-11-22", 21, False),
        ("1996-11-21", 30, True),
    ],
)
def test_ages_turn_on_the_birthday(birthdate: str, years: int, expected: bool) -> None:
    facts = replace(BELGIAN, birthdate=birthdate)
    assert derive(facts, [f"age_gte_{years}"], today=TODAY) == {f"age_gte_{years}": expected}


def test_born_on_29_february_is_older_on_1_march() -> None:
    facts = replace(BELGIAN, birthdate="2008-02-29")
    assert derive(facts, ["age_gte_18"], today=date(2026, 2, 28)) == {"age_gte_18": False}
    assert derive(facts, ["age_gte_18"], today=date(2026, 3, 1)) == {"age_gte_18": True}


def test_a_birth_date_of_a_year_alone_tells_no_age() -> None:
    facts = replace(BELGIAN, birthdate=None, birthdate_as_string="1950")
    names = ["birthdate", "birthdate_as_string", "age_gte_18"]
    assert derive(facts, names, today=TODAY) == {"birthdate_as_string": "1950"}


@pytest.mark.parametrize("name", [name for name, attribute in ATTRIBUTES.items() if attribute.metadata])
def test_metadata_asked_alone_is_absent(name: str) -> None:
    assert derive(BELGIAN, [name], today=TODAY) == {}


@pytest.mark.parametrize(
    ("facts", "names", "name", "value"),
    [
        (
            BELGIAN,
            ["verificationDate", "birthdate", "given_name"],
            "verificationDate",
            {"birthdate": "2026-09-21T14:13:20Z", "given_name": "2026-09-21T14:13:20Z"},
        ),
        (BELGIAN, ["verificationDate", "name"], "verificationDate", {"name": "2026-09-21T14:13:20Z"}),
        (BELGIAN, ["verificationDate", "email"], "verificationDate", None),
        (
            BELGIAN,
            ["BEeidSn", "IDDocumentSN", "validityTo"],
            "validityTo",
            {"BEeidSn": "2032-01-02T00:00:00Z", "IDDocumentSN": "2032-01-02T00:00:00Z"},
        ),
        (BELGIAN, ["validityTo", "name"], "validityTo", None),
        (BELGIAN, ["validityFrom", "BEeidSn"], "validityFrom", {"BEeidSn": "2022-01-02T00:00:00Z"}),
        (
            BELGIAN,
            ["validityFrom", "BEeidSn", "IDDocumentSN"],
            "validityFrom",
            {"BEeidSn": "2022-01-02T00:00:00Z"},
        ),
        (BELGIAN, ["validityFrom", "IDDocumentSN"], "validityFrom", {"IDDocumentSN": "2022-01-02T00:00:00Z"}),
        (DUTCH, ["validityFrom", "IDDocumentSN"], "validityFrom", None),
        (DUTCH, ["validityTo", "IDDocumentSN"], "validityTo", {"IDDocumentSN": "2030-05-05T00:00:00Z"}),
        (
            DUTCH,
            ["IDIssuingCountry", "IDDocumentSN", "IDDocumentType"],
            "IDIssuingCountry",
            {"IDDocumentSN": "NLD", "IDDocumentType": "NLD"},
        ),
        (
            BELGIAN,
            ["IDIssuingCountry", "birthdate", "name", "BENationalNumber", "email"],
            "IDIssuingCountry",
            {"birthdate": "BEL", "name": "BEL", "BENationalNumber": "BEL"},
        ),
        (BELGIAN, ["issuance_locality", "BEeidSn"], "issuance_locality", {"BEeidSn": "Gent"}),
        (DUTCH, ["issuance_locality", "BEeidSn", "IDDocumentSN"], "issuance_locality", None),
    ],
)
def test_metadata_speak_of_the_other_asked_attributes(facts: Facts, names: list[str], name: str, value: object) -> None:
    assert derive(facts, names, today=TODAY).get(name) == value


def test_circumstances_come_from_the_approval_and_are_absent_without() -> None:
    names = ["identification_mode", "transaction_ip", "ongoing_call", "claim_device"]
    now = Circumstances(identification_mode="QR", ongoing_call=False, device={"rooted": False})
    assert derive(BELGIAN, names, today=TODAY) == {}
    assert derive(BELGIAN, names, today=TODAY, circumstances=now) == {
        "identification_mode": "QR",
        "ongoing_call": False,
        "claim_device": {"rooted": False},
    }


def test_everything_asked_at_once_keeps_the_order_and_leaves_unknown_names_out() -> None:
    answer = derive(BELGIAN, [*ATTRIBUTES, "shoe_size"], today=TODAY, language="fr")
    assert list(answer) == [name for name in ATTRIBUTES if name in answer]
    assert "shoe_size" not in answer
    assert None not in answer.values()


def test_facts_survive_their_json() -> None:
    assert msgspec.json.decode(msgspec.json.encode(BELGIAN), type=Facts) == BELGIAN


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        ("profile", "family_name given_name name birthdate gender locale picture"),
        ("email", "email email_verified"),
        ("phone", "phone_number phone_number_verified"),
        ("address", "address"),
        ("eid", "BENationalNumber BEeidSn"),
        ("idDocument", "IDDocumentSN IDDocumentType IDIssuingCountry validityFrom validityTo"),
    ],
)
def test_what_a_scope_asks_for(scope: str, names: str) -> None:
    """Protocol 1.5."""
    assert {name for name, attribute in ATTRIBUTES.items() if scope in attribute.scopes} == set(names.split())


def test_sensitive_attributes_are_masked_until_the_code() -> None:
    """DESIGN 6: protected values are masked."""
    open_names = {name for name, attribute in ATTRIBUTES.items() if not attribute.protected}
    assert {"name", "birthdate", "email", "phone_number", "address", "locale"} <= open_names
    assert not open_names & {"BENationalNumber", "BEeidSn", "IDDocumentSN", "place_of_birth", "picture"}
