"""Reading: an envelope as one of its people sees it, files, page pictures, and what the app opens."""

from __future__ import annotations

import zipfile
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

import msgspec

from ipse.documents.service import Documents
from ipse.envelopes import store
from ipse.envelopes.errors import UnknownEnvelope
from ipse.envelopes.model import Attempt, Document, EnvelopeState, Full
from ipse.envelopes.service.record import Record
from ipse.envelopes.service.vault import Vault
from ipse.signing.model import Paper
from ipse.web.archives import Outlet

WIDTHS: Final = (200, 900, 1400)
"""Pixels across, of page pictures that can be asked for."""
_APP_WIDTH: Final = 1000
_MOST_KEPT: Final = 48
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


@dataclass
class Reading:
    """Use cases of everybody who may see an envelope."""

    vault: Vault
    documents: Documents
    record: Record
    _pictures: OrderedDict[tuple[str, int, int], bytes] = field(default_factory=OrderedDict)

    async def full(self, envelope_id: str, account_id: str) -> Full:
        """An envelope that this person owns or signs.

        Raises:
            UnknownEnvelope: there is none for them. A draft is its owner's alone.
        """
        full = await self.vault.read(envelope_id)
        if full.envelope.account_id == account_id:
            return full
        if full.envelope.state is EnvelopeState.DRAFT or full.signer_of(account_id) is None:
            raise UnknownEnvelope
        return full

    async def all(self, account_id: str) -> list[Full]:
        """Everything this person owns, or signs once it is open, newest first."""
        return await self.vault.of_person(account_id)

    async def file(self, full: Full, document_id: str) -> tuple[Document, bytes]:
        """A document as it is now.

        Raises:
            UnknownEnvelope: there is none.
        """
        document = full.document(document_id)
        if document is None:
            raise UnknownEnvelope
        return document, await self.vault.content(full.key, document.blob_id)

    async def picture(self, full: Full, document_id: str, page: int, width: int) -> bytes:
        """A page as a PNG.

        Raises:
            UnknownEnvelope: there is no such document, page or width.
        """
        document = full.document(document_id)
        if document is None or not 1 <= page <= document.paper.pages or width not in WIDTHS:
            raise UnknownEnvelope
        place = (document.blob_id, page, width)
        if place not in self._pictures:
            content = await self.vault.content(full.key, document.blob_id)
            self._pictures[place] = await self.documents.page(content, page, width)
        self._pictures.move_to_end(place)
        while len(self._pictures) > _MOST_KEPT:
            self._pictures.popitem(last=False)
        return self._pictures[place]

    async def archive(self, full: Full) -> AsyncIterator[bytes]:
        """All documents and the record as a ZIP file, of which only a piece at a time is in memory."""
        out = Outlet()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
            for document in full.documents:
                with archive.open(zipfile.ZipInfo(document.paper.name, _EPOCH), "w") as entry:
                    async for piece in self.vault.pieces(full.key, document.blob_id):
                        entry.write(piece)
                        yield out.taken()
            record = msgspec.json.format(msgspec.json.encode(await self.record.of(full)))
            archive.writestr(zipfile.ZipInfo("record.json", _EPOCH), record)
        yield out.taken()

    # --- the app ---------------------------------------------------------------------------------------------

    async def paper(self, action_id: str, document: str) -> Paper | None:
        """A document of a request, as it was when the request began; None where it is none of ours."""
        found = await self._asked(action_id, document)
        if found is None:
            return None
        full, blob_id, pages = found
        return Paper(await self.vault.content(full.key, blob_id), "application/pdf", pages)

    async def page(self, action_id: str, document: str, number: int) -> bytes | None:
        """A page of it as a PNG."""
        found = await self._asked(action_id, document)
        if found is None or not 1 <= number <= found[2]:
            return None
        return await self.documents.page(await self.vault.content(found[0].key, found[1]), number, _APP_WIDTH)

    async def _asked(self, action_id: str, document_id: str) -> tuple[Full, str, int] | None:
        row = await self.vault.database.row(store.ATTEMPT_OF_ACTION, action_id)
        if row is None:
            return None
        try:
            full = await self.vault.read(row["envelope_id"])
        except UnknownEnvelope:
            return None
        attempt: Attempt = store.read_attempt(row, full.key)
        document = full.document(document_id)
        prepared = next((each for each in attempt.asked.documents if each.document_id == document_id), None)
        if document is None or prepared is None:
            return None
        return full, prepared.base, document.paper.pages
