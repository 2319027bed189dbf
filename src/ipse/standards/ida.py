"""Verified claims: OpenID Connect for Identity Assurance 1.0 and its schema definition (both of 1 October 2024).

`request` builds the `verified_claims` member of the `claims` parameter; `parse` reads the answer and refuses what the
schema does not allow. Members it does not know are ignored, as the specification asks (schema definition, section 4).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from ipse.standards import ida_schema

EVIDENCE_TYPES: Final = frozenset({"document", "electronic_record", "vouch", "electronic_signature"})

# ISO 8601 as the schema profiles it (section 4.2): seconds and fractions are optional, the zone is not.
_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d)?(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
_MOST: Final = 50
_LONGEST: Final = 2000


class IdaError(ValueError):
    """The answer is not one of this specification. `member` says where, `reason` why; neither repeats a value."""

    def __init__(self, member: str, reason: str) -> None:
        super().__init__(f"{member}: {reason}")
        self.member = member
        self.reason = reason


@dataclass(frozen=True, slots=True)
class CheckDetails:
    """How one piece of evidence was checked."""

    check_method: str
    organization: str | None
    check_id: str | None
    time: datetime | None


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who issued a document."""

    name: str | None
    country_code: str | None
    locality: str | None


@dataclass(frozen=True, slots=True)
class DocumentDetails:
    """An identity document."""

    type: str
    number: str | None
    issued_on: date | None
    expires_on: date | None
    issuer: Issuer


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of evidence. `document` is set for type `document`, `record_type` for `electronic_record`."""

    type: str
    checks: tuple[CheckDetails, ...]
    document: DocumentDetails | None = None
    record_type: str | None = None
    record_source: str | None = None


@dataclass(frozen=True, slots=True)
class VerifiedClaims:
    """Claims, and how they were verified."""

    trust_framework: str
    assurance_level: str | None
    time: datetime | None
    """When the verification process was finished."""
    process: str | None
    evidence: tuple[Evidence, ...]
    claims: Mapping[str, Any]

    def document(self) -> Evidence | None:
        """Return the first evidence that is a document."""
        return next((evidence for evidence in self.evidence if evidence.document), None)


def request(
    *, trust_framework: str, claims: Mapping[str, bool], evidence: Iterable[str] = ("document",)
) -> dict[str, Any]:
    """Return the `verified_claims` member that asks for these claims; True marks an essential one (section 5)."""
    return {
        "verification": {
            "trust_framework": {"value": trust_framework},
            "assurance_level": None,
            "time": None,
            "verification_process": None,
            "evidence": [{"type": {"value": type_}, **_DETAILS.get(type_, {})} for type_ in evidence],
        },
        "claims": {name: {"essential": True} if essential else None for name, essential in claims.items()},
    }


_DETAILS: Final[Mapping[str, Mapping[str, Any]]] = {
    "document": {
        "check_details": [{"check_method": None, "organization": None, "check_id": None, "time": None}],
        "document_details": {
            "type": None,
            "document_number": None,
            "date_of_issuance": None,
            "date_of_expiry": None,
            "issuer": {"name": None, "country_code": None, "locality": None},
        },
    },
    "electronic_record": {
        "check_details": [{"check_method": None, "organization": None, "check_id": None, "time": None}],
        "record": {"type": None, "source": {"name": None}},
    },
}


def parse(value: object, *, trust_framework: str) -> VerifiedClaims:
    """Read the `verified_claims` of an ID token or UserInfo: one object, or an array of which one fits.

    Raises:
        IdaError: nothing under the wanted trust framework, or a member that the schema does not allow.
    """
    for place, reason in ida_schema.violations(value):
        raise IdaError(place, reason)
    found: list[Mapping[str, Any]] = []
    for index, part in enumerate(value if isinstance(value, list) else [value]):
        place = f"verified_claims[{index}]" if isinstance(value, list) else "verified_claims"
        verification = _object(_object(part, place).get("verification"), f"{place}.verification")
        if _text(verification, "trust_framework", f"{place}.verification") == trust_framework:
            found.append(part)
    if len(found) != 1:
        raise IdaError("verified_claims", f"{len(found)} entries under the trust framework that was asked for")
    return _verified(found[0])


def _verified(part: Mapping[str, Any]) -> VerifiedClaims:
    place = "verified_claims.verification"
    verification = part["verification"]
    claims = _object(part.get("claims"), "verified_claims.claims")
    if not claims:
        raise IdaError("verified_claims.claims", "must not be empty")
    if None in claims.values():
        raise IdaError("verified_claims.claims", "a claim that is not known must be left out")
    return VerifiedClaims(
        trust_framework=verification["trust_framework"],
        assurance_level=_optional_text(verification, "assurance_level", place),
        time=_time(verification, "time", place),
        process=_optional_text(verification, "verification_process", place),
        evidence=tuple(
            _evidence(entry, f"{place}.evidence[{index}]")
            for index, entry in enumerate(_array(verification, "evidence", place))
        ),
        claims=claims,
    )


def _evidence(value: object, place: str) -> Evidence:
    entry = _object(value, place)
    kind = _text(entry, "type", place)
    checks = tuple(
        _check(check, f"{place}.check_details[{index}]")
        for index, check in enumerate(_array(entry, "check_details", place))
    )
    if kind == "document":
        return Evidence(kind, checks, document=_document(entry, place))
    if kind == "electronic_record":
        record = _object(entry.get("record", {}), f"{place}.record")
        source = _object(record.get("source", {}), f"{place}.record.source")
        record_type = _optional_text(record, "type", f"{place}.record")
        source_name = _optional_text(source, "name", f"{place}.record.source")
        return Evidence(kind, checks, record_type=record_type, record_source=source_name)
    if kind not in EVIDENCE_TYPES:
        raise IdaError(f"{place}.type", "not a type of evidence")
    return Evidence(kind, checks)


def _document(entry: Mapping[str, Any], place: str) -> DocumentDetails:
    place = f"{place}.document_details"
    details = _object(entry.get("document_details"), place)
    issuer = _object(details.get("issuer", {}), f"{place}.issuer")
    return DocumentDetails(
        type=_text(details, "type", place),
        number=_optional_text(details, "document_number", place),
        issued_on=_date(details, "date_of_issuance", place),
        expires_on=_date(details, "date_of_expiry", place),
        issuer=Issuer(
            name=_optional_text(issuer, "name", f"{place}.issuer"),
            country_code=_optional_text(issuer, "country_code", f"{place}.issuer"),
            locality=_optional_text(issuer, "locality", f"{place}.issuer"),
        ),
    )


def _check(value: object, place: str) -> CheckDetails:
    check = _object(value, place)
    return CheckDetails(
        check_method=_text(check, "check_method", place),
        organization=_optional_text(check, "organization", place),
        check_id=_optional_text(check, "check_id", place),
        time=_time(check, "time", place),
    )


def _object(value: object, place: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise IdaError(place, "must be an object")
    return value


def _array(container: Mapping[str, Any], member: str, place: str) -> list[object]:
    value = container.get(member)
    if value is None:
        return []
    if not isinstance(value, list) or not 1 <= len(value) <= _MOST:
        raise IdaError(f"{place}.{member}", f"must be an array of 1 to {_MOST} entries")
    return value


def _text(container: Mapping[str, Any], member: str, place: str) -> str:
    value = _optional_text(container, member, place)
    if value is None:
        raise IdaError(f"{place}.{member}", "is missing")
    return value


def _optional_text(container: Mapping[str, Any], member: str, place: str) -> str | None:
    value = container.get(member)
    if value is None and member not in container:
        return None
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST:
        raise IdaError(f"{place}.{member}", "must be a text that is not empty")
    return value


def _date(container: Mapping[str, Any], member: str, place: str) -> date | None:
    value = _optional_text(container, member, place)
    if value is None:
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError:
        day = None
    if day is None or day.isoformat() != value:
        raise IdaError(f"{place}.{member}", "must be a date as YYYY-MM-DD")
    return day


def _time(container: Mapping[str, Any], member: str, place: str) -> datetime | None:
    value = _optional_text(container, member, place)
    if value is None:
        return None
    moment = _moment(value)
    if moment is None:
        raise IdaError(f"{place}.{member}", "must be a time with its zone")
    return moment


def _moment(value: str) -> datetime | None:
    parts = _TIME.fullmatch(value)
    if not parts:
        return None
    day, minute, second, _, zone = parts.groups()
    offset = "+00:00" if zone == "Z" else zone
    try:
        return datetime.fromisoformat(f"{day}T{minute}{second or ':00'}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
