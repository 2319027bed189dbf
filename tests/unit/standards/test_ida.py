"""Reading `verified_claims` (OpenID Connect for Identity Assurance 1.0): what is right is read, the rest is named."""

from __future__ import annotations

import contextlib
import copy
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipse.standards.ida import IdaError, parse, request

FRAMEWORK = "be_bank_idv"
ANSWER: dict[str, Any] = {
    "verification": {
        "trust_framework": FRAMEWORK,
        "assurance_level": "substantial",
        "time": "2026-05-04T09:30Z",
        "verification_process": "7f3a",
        "unknown_member": {"is": "ignored"},
        "evidence": [
            {
                "type": "electronic_record",
                "check_details": [
                    {
                        "check_method": "auth",
                        "organization": "Vesta Bank",
                        "check_id": "c-1",
                        "time": "2026-05-04T11:30:00+02:00",
                    }
                ],
                "record": {"type": "bank_account", "source": {"name": "Vesta Bank", "country_code": "BEL"}},
            },
            {
                "type": "document",
                "check_details": [{"check_method": "vpip"}],
                "document_details": {
                    "type": "idcard",
                    "document_number": "592001447102",
                    "date_of_issuance": "2023-03-02",
                    "date_of_expiry": "2033-03-02",
                    "issuer": {"name": "Kingdom of Belgium", "country_code": "BEL"},
                },
            },
        ],
    },
    "claims": {"family_name": "Lievens", "birthdate": "1988-05-17"},
}


def test_a_right_answer_is_read() -> None:
    verified = parse(ANSWER, trust_framework=FRAMEWORK)
    assert verified.assurance_level == "substantial"
    assert verified.time == datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
    assert verified.claims["family_name"] == "Lievens"
    record, document = verified.evidence
    assert (record.record_type, record.record_source) == ("bank_account", "Vesta Bank")
    assert record.checks[0].time == datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
    assert verified.document() is document
    assert document.document is not None
    assert document.document.expires_on == date(2033, 3, 2)
    assert document.document.issuer.country_code == "BEL"


def test_the_entry_under_the_asked_framework_is_taken_from_an_array() -> None:
    other = copy.deepcopy(ANSWER)
    other["verification"]["trust_framework"] = "eidas"
    assert parse([other, ANSWER], trust_framework=FRAMEWORK).trust_framework == FRAMEWORK


def _without(path: str) -> Any:
    return _with(path, ...)


def _with(path: str, value: object) -> Any:
    answer = copy.deepcopy(ANSWER)
    *parents, last = path.split(".")
    place: Any = answer
    for parent in parents:
        place = place[int(parent)] if isinstance(place, list) else place[parent]
    if value is ...:
        del place[last]
    else:
        place[int(last) if isinstance(place, list) else last] = value
    return answer


DOCUMENT = "verification.evidence.1.document_details"


@pytest.mark.parametrize(
    ("answer", "member"),
    [
        (None, "verified_claims"),
        ("text", "verified_claims"),
        ([], "verified_claims"),
        ([ANSWER, ANSWER], "verified_claims"),
        (_without("verification"), "verified_claims.verification"),
        (_without("verification.trust_framework"), "verified_claims.verification.trust_framework"),
        (_with("verification.trust_framework", "another"), "verified_claims"),
        (_with("verification.trust_framework", 7), "verified_claims.verification.trust_framework"),
        (_without("claims"), "verified_claims.claims"),
        (_with("claims", {}), "verified_claims.claims"),
        (_with("claims.family_name", None), "verified_claims.claims"),
        (_with("verification.time", "yesterday"), "verified_claims.verification.time"),
        (_with("verification.time", "2026-05-04T09:30"), "verified_claims.verification.time"),
        (_with("verification.time", "2026-13-04T09:30Z"), "verified_claims.verification.time"),
        (_with("verification.evidence", []), "verified_claims.verification.evidence"),
        (_with("verification.evidence", {}), "verified_claims.verification.evidence"),
        (_with("verification.evidence.0.type", "hearsay"), "verified_claims.verification.evidence[0].type"),
        (_with("verification.evidence.0.check_details", "x"), "verified_claims.verification.evidence[0].check_details"),
        (
            _without("verification.evidence.1.document_details"),
            "verified_claims.verification.evidence[1].document_details",
        ),
        (_without(f"{DOCUMENT}.type"), "verified_claims.verification.evidence[1].document_details.type"),
        (
            _with(f"{DOCUMENT}.date_of_expiry", "2033-3-2"),
            "verified_claims.verification.evidence[1].document_details.date_of_expiry",
        ),
        (
            _with(f"{DOCUMENT}.document_number", " "),
            "verified_claims.verification.evidence[1].document_details.document_number",
        ),
        (
            _with(f"{DOCUMENT}.issuer", "Belgium"),
            "verified_claims.verification.evidence[1].document_details.issuer",
        ),
    ],
)
def test_a_wrong_answer_is_refused_and_the_member_named(answer: object, member: str) -> None:
    with pytest.raises(IdaError) as refused:
        parse(answer, trust_framework=FRAMEWORK)
    assert refused.value.member == member
    assert "Lievens" not in str(refused.value)


def test_the_request_names_framework_evidence_and_essential_claims() -> None:
    asked = request(trust_framework=FRAMEWORK, claims={"family_name": True, "given_name": False})
    assert asked["verification"]["trust_framework"] == {"value": FRAMEWORK}
    assert asked["verification"]["evidence"][0]["type"] == {"value": "document"}
    assert asked["claims"] == {"family_name": {"essential": True}, "given_name": None}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
PLACES = (
    "verification",
    "claims",
    "verification.trust_framework",
    "verification.time",
    "verification.assurance_level",
    "verification.evidence",
    "verification.evidence.0",
    "verification.evidence.0.record",
    "verification.evidence.0.record.source",
    "verification.evidence.1.check_details",
    DOCUMENT,
    f"{DOCUMENT}.issuer",
    f"{DOCUMENT}.issuer.country_code",
    f"{DOCUMENT}.date_of_expiry",
)


@given(place=st.sampled_from(PLACES), value=JSON)
@settings(max_examples=300, deadline=None)
def test_garbage_anywhere_is_refused_by_name_or_harmless(place: str, value: object) -> None:
    """F-8: whatever a bank writes, the answer is read or refused, never a fault of ours."""
    with contextlib.suppress(IdaError):
        parse(_with(place, value), trust_framework=FRAMEWORK)
