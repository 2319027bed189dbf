"""Bringing documents, saying who signs, and opening the envelope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from ipse.documents.errors import DocumentsUnavailable
from ipse.documents.service import Documents
from ipse.envelopes import store
from ipse.envelopes.errors import DocumentRefused, EnvelopeEnded, EnvelopeRefused, UnknownEnvelope
from ipse.envelopes.events import TURN
from ipse.envelopes.model import (
    LONGEST_MESSAGE,
    LONGEST_REASON,
    LONGEST_ROLE,
    LONGEST_TITLE,
    MOST_HELD,
    MOST_OPEN,
    MOST_SIGNERS,
    About,
    EnvelopeState,
    Full,
    Mark,
    Paper,
    Party,
    Signer,
    SignerState,
    Size,
    StepKind,
)
from ipse.envelopes.rules import forms, turns
from ipse.envelopes.service.people import Names
from ipse.envelopes.service.record import adding
from ipse.envelopes.service.vault import Vault, link, link_hash
from ipse.kernel.errors import PlatformError
from ipse.kernel.ids import b64u, sha256
from ipse.kernel.settings import Papers
from ipse.storage.publishing import publishing
from ipse.storage.statement import Transaction, one, run

_PDF: Final = b"%PDF-"
_HEADER: Final = 1024
"""How far from the beginning the mark of a PDF may stand (ISO 32000-1 annex H)."""


@dataclass(frozen=True, slots=True)
class Brought:
    """A file as it came."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Wishes:
    """What an owner has typed about an envelope."""

    title: str = ""
    message: str = ""
    in_order: bool = False
    same_email: bool = False
    deadline: str = ""


@dataclass(frozen=True)
class Drafts:
    """Use cases of an owner before anybody signs, and of where one's own signature shows."""

    vault: Vault
    documents: Documents
    names: Names
    papers: Papers

    async def bring(self, account_id: str, files: Sequence[Brought], language: str) -> str:
        """A new draft with these files, which its owner signs; its id.

        Raises:
            DocumentRefused: one of them is none that anybody should sign; nothing was kept.
            EnvelopeRefused: too many drafts and open envelopes.
        """
        await self._check_room(account_id, files)
        papers = await self._judged(files, [])
        vault, envelope_id = self.vault, self.vault.ids.identifier()
        now = vault.clock.now()
        key, sealed_key = await vault.new_key(account_id, envelope_id)
        name = await self.names.of(account_id)
        about = About(papers[0].name.removesuffix(".pdf")[:LONGEST_TITLE], language, sender=name)
        blobs = [await vault.keep(key, envelope_id, file.content) for file in files]
        sealed = store.sealed(key, "envelopes", envelope_id, about)
        until = turns.deletion(now, self.papers.days)

        def creating() -> Transaction[bool]:
            count = yield from one(store.COUNT_OPEN, account_id)
            if count is None or count["found"] >= MOST_OPEN:
                return False
            yield from run(store.CREATE, envelope_id, account_id, sealed_key, sealed, now, until)
            for paper, blob_id in zip(papers, blobs, strict=True):
                yield from self._adding(key, envelope_id, paper, blob_id)
            yield from self._joining(key, envelope_id, account_id, Party(name=name, language=language))
            yield from adding(vault, key, envelope_id, StepKind.BROUGHT, now=now)
            return True

        if not await vault.database.transact(creating):
            await vault.drop(*blobs)
            raise EnvelopeRefused("too many envelopes", why="envelopes")
        return envelope_id

    async def add(self, envelope_id: str, account_id: str, files: Sequence[Brought]) -> None:
        """More files into a draft. Raises as `bring`, and EnvelopeEnded."""
        full = await self.own(envelope_id, account_id)
        await self._check_room(account_id, files)
        papers = await self._judged(files, [document.paper.name for document in full.documents])
        blobs = [await self.vault.keep(full.key, envelope_id, file.content) for file in files]

        def putting() -> Transaction[None]:
            yield from self._holding(envelope_id)
            for paper, blob_id in zip(papers, blobs, strict=True):
                yield from self._adding(full.key, envelope_id, paper, blob_id)

        try:
            await self.vault.database.transact(putting)
        except PlatformError:
            await self.vault.drop(*blobs)
            raise

    async def remove(self, envelope_id: str, account_id: str, document_id: str) -> None:
        """Take a file out of a draft; the last one stays.

        Raises:
            EnvelopeEnded, UnknownEnvelope: it is no draft of this person.
        """
        full = await self.own(envelope_id, account_id)
        if full.document(document_id) is None or len(full.documents) == 1:
            raise EnvelopeRefused("the last document", why="documents")

        def removing() -> Transaction[str]:
            yield from self._holding(envelope_id)
            row = yield from one(store.REMOVE_DOCUMENT, document_id, envelope_id)
            if row is None:
                raise UnknownEnvelope
            return str(row["blob_id"])

        await self.vault.drop(await self.vault.database.transact(removing))

    async def invite(self, envelope_id: str, account_id: str, name: str, email: str) -> None:
        """Somebody else who signs.

        Raises:
            EnvelopeRefused: no name, no address, there already, or too many.
            EnvelopeEnded, UnknownEnvelope: it is no draft of this person.
        """
        full = await self.own(envelope_id, account_id)
        party = Party(name=forms.person_name(name), email=forms.email(email), language=full.envelope.about.language)
        if any(forms.same_address(party.email, signer.party.email) for signer in full.signers):
            raise EnvelopeRefused("there already", why="twice")

        def inviting() -> Transaction[None]:
            yield from self._holding(envelope_id)
            yield from self._joining(full.key, envelope_id, None, party)

        await self.vault.database.transact(inviting)

    async def uninvite(self, envelope_id: str, account_id: str, signer_id: str) -> None:
        """Let somebody out of a draft, oneself too. Raises as `remove`."""
        await self.own(envelope_id, account_id)

        def removing() -> Transaction[None]:
            yield from self._holding(envelope_id)
            yield from run(store.REMOVE_SIGNER, signer_id, envelope_id)

        await self.vault.database.transact(removing)

    async def join(self, envelope_id: str, account_id: str) -> None:
        """The owner of a draft signs, too. Raises as `remove`."""
        full = await self.own(envelope_id, account_id)
        if full.signer_of(account_id) is not None:
            return
        party = Party(name=await self.names.of(account_id), language=full.envelope.about.language)

        def joining() -> Transaction[None]:
            yield from self._holding(envelope_id)
            yield from self._joining(full.key, envelope_id, account_id, party)

        await self.vault.database.transact(joining)

    async def move_up(self, envelope_id: str, account_id: str, signer_id: str) -> None:
        """Let a signer of a draft come one place earlier. Raises as `remove`."""
        full = await self.own(envelope_id, account_id)
        order = [signer.signer_id for signer in full.signers]
        if signer_id not in order[1:]:
            return
        at = order.index(signer_id)
        order[at - 1], order[at] = order[at], order[at - 1]

        def moving() -> Transaction[None]:
            yield from self._holding(envelope_id)
            for place, each in enumerate(order, start=1):
                yield from run(store.PLACE_SIGNER, each, envelope_id, place)

        await self.vault.database.transact(moving)

    async def change(self, envelope_id: str, account_id: str, wishes: Wishes) -> None:
        """Keep what the owner has typed. Raises as `open`, but for signers."""
        full = await self.own(envelope_id, account_id)
        if await self.vault.database.row(store.CHANGE, envelope_id, *self._columns(full, wishes)) is None:
            raise EnvelopeEnded

    async def open(self, envelope_id: str, account_id: str, wishes: Wishes) -> None:
        """Let people sign: from now on nothing is changed. Whoever's turn it is gets a letter.

        Raises:
            EnvelopeRefused: nobody signs, a deadline that cannot be, or no address to hold people to.
            EnvelopeEnded, UnknownEnvelope: it is no draft of this person.
        """
        full, vault = await self.own(envelope_id, account_id), self.vault
        others = [signer for signer in full.signers if signer.account_id is None]
        if not full.signers:
            raise EnvelopeRefused("nobody signs", why="nobody")
        if wishes.same_email and any(not signer.party.email for signer in others):
            raise EnvelopeRefused("nothing to compare", why="same_email")
        columns, now = self._columns(full, wishes), vault.clock.now()
        first = [signer for signer in turns.turns(full.signers, in_order=wishes.in_order) if signer in others]

        def opening() -> Transaction[None]:
            if (yield from one(store.OPEN, envelope_id, *columns)) is None:
                raise EnvelopeEnded
            for signer in others:
                yield from run(store.LINK, signer.signer_id, link_hash(link(full.key, signer)))
            yield from adding(vault, full.key, envelope_id, StepKind.OPENED, now=now)
            for signer in first:
                yield from publishing(vault.ids.identifier(), TURN, {"signer": signer.signer_id}, now=now)

        await vault.database.transact(opening)

    async def mark(self, envelope_id: str, account_id: str, document_id: str, mark: Mark) -> None:
        """Where this signer's signature shows in one document.

        Raises:
            UnknownEnvelope, EnvelopeEnded: it is not theirs to sign, or not any more.
        """
        full, signer = await self._part(envelope_id, account_id)
        if full.document(document_id) is None:
            raise UnknownEnvelope
        marks = {**signer.party.marks, document_id: mark}
        await self._keep(full, signer, msgspec.structs.replace(signer.party, marks=marks))

    async def word(self, envelope_id: str, account_id: str, *, reason: str, role: str, commitment: str) -> None:
        """What this signer says with the signature. Raises as `mark`."""
        full, signer = await self._part(envelope_id, account_id)
        party = msgspec.structs.replace(
            signer.party,
            reason=forms.line(reason, longest=LONGEST_REASON),
            role=forms.line(role, longest=LONGEST_ROLE),
            commitment=commitment if commitment in forms.COMMITMENTS else "",
        )
        await self._keep(full, signer, party)

    async def own(self, envelope_id: str, account_id: str) -> Full:
        """A draft of this person.

        Raises:
            UnknownEnvelope: not theirs.
            EnvelopeEnded: no draft any more.
        """
        full = await self.vault.read(envelope_id)
        if full.envelope.account_id != account_id:
            raise UnknownEnvelope
        if full.envelope.state is not EnvelopeState.DRAFT:
            raise EnvelopeEnded
        return full

    async def _part(self, envelope_id: str, account_id: str) -> tuple[Full, Signer]:
        full = await self.vault.read(envelope_id)
        signer = full.signer_of(account_id)
        if signer is None:
            raise UnknownEnvelope
        open_ = full.envelope.state in {EnvelopeState.DRAFT, EnvelopeState.OPEN}
        if not open_ or signer.state is not SignerState.WAITING:
            raise EnvelopeEnded
        return full, signer

    async def _keep(self, full: Full, signer: Signer, party: Party) -> None:
        sealed = store.sealed(full.key, "signers", signer.signer_id, party)
        values = (signer.signer_id, full.envelope.envelope_id, sealed)
        if await self.vault.database.row(store.CHANGE_SIGNER, *values) is None:
            raise EnvelopeEnded

    def _columns(self, full: Full, wishes: Wishes) -> tuple[object, ...]:
        now, envelope = self.vault.clock.now(), full.envelope
        until = forms.deadline(wishes.deadline, now=now, most_days=self.papers.days)
        about = msgspec.structs.replace(
            envelope.about,
            title=forms.line(wishes.title, longest=LONGEST_TITLE) or envelope.about.title,
            message=forms.text(wishes.message, longest=LONGEST_MESSAGE),
        )
        sealed = store.sealed(full.key, "envelopes", envelope.envelope_id, about)
        deleted = turns.deletion(until, self.papers.days)
        return sealed, int(wishes.in_order), int(wishes.same_email), until, deleted

    async def _check_room(self, account_id: str, files: Sequence[Brought]) -> None:
        """Refuse what is more than one person may keep here, finished envelopes counted."""
        row = await self.vault.database.row(store.HELD_BYTES, account_id)
        held = (0 if row is None else int(row["held"])) + sum(len(file.content) for file in files)
        if held > MOST_HELD * self.papers.most_bytes:
            raise EnvelopeRefused("no room left", why="room")

    async def _judged(self, files: Sequence[Brought], beside: list[str]) -> list[Paper]:
        """What the files are; each is looked at in a worker, the names are made to differ."""
        if not files or len(files) + len(beside) > self.papers.most_files:
            raise DocumentRefused("none, or too many", why="files", most=self.papers.most_files)
        names = forms.apart([*beside, *(forms.file_name(file.name) for file in files)])[len(beside) :]
        return [await self._paper(name, file.content) for name, file in zip(names, files, strict=True)]

    async def _paper(self, name: str, content: bytes) -> Paper:
        if len(content) > self.papers.most_bytes:
            raise DocumentRefused("too large", why="large", name=name)
        if _PDF not in content[:_HEADER]:
            raise DocumentRefused("no PDF", why="no_pdf", name=name)
        try:
            inspected = await self.documents.inspect(content)
        except DocumentsUnavailable:
            raise
        except PlatformError as error:
            raise DocumentRefused(error.code, why=error.code, name=name) from error
        if inspected.refused or not inspected.pages:
            why = str(next(iter(inspected.refused), "no_pages"))
            raise DocumentRefused(why, why=why, name=name)
        sizes = tuple(Size(page.width, page.height) for page in inspected.pages)
        notes = tuple(str(problem) for problem in inspected.problems)
        return Paper(name, sizes, b64u(sha256(content)), len(content), notes)

    def _holding(self, envelope_id: str) -> Transaction[None]:
        if (yield from one(store.HOLD, envelope_id, EnvelopeState.DRAFT)) is None:
            raise EnvelopeEnded

    def _adding(self, key: bytes, envelope_id: str, paper: Paper, blob_id: str) -> Transaction[None]:
        document_id = self.vault.ids.identifier()
        sealed = store.sealed(key, "documents", document_id, paper)
        count = yield from one(store.COUNT_DOCUMENTS, envelope_id)
        if count is None or count["found"] >= self.papers.most_files:
            raise DocumentRefused("too many", why="files", most=self.papers.most_files)
        yield from run(store.ADD_DOCUMENT, document_id, envelope_id, count["last"] + 1, sealed, blob_id)

    def _joining(self, key: bytes, envelope_id: str, account_id: str | None, party: Party) -> Transaction[None]:
        signer_id = self.vault.ids.identifier()
        sealed = store.sealed(key, "signers", signer_id, party)
        count = yield from one(store.COUNT_SIGNERS, envelope_id)
        if count is None or count["found"] >= MOST_SIGNERS:
            raise EnvelopeRefused("too many", why="signers")
        yield from run(store.ADD_SIGNER, signer_id, envelope_id, count["last"] + 1, account_id, sealed)
