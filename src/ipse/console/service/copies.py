"""What the console keeps of a person: who had them on the line, and who was allowed to look at their data."""

from __future__ import annotations

from typing import Any

from ipse.console import store
from ipse.storage.copies import copied
from ipse.storage.database import Database


async def copy_looks(database: Database, account_id: str) -> dict[str, Any]:
    """All of it, for its person to take along."""
    calls = copied(await database.rows(store.COPY_CALLS, account_id))
    return {"calls": calls, "views": copied(await database.rows(store.COPY_VIEWS, account_id))}


async def forget_looks(database: Database, account_id: str) -> None:
    """A person is gone; that somebody looked stays in the audit log."""
    await database.rows(store.FORGET_CALLS_OF, account_id)
    await database.rows(store.FORGET_VIEWS_OF, account_id)
