"""How a validation is told: as JSON, and the words that need reckoning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from ipse.documents.validation.model import Judgement, Validation, Why

NOTES: Final = frozenset({Why.EVIDENCE_ADDED, Why.SIGNATURE_ADDED, Why.REVOKED_LATER})
"""Reasons that take nothing from a signature."""
_COMMITMENT: Final = "1.2.840.113549.1.9.16.6."
_TIMES: Final = ("judged_at", "claimed_at", "proven_at", "at", "valid_from", "valid_until")
_LEFT_OUT: Final = frozenset({"report", "signature_value", "to_be_signed", "content_digest"})


def told_json(validation: Validation) -> bytes:
    """The report for programs; times in ISO 8601, certificates in base64."""
    return msgspec.json.encode(_plain(msgspec.to_builtins(validation)))


def iso(moment: int) -> str:
    """A time as programs write it."""
    return datetime.fromtimestamp(moment // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def shown_time(moment: int, text: Callable[..., str]) -> str:
    """A time as people read it."""
    at = datetime.fromtimestamp(moment // 1_000_000, UTC)
    month = text("months").split()[at.month - 1]
    return text("when", day=at.day, month=month, year=at.year, time=at.strftime("%H:%M"))


def commitments(judgement: Judgement) -> Sequence[tuple[str, str]]:
    """What signing meant: the number of a usual commitment, else its identifier."""
    found = []
    for each in judgement.commitment:
        number = each.removeprefix("urn:oid:").removeprefix(_COMMITMENT)
        usual = number in {"1", "2", "3", "4", "5", "6"}
        found.append((number, "") if usual else ("", each))
    return found


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, dict):
        return {
            key: iso(each) if key in _TIMES and isinstance(each, int) else _plain(each)
            for key, each in value.items()
            if key not in _LEFT_OUT
        }
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
