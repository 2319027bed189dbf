"""Record what an identity rests on (B-1), and where each fact comes from."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, time
from typing import Final

from ipse.attributes.model import Evidence, Facts, Source
from ipse.enrolment.rules import judging, reading
from ipse.kernel.clock import SECOND
from ipse.standards.ida import VerifiedClaims

ADAPTER: Final = "oidc-ida/1"
"""The program that reads banks' answers; a new number when it judges otherwise."""

PERSON: Final = "person"
"""The source of what a person states of themselves."""

_STATED: Final = frozenset({"email", "stated_phone_number"})


def record(
    verified: VerifiedClaims, facts: Facts, *, evidence_id: str, registrar: tuple[str, str], original: str, now: int
) -> Evidence:
    """Return the record of one registrar's answer; `registrar` is its id and the level its identities are capped at."""
    registrar_id, cap = registrar
    checks = [check for evidence in verified.evidence for check in evidence.checks]
    references = [check.check_id for check in checks if check.check_id]
    if verified.process:
        references.insert(0, verified.process)
    methods = [f"{check.check_method} by {check.organization or registrar_id}" for check in checks]
    return Evidence(
        evidence_id=evidence_id,
        registrar=registrar_id,
        route="bank",
        adapter=ADAPTER,
        assurance=judging.assurance(verified.assurance_level, cap=cap),
        trust_framework=verified.trust_framework,
        process=verified.process,
        references=tuple(dict.fromkeys(references)),
        source_check="; ".join(dict.fromkeys(methods)) or None,
        result="accepted",
        verified_at=reading.read_at(verified) or 0,
        received_at=now,
        expires_at=_last_moment(facts),
        original=original,
    )


def sourced(facts: Facts, evidence: Evidence) -> Facts:
    """Return the facts with the source of each that is not absent."""
    said = Source(registrar=evidence.registrar, evidence=evidence.evidence_id, verified_at=evidence.verified_at)
    stated = Source(registrar=PERSON, evidence=None, verified_at=evidence.received_at)
    names = [field.name for field in fields(Facts) if field.name != "sources" and getattr(facts, field.name)]
    return replace(facts, sources={name: stated if name in _STATED else said for name in names})


def _last_moment(facts: Facts) -> int | None:
    if facts.document is None or facts.document.expires_on is None:
        return None
    day = datetime.fromisoformat(facts.document.expires_on).date()
    return int(datetime.combine(day, time(23, 59, 59), UTC).timestamp()) * SECOND
