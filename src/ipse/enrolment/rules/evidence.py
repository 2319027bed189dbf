"""Record what an identity rests on (B-1), and where each fact comes from."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, time
from typing import Final

from ipse.attributes.model import Evidence, Facts, Source
from ipse.enrolment.model import Registrar
from ipse.enrolment.rules import judging, reading
from ipse.kernel.clock import SECOND
from ipse.standards.ida import VerifiedClaims

ADAPTER: Final = "oidc-ida/1"
"""The program that reads banks' answers; a new number when it judges otherwise."""

PERSON: Final = "person"
"""The source of what a person states of themselves."""

_STATED: Final = frozenset({"email", "stated_phone_number"})


def record(
    verified: VerifiedClaims, facts: Facts, *, evidence_id: str, registrar: Registrar, original: str, now: int
) -> Evidence:
    """Return the record of one bank's answer, with its level capped as the bank's row says, and its end."""
    checks = [check for evidence in verified.evidence for check in evidence.checks]
    references = [check.check_id for check in checks if check.check_id]
    if verified.process:
        references.insert(0, verified.process)
    methods = [f"{check.check_method} by {check.organization or registrar.id}" for check in checks]
    return Evidence(
        evidence_id=evidence_id,
        registrar=registrar.id,
        route="bank",
        adapter=ADAPTER,
        assurance=judging.assurance(verified.assurance_level, cap=registrar.assurance),
        trust_framework=verified.trust_framework,
        process=verified.process,
        references=tuple(dict.fromkeys(references)),
        source_check="; ".join(dict.fromkeys(methods)) or None,
        result="accepted",
        verified_at=reading.read_at(verified) or 0,
        received_at=now,
        expires_at=last_moment(facts, registrar, now=now),
        original=original,
    )


def sourced(facts: Facts, evidence: Evidence) -> Facts:
    """Return the facts with the source of each that is not absent."""
    said = Source(registrar=evidence.registrar, evidence=evidence.evidence_id, verified_at=evidence.verified_at)
    stated = Source(registrar=PERSON, evidence=None, verified_at=evidence.received_at)
    names = [field.name for field in fields(Facts) if field.name != "sources" and getattr(facts, field.name)]
    return replace(facts, sources={name: stated if name in _STATED else said for name in names})


def last_moment(facts: Facts, registrar: Registrar, *, now: int) -> int:
    """Return when evidence of this registrar ends, in microseconds UTC: after its term, or earlier with the document.

    After that the person must renew it: attributes are withheld, and the level is `low`.
    """
    term = now + registrar.term_days * 86_400 * SECOND
    if facts.document is None or facts.document.expires_on is None:
        return term
    day = datetime.fromisoformat(facts.document.expires_on).date()
    return min(term, int(datetime.combine(day, time(23, 59, 59), UTC).timestamp()) * SECOND)
