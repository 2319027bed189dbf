"""Bringing signatures to the level that is wanted, where evidence could not be had when they were made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import structlog

from ipse.documents.model import Level, Missing
from ipse.envelopes import store
from ipse.envelopes.errors import UnknownEnvelope
from ipse.envelopes.model import Document, Full
from ipse.envelopes.service.vault import Vault
from ipse.envelopes.service.workshop import Workshop
from ipse.kernel.clock import SECOND
from ipse.kernel.errors import PlatformError
from ipse.storage.statement import Transaction, one, run

log = structlog.get_logger("ipse.envelopes")
_AGAIN_SECONDS: Final = 300
_PEN_SECONDS: Final = 120
_ROUND_SECONDS: Final = 15
"""After so long a round begins nothing more: whoever hangs must not hold up other jobs."""


@dataclass(frozen=True)
class Raising:
    """A job: it takes the pen for a moment, as a signer would."""

    vault: Vault
    workshop: Workshop

    async def raise_due(self) -> int:
        """Try what is due, as far as this round goes. Returns how many were tried."""
        now, tried = self.vault.clock.now(), 0
        rows = await self.vault.database.rows(store.TO_RAISE, str(self.workshop.level), now)
        for row in rows:
            if tried and self.vault.clock.now() > now + _ROUND_SECONDS * SECOND:
                break
            tried += 1
            await self.vault.database.rows(store.TRIED_TO_RAISE, row["document_id"], now + _AGAIN_SECONDS * SECOND)
            try:
                await self._raise(row["envelope_id"], row["document_id"])
            except (PlatformError, UnknownEnvelope) as error:
                log.warning("envelopes.not_raised", code=error.code)
        return tried

    async def before_next(self, full: Full) -> None:
        """Try, for another signature is to come: what has no time stamp by then never gets one."""
        for document in full.documents:
            if document.level == Level.B_B:
                await self._raise(full.envelope.envelope_id, document.document_id)

    async def _raise(self, envelope_id: str, document_id: str) -> None:
        pen, until = self.vault.ids.identifier(), self.vault.clock.now() + _PEN_SECONDS * SECOND
        if await self.vault.database.row(store.TAKE_PEN, envelope_id, pen, until) is None:
            return
        try:
            full = await self.vault.read(envelope_id)
            document = full.document(document_id)
            if document is not None:
                await self._raised(full, document, pen)
        finally:
            await self.vault.database.rows(store.LAY_PEN, envelope_id, pen)

    async def _raised(self, full: Full, document: Document, pen: str) -> None:
        content = await self.vault.content(full.key, document.blob_id)
        workshop, vault, envelope_id = self.workshop, self.vault, full.envelope.envelope_id
        finished = await workshop.documents.upgrade_pdf(content, workshop.aim(), workshop.ask)
        if str(finished.level) == document.level and finished.missing is not Missing.REVOKED:
            return
        blob_id = await vault.keep(full.key, envelope_id, finished.content)
        values = (document.document_id, document.blob_id, blob_id, str(finished.level), workshop.raised_at(finished))

        def replacing() -> Transaction[bool]:
            if (yield from one(store.LAY_PEN, envelope_id, pen)) is None:
                return False
            return bool((yield from run(store.REPLACE, *values)))

        replaced = await vault.database.transact(replacing)
        await vault.drop(document.blob_id if replaced else blob_id)
