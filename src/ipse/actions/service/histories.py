"""A past request as its person sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ipse.actions import store
from ipse.actions.model import Action, HistoryEntry, Method
from ipse.actions.rules import answers
from ipse.actions.service.requests import Actions
from ipse.kernel.clock import seconds


async def entry_of(actions: Actions, action: Action, language: str) -> HistoryEntry:
    """What was asked, what was shared and signed, and how it ended."""
    shared: list[dict[str, Any]] = []
    declined: list[str] = []
    confirmed: tuple[Mapping[str, Any], ...] = ()
    if action.sealed_shown is not None and action.sealed_approval is not None:
        document = msgspec.json.decode((await actions.shown(action)).octets)
        attributes = document["attributes"]
        confirmed = tuple(answers.history_confirmed(each) for each in document.get("confirms", ()))
        chosen = (await actions.approval(action)).shared
        shared = [answers.history_value(entry) for entry in attributes if entry["name"] in chosen]
        declined = [entry["name"] for entry in attributes if entry["name"] not in chosen]
    outcome = answers.outcome_of(action, actions.clock.now())
    return HistoryEntry(
        action=action.action_id,
        partner=action.request.partner_name,
        service=action.request.service_in(language),
        type=action.kind,
        at=seconds(action.decided_at or action.created_at),
        outcome=outcome,
        method=(action.method or Method.CODE) if outcome == "approved" else None,
        start=action.start,
        shared=tuple(shared),
        declined=tuple(declined if outcome == "approved" else ()),
        broker=action.request.broker_name,
        confirmed=confirmed,
    )


async def glimpses(actions: Actions, account_id: str, language: str, *, most: int = 50) -> list[HistoryEntry]:
    """Past requests of a person without any value: what a help desk is told. Nothing sealed is opened."""
    now = actions.clock.now()
    rows = await actions.database.rows(store.HISTORY, account_id, now + 1, now, most)
    return [_glimpse(store.read_action(row), language, now) for row in rows]


def _glimpse(action: Action, language: str, now: int) -> HistoryEntry:
    outcome = answers.outcome_of(action, now)
    return HistoryEntry(
        action=action.action_id,
        partner=action.request.partner_name,
        service=action.request.service_in(language),
        type=action.kind,
        at=seconds(action.decided_at or action.created_at),
        outcome=outcome,
        method=(action.method or Method.CODE) if outcome == "approved" else None,
        start=action.start,
        shared=(),
        declined=(),
        broker=action.request.broker_name,
        confirmed=(),
    )
