"""What phones are answered about requests (device protocol §5)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ipse.actions.model import OPEN, Action, ActionState, Shown, Start
from ipse.kernel.clock import seconds
from ipse.kernel.ids import b64u

_NOT_BY_PERSON = frozenset({"level", "risk", "impossible"})
"""Why of a refusal that nobody typed: the request could not be shown to its person at all."""


def waiting_body(action: Action, language: str) -> dict[str, Any]:
    """A claim that only says who is here: what the partner asks comes later."""
    return {
        "waiting": True,
        "action": action.action_id,
        "partner": action.request.partner_name,
        "service": action.request.service_in(language),
        "expires_at": seconds(action.expires_at),
    }


def claim_body(
    action: Action, shown: Shown, start: Start, challenge: str, more: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, Any]:
    """What to show, and with which challenge to decide."""
    return {
        "action": action.action_id,
        "shown": b64u(shown.octets),
        "challenge": challenge,
        "expires_at": seconds(action.expires_at),
        "start": start.value,
        **more,
    }


def history_value(entry: Mapping[str, Any]) -> dict[str, Any]:
    """One attribute as the history keeps it."""
    kept = ("name", "value", "masked", "protected")
    return {name: entry[name] for name in kept if name in entry}


def history_confirmed(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was put before the person, as the history keeps it: of what was signed its names, not the digests."""
    if entry["type"] == "signature":
        labels = [document["label"] for document in entry["documents"]]
        kept = {name: entry[name] for name in ("description", "role", "commitment") if name in entry}
        return {"type": "signature", "count": len(labels), "labels": labels, **kept}
    if entry["type"] == "credential":
        return {name: entry[name] for name in ("type", "issuer", "quality", "valid_seconds")}
    return entry


def outcome_of(action: Action, now: int) -> str:
    """How a request ended, in the words of the history."""
    if action.state in {ActionState.APPROVED, ActionState.COLLECTED}:
        return "approved"
    if action.state is ActionState.REJECTED and action.why in _NOT_BY_PERSON:
        return "failed"
    if action.state is ActionState.REJECTED:
        return "not_started" if action.why == "not_started" else "rejected"
    if action.state is ActionState.REVOKED:
        return "failed"
    if action.state in OPEN and action.expires_at <= now:
        return "expired"
    return action.state.value
