"""Deleting envelopes with all that belongs to them: when their time has come, and with their people."""

from __future__ import annotations

from dataclasses import dataclass

from ipse.envelopes import store
from ipse.envelopes.service.vault import Vault
from ipse.storage.statement import Transaction, one, run


@dataclass(frozen=True)
class Deleting:
    """Works wherever the tables are, even where nothing is signed any more."""

    vault: Vault

    async def delete_due(self) -> int:
        """Delete what has lain long enough. A job; returns how many."""
        rows = await self.vault.database.rows(store.TO_DELETE, self.vault.clock.now())
        for row in rows:
            await self.delete(row["envelope_id"])
        return len(rows)

    async def forget_account(self, account_id: str) -> None:
        """A person is gone: their envelopes with them, and their name beside the parts they had in others'."""
        for row in await self.vault.database.rows(store.OWNED, account_id):
            await self.delete(row["envelope_id"])
        await self.vault.database.rows(store.DELETE_OF_PERSON, account_id)
        await self.vault.database.rows(store.LEAVE, account_id)

    async def delete(self, envelope_id: str, statement: str = store.DELETE_ANY) -> bool:
        """An envelope and what belongs to it. Files left over when the process stops are swept away later."""
        rows = await self.vault.database.rows(store.BLOBS_OF_ENVELOPE, envelope_id)

        def clearing() -> Transaction[bool]:
            if (yield from one(statement, envelope_id)) is None:
                return False
            for text_ in (store.DELETE_DOCUMENTS, store.DELETE_SIGNERS, store.DELETE_ATTEMPTS, store.DELETE_STEPS):
                yield from run(text_, envelope_id)
            return True

        deleted = await self.vault.database.transact(clearing)
        if deleted:
            await self.vault.drop(*(row["blob_id"] for row in rows))
        return deleted
