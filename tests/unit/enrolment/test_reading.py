"""A registrar's claims become facts; what is garbled is the registrar's error, what is missing is None."""

from __future__ import annotations

import contextlib
from base64 import b64encode
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipse.attributes import ATTRIBUTES
from ipse.attributes.rules import derive
from ipse.enrolment.errors import RefusedAnswerError, RegistrarError, UnacceptableIdentityError
from ipse.enrolment.rules import reading
from ipse.standards import ida
from tests.unit.enrolment.answers import answer, details, verified

MEMBERS = ("formatted", "locality", "country", "format", "value", "street_address", "postal_code")


def test_a_belgian_answer_is_read_whole() -> None:
    facts = reading.facts(verified(answer()), email="ada@example.org")
    assert (facts.family_name, facts.given_name, facts.birthdate) == ("Lievens", "Ada", "1988-05-17")
    assert facts.birthdate_as_string == "17.05.1988"
    assert facts.nationalities == ("BEL",)
    assert facts.document is not None
    assert (facts.document.kind, facts.document.country, facts.document.expires_on) == ("I", "BE", "2033-03-02")
    assert facts.document.issuer == "Gent"
    assert facts.national_number is not None
    assert (facts.national_number.country, facts.national_number.value) == ("BE", "88051700023")
    assert facts.card_number == "592001447102"
    assert facts.photo is not None
    assert facts.address is not None
    assert facts.email == "ada@example.org"
    assert facts.phone_number is None


def test_what_no_partner_could_be_told_is_not_kept() -> None:
    facts = reading.facts(verified(answer(country="NLD", own_national_number="999999990")), email=None)
    assert (facts.address, facts.place_of_birth, facts.national_number, facts.card_number) == (None,) * 4


def test_a_romanian_number_is_kept_as_it_is() -> None:
    facts = reading.facts(verified(answer(country="ROU", own_national_number="1800101221144")), email=None)
    assert facts.national_number is not None
    assert (facts.national_number.country, facts.national_number.value) == ("RO", "1800101221144")


def test_a_person_without_a_given_name() -> None:
    assert reading.facts(verified(answer(without=("given_name",))), email=None).given_name is None


def test_a_birth_year_alone_is_kept_as_printed() -> None:
    facts = reading.facts(verified(answer(birthdate="1951", without=("own_birthdate_as_string",))), email=None)
    assert (facts.birthdate, facts.birthdate_as_string) == (None, "1951")


def test_names_are_trimmed_and_composed() -> None:
    facts = reading.facts(verified(answer(family_name="  Zoe\u0308 ")), email=None)
    assert facts.family_name == "Zoë"


def test_a_passport_is_a_p() -> None:
    changed = answer()
    details(changed)["type"] = "passport"
    facts = reading.facts(verified(changed), email=None)
    assert facts.document is not None
    assert facts.document.kind == "P"


@pytest.mark.parametrize(
    "claims",
    [
        {"family_name": 7},
        {"family_name": "x" * 201},
        {"given_name": "A\x00da"},
        {"given_name": "A\nda"},
        {"birthdate": "17.05.1988"},
        {"birthdate": "1988-13-01"},
        {"birthdate": "19880517"},
        {"nationalities": "BEL"},
        {"nationalities": [7]},
        {"address": "Visserskaai 12"},
        {"place_of_birth": ["Gent"]},
        {"own_photo": {"format": "image/svg+xml", "value": "PHN2Zy8+"}},
        {"own_photo": {"format": "image/jpeg", "value": "%%%"}},
        {"own_photo": {"format": "image/jpeg", "value": b64encode(b"<svg/>").decode()}},
        {"own_photo": {"format": "image/jpeg", "value": b64encode(b"\xff\xd8\xff" + bytes(100_000)).decode()}},
    ],
)
def test_garbled_claims_are_the_registrars_error(claims: dict[str, Any]) -> None:
    """F-8: a bank that returns garbage gives no identity."""
    with pytest.raises(RegistrarError):
        reading.facts(verified(answer(**claims)), email=None)


@pytest.mark.parametrize(
    ("member", "value"), [("type", "library_card"), ("document_number", ...), ("issuer", {"country_code": "XXX"})]
)
def test_without_a_document_we_know_there_is_no_identity(member: str, value: object) -> None:
    changed = answer()
    if value is ...:
        del details(changed)[member]
    else:
        details(changed)[member] = value
    with pytest.raises(UnacceptableIdentityError):
        reading.facts(verified(changed), email=None)


def test_evidence_without_a_document_is_no_identity() -> None:
    changed = answer()
    del changed["verification"]["evidence"][1]
    with pytest.raises(UnacceptableIdentityError):
        reading.facts(verified(changed), email=None)


def test_a_card_number_must_have_right_check_digits() -> None:
    with pytest.raises(UnacceptableIdentityError):
        reading.facts(verified(answer(own_card_number="592001447103")), email=None)


@pytest.mark.parametrize(
    ("said", "typed", "same"),
    [
        ("+32400000101", "+32 400000101", True),
        ("+32 400 00 01 01", "+32 400000101", True),
        ("+32400000102", "+32 400000101", False),
        (None, "+32 400000101", False),
    ],
)
def test_the_number_must_be_the_same(said: str | None, typed: str, same: bool) -> None:
    changed = answer(phone_number=said) if said else answer(without=("phone_number",))
    assert reading.same_number(verified(changed), typed) == same


def test_a_number_without_its_country_is_the_registrars_error() -> None:
    with pytest.raises(RegistrarError):
        reading.same_number(verified(answer(phone_number="0400000101")), "+32 400000101")


def test_when_the_document_was_read_last() -> None:
    assert reading.read_at(verified(answer())) == 1_679_306_400_000_000
    changed = answer()
    del changed["verification"]["evidence"][1]["check_details"]
    assert reading.read_at(verified(changed)) == 1_679_400_000_000_000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=3),
    max_leaves=8,
)


@given(name=st.sampled_from(sorted(reading.CLAIMS)), value=JSON)
@settings(max_examples=400, deadline=None)
def test_whatever_a_bank_claims_becomes_facts_or_a_refusal(name: str, value: object) -> None:
    """F-8."""
    changed = answer()
    changed["claims"][name] = value
    with contextlib.suppress(RefusedAnswerError, ida.IdaError):
        said = verified(changed)
        facts = reading.facts(said, email=None)
        reading.same_number(said, "+32 400000101")
        derive(facts, ATTRIBUTES, today=date(2026, 11, 21), language="nl")
