"""Writing news for other features, in the same transaction as what happened; `outbox` hands it out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ipse.storage.statement import Statement, Transaction

OUTBOX_KEY: Final = "outbox"
"""The wake-up key of whoever hands out news: rung after each commit that wrote some."""

PUBLISH: Final = """
insert into storage_outbox (event_id, name, payload, handled, tries, due_at, created_at)
values ($1, $2, $3, '[]', 0, $4, $4)
returning event_id
"""


def publication(event_id: str, name: str, payload: Mapping[str, Any], *, now: int) -> Statement:
    """The statement that writes an event, for a pair.

    `name` is `<feature>.<what_happened>`; `payload` is JSON of ids and words and never holds personal data. An
    `event_id` (random, or of what happened, so that it is told once) that is there already raises DuplicateError.
    """
    return Statement(PUBLISH, (event_id, name, msgspec.json.encode(payload).decode(), now))


def publishing(event_id: str, name: str, payload: Mapping[str, Any], *, now: int) -> Transaction[None]:
    """Write an event inside a transaction; see `publication`."""
    yield publication(event_id, name, payload, now=now)
