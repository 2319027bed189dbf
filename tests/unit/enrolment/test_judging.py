"""Whether an identity can rest on what was said, at which level, and what the record of it holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from ipse.attributes.model import Document, Evidence, Facts, NationalNumber, complete
from ipse.enrolment.errors import (
    MinorElsewhereError,
    RefusedAnswerError,
    UnacceptableIdentityError,
    UnderAgeError,
)
from ipse.enrolment.model import Registrar
from ipse.enrolment.rules import evidence, judging, reading
from ipse.kernel.clock import SECOND
from tests.unit.enrolment.answers import answer, verified

TODAY = date(2026, 11, 21)
GOOD = Facts(
    family_name="Lievens",
    given_name="Ada",
    birthdate="1988-05-17",
    document=Document(kind="I", country="BE", number="592001447102", expires_on="2033-03-02"),
    national_number=NationalNumber(country="BE", value="99060427181"),
)
TEST_NUMBER = NationalNumber(country="BE", value="90022899965")


def test_a_good_identity_passes() -> None:
    judging.check(GOOD, today=TODAY, test_numbers=False)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"birthdate": "2010-11-22"}, UnderAgeError),
        ({"birthdate": "2011-11-21"}, UnderAgeError),
        ({"birthdate": None, "birthdate_as_string": "2010"}, UnderAgeError),
        ({"birthdate": "2030-01-01"}, UnacceptableIdentityError),
        ({"birthdate": None}, UnacceptableIdentityError),
        ({"document": None}, UnacceptableIdentityError),
        (
            {"document": Document(kind="I", country="BE", number="1", expires_on="2026-11-20")},
            UnacceptableIdentityError,
        ),
        ({"national_number": NationalNumber(country="BE", value="99060427182")}, UnacceptableIdentityError),
        ({"national_number": TEST_NUMBER}, UnacceptableIdentityError),
    ],
)
def test_what_no_identity_can_rest_on(changes: dict[str, Any], error: type[RefusedAnswerError]) -> None:
    with pytest.raises(error):
        judging.check(replace(GOOD, **changes), today=TODAY, test_numbers=False)


@pytest.mark.parametrize(
    "changes",
    [
        {"birthdate": "2008-11-21"},
        {"birthdate": None, "birthdate_as_string": "1951"},
        {"document": Document(kind="I", country="BE", number="1", expires_on="2026-11-21")},
        {"document": Document(kind="I", country="NL", number="1")},
        {"national_number": None},
        {"national_number": NationalNumber(country="RO", value="1800101221144")},
    ],
)
def test_what_is_just_good_enough(changes: dict[str, Any]) -> None:
    """Eighteen today; a document on its last day; no number."""
    judging.check(replace(GOOD, **changes), today=TODAY, test_numbers=False)


@pytest.mark.parametrize("birthdate", ["2010-11-21", "2008-11-22"])
def test_minors_need_a_registrar_that_may_vouch_for_them(birthdate: str) -> None:
    """Sixteen today, and eighteen tomorrow."""
    facts = replace(GOOD, birthdate=birthdate, national_number=None)
    judging.check(facts, today=TODAY, test_numbers=False, minors=True)
    with pytest.raises(MinorElsewhereError):
        judging.check(facts, today=TODAY, test_numbers=False)


def test_under_sixteen_nobody_vouches() -> None:
    with pytest.raises(UnderAgeError):
        judging.check(replace(GOOD, birthdate="2010-11-22"), today=TODAY, test_numbers=False, minors=True)


def test_numbers_of_nobody_are_welcome_in_a_sandbox_only() -> None:
    judging.check(replace(GOOD, national_number=TEST_NUMBER), today=TODAY, test_numbers=True)


@pytest.mark.parametrize(
    ("claimed", "cap", "level"),
    [
        ("substantial", "substantial", "substantial"),
        ("high", "substantial", "substantial"),
        ("high", "high", "high"),
        ("substantial", "low", "low"),
        ("low", "high", "low"),
        ("excellent", "substantial", "low"),
        (None, "substantial", "low"),
        ("substantial", "typo", "low"),
    ],
)
def test_a_bank_is_capped(claimed: str | None, cap: str, level: str) -> None:
    """B-2: never above the registrar's row."""
    assert judging.assurance(claimed, cap=cap) == level


def test_one_person_is_one_by_number_else_by_document() -> None:
    assert judging.identity(GOOD, "99060427181") == judging.identity(replace(GOOD, family_name="X"), "99060427181")
    married = replace(GOOD, family_name="LIEVENS")
    assert judging.identity(GOOD, None) == judging.identity(married, None)
    assert judging.identity(GOOD, None) != judging.identity(replace(GOOD, birthdate="1988-05-18"), None)
    assert judging.identity(GOOD, "1") != judging.identity(
        replace(GOOD, document=Document(kind="I", country="NL", number="1")), "1"
    )


NOW = 1_790_000_000 * SECOND


def _record(changed: dict[str, Any]) -> Evidence:
    said = verified(changed)
    return evidence.record(
        said,
        reading.facts(said, email="ada@example.org"),
        evidence_id="e-1",
        registrar=Registrar(id="bank-vesta", name="Vesta Bank", country="BE"),
        original="a.b.c",
        now=NOW,
    )


def test_the_record_of_an_identity_is_complete() -> None:
    """B-1: route, evidence identifiers, authoritative-source check, result, adapter, time."""
    record = _record(answer())
    assert complete(record)
    assert (record.route, record.registrar, record.adapter) == ("bank", "bank-vesta", "oidc-ida/1")
    assert record.references == ("p-1", "c-1", "c-2")
    assert record.source_check == "auth by Vesta Bank NV; vpip by Vesta Bank NV"
    assert record.expires_at == NOW + 1826 * 86_400 * SECOND
    assert (record.assurance, record.result, record.original) == ("substantial", "accepted", "a.b.c")


@pytest.mark.parametrize("missing", ["references", "source_check", "time"])
def test_a_record_that_lacks_something_is_not_complete(missing: str) -> None:
    changed = answer()
    verification = changed["verification"]
    if missing == "references":
        del verification["verification_process"]
        for piece in verification["evidence"]:
            del piece["check_details"][0]["check_id"]
    elif missing == "source_check":
        for piece in verification["evidence"]:
            del piece["check_details"]
    else:
        del verification["time"]
        del verification["evidence"][1]["check_details"][0]["time"]
    assert not complete(_record(changed))


def test_every_fact_knows_where_it_comes_from() -> None:
    said = verified(answer())
    facts = reading.facts(said, email="ada@example.org")
    sourced = evidence.sourced(facts, _record(answer()))
    assert sourced.sources["family_name"].registrar == "bank-vesta"
    assert sourced.sources["family_name"].evidence == "e-1"
    assert sourced.sources["email"].registrar == "person"
    assert sourced.sources["email"].evidence is None
    assert "phone_number" not in sourced.sources
