"""What is sealed: keys of envelopes, and files in pieces of a mebibyte.

A file lies in the database like all else: one backup, one transaction that decides, no second place to forget. It is
written piece by piece before anything names it, so that no lock is held for long; one that nobody names is swept away.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from ipse.envelopes import store
from ipse.envelopes.errors import UnknownEnvelope
from ipse.envelopes.model import EnvelopeState, Full, Signer
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids, b64u, sha256
from ipse.kernel.sealing import seal, unseal
from ipse.people.errors import UnknownAccountError
from ipse.people.service import People
from ipse.storage.database import Database
from ipse.storage.statement import Row

PIECE: Final = 1 << 20
_SWEPT_AFTER_SECONDS: Final = 86_400


@dataclass(frozen=True)
class Vault:
    """Keys and files."""

    database: Database
    people: People
    clock: Clock
    ids: Ids

    async def new_key(self, account_id: str, envelope_id: str) -> tuple[bytes, bytes]:
        """A key for a new envelope, plain and sealed under its owner's."""
        key = self.ids.octets(32)
        person = await self.people.person_key(account_id)
        return key, seal(person, key, table="envelopes_envelopes", row=envelope_id, column="sealed_key")

    async def read(self, envelope_id: str) -> Full:
        """An envelope with all that belongs to it.

        Raises:
            UnknownEnvelope: there is none, or its owner is gone.
        """
        row = await self.database.row(store.READ, envelope_id)
        if row is None:
            raise UnknownEnvelope
        return await self.opened(row)

    async def of_person(self, account_id: str) -> list[Full]:
        """Every envelope that this person owns, or signs once it is open, newest first."""
        found = []
        for row in await self.database.rows(store.OF_PERSON, account_id):
            try:
                full = await self.opened(row)
            except UnknownEnvelope:
                continue
            if full.envelope.account_id == account_id or full.envelope.state is not EnvelopeState.DRAFT:
                found.append(full)
        return found

    async def opened(self, row: Row) -> Full:
        """All that belongs to the envelope of a row."""
        key, envelope_id = await self._key(row), row["envelope_id"]
        documents = await self.database.rows(store.DOCUMENTS, envelope_id)
        signers = await self.database.rows(store.SIGNERS, envelope_id)
        return Full(
            envelope=store.read_envelope(row, key),
            key=key,
            documents=tuple(store.read_document(each, key) for each in documents),
            signers=tuple(store.read_signer(each, key) for each in signers),
        )

    async def _key(self, row: Row) -> bytes:
        try:
            person = await self.people.person_key(row["account_id"])
        except UnknownAccountError as error:
            raise UnknownEnvelope("its owner is gone") from error
        sealed, envelope_id = bytes(row["sealed_key"]), row["envelope_id"]
        return unseal(person, sealed, table="envelopes_envelopes", row=envelope_id, column="sealed_key")

    async def keep(self, full_key: bytes, envelope_id: str, content: bytes, *, attempt_id: str | None = None) -> str:
        """Write a file; its name. Nothing names it yet."""
        blob_id = self.ids.identifier()
        added = (blob_id, envelope_id, attempt_id, len(content), self.clock.now())
        await self.database.rows(store.ADD_BLOB, *added)
        for place, start in enumerate(range(0, len(content), PIECE)):
            piece = content[start : start + PIECE]
            await self.database.rows(store.ADD_PIECE, blob_id, place, _sealed(full_key, blob_id, place, piece))
        return blob_id

    async def content(self, key: bytes, blob_id: str) -> bytes:
        """A file.

        Raises:
            UnknownEnvelope: it is gone.
            UnsealError: somebody changed it.
        """
        return b"".join([piece async for piece in self.pieces(key, blob_id)])

    async def digest(self, key: bytes, blob_id: str) -> bytes:
        """SHA-256 of a file, of which only a piece at a time is in memory. Raises as `content`."""
        digest = hashlib.sha256()
        async for piece in self.pieces(key, blob_id):
            digest.update(piece)
        return digest.digest()

    async def pieces(self, key: bytes, blob_id: str) -> AsyncIterator[bytes]:
        """A file, piece by piece. Raises as `content`."""
        row = await self.database.row(store.BLOB, blob_id)
        if row is None:
            raise UnknownEnvelope("the file is gone")
        for place in range(-(-row["bytes"] // PIECE)):
            piece = await self.database.row(store.PIECE, blob_id, place)
            if piece is None:
                raise UnknownEnvelope("the file is gone")
            sealed = bytes(piece["sealed"])
            yield unseal(key, sealed, table="envelopes_pieces", row=f"{blob_id} {place}", column="sealed")

    async def drop(self, *blob_ids: str) -> None:
        """Delete files."""
        for blob_id in blob_ids:
            await self.database.rows(store.DROP_PIECES, blob_id)
            await self.database.rows(store.DROP_BLOB, blob_id)

    async def drop_prepared(self, attempt_id: str) -> None:
        """Delete what an attempt had prepared."""
        rows = await self.database.rows(store.BLOBS_OF_ATTEMPT, attempt_id)
        await self.drop(*(row["blob_id"] for row in rows))

    async def sweep(self) -> int:
        """Delete files that nobody names since a day. Returns how many."""
        rows = await self.database.rows(store.ORPHANS, self.clock.now() - _SWEPT_AFTER_SECONDS * SECOND)
        await self.drop(*(row["blob_id"] for row in rows))
        return len(rows)


def link(key: bytes, signer: Signer) -> str:
    """The secret of a signer's invitation: made of the envelope's key, stored nowhere; the table holds its hash."""
    return b64u(hmac.digest(key, f"ipse invitation v1 {signer.signer_id} {signer.serial}".encode(), "sha256"))


def link_hash(token: str) -> bytes:
    """By which an invitation is found."""
    return sha256(token)


def _sealed(key: bytes, blob_id: str, place: int, piece: bytes) -> bytes:
    return seal(key, piece, table="envelopes_pieces", row=f"{blob_id} {place}", column="sealed")
