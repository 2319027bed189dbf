"""A person's envelopes as they take them along: what is said of them, and the files."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from ipse.envelopes import store
from ipse.envelopes.model import Full
from ipse.envelopes.service.record import Record
from ipse.envelopes.service.vault import Vault
from ipse.storage.copies import value_of

_PLAIN: Final = re.compile(r"[^\w .()-]+")


@dataclass(frozen=True)
class EnvelopeCopies:
    """Works wherever the tables are, even where nothing is signed any more."""

    vault: Vault

    async def copy(self, account_id: str) -> list[dict[str, Any]]:
        """What is kept of each; where somebody else owns it, of other signers only what everybody in it sees."""
        return [await self._copied(full, account_id) for full in await self.vault.of_person(account_id)]

    async def files(self, account_id: str) -> list[tuple[str, Callable[[], AsyncIterator[bytes]]]]:
        """The documents: a name for each within the copy, and its bytes piece by piece."""
        found: list[tuple[str, Callable[[], AsyncIterator[bytes]]]] = []
        for full in await self.vault.of_person(account_id):
            for document in full.documents:
                name = _PLAIN.sub("_", document.paper.name)[-100:] or "document.pdf"
                place = f"documents/{full.envelope.envelope_id}/{document.place}-{name}"

                def pieces(key: bytes = full.key, blob_id: str = document.blob_id) -> AsyncIterator[bytes]:
                    return self.vault.pieces(key, blob_id)

                found.append((place, pieces))
        return found

    async def _copied(self, full: Full, account_id: str) -> dict[str, Any]:
        steps = await Record(self.vault).steps(full)
        mine, own = full.envelope.account_id == account_id, full.signer_of(account_id)
        attempts = await self.vault.database.rows(store.COPY_ATTEMPTS, full.envelope.envelope_id)
        return {
            "envelope": _own(_told(full.envelope), account_id),
            "documents": [_told(document) for document in full.documents],
            "signers": [
                _own(_told(signer), account_id)
                if mine or signer == own
                else {"name": signer.party.name, "state": signer.state}
                for signer in full.signers
            ],
            "attempts": [
                _told(store.read_attempt(row, full.key))
                for row in attempts
                if mine or (own is not None and row["signer_id"] == own.signer_id)
            ],
            "steps": [_told(step) for step in steps or ()],
            **({"steps_changed_by_others": True} if steps is None else {}),
        }


def _told(value: msgspec.Struct) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(value)
    told.get("asked", {}).pop("browser_hash", None)
    return {name: value_of(name, each) for name, each in told.items()}


def _own(told: dict[str, Any], account_id: str) -> dict[str, Any]:
    """Without the account's id where it is somebody else's: it names them to nobody but us."""
    return {name: value for name, value in told.items() if name != "account_id" or value == account_id}
