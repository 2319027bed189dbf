"""Invitations, declining, withdrawing, reminding, and the letters about them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
import structlog

from ipse.envelopes import store
from ipse.envelopes.errors import EnvelopeEnded, InvitationRefused, NotYourTurn, UnknownEnvelope
from ipse.envelopes.events import ENDED, TURN
from ipse.envelopes.model import (
    INVITATION,
    LONGEST_REASON,
    MOST_REMINDERS_EVERY,
    PAGE,
    EnvelopeState,
    Full,
    Signer,
    SignerState,
    StepKind,
)
from ipse.envelopes.rules import forms, turns
from ipse.envelopes.service.deleting import Deleting
from ipse.envelopes.service.people import Names
from ipse.envelopes.service.record import adding
from ipse.envelopes.service.vault import Vault, link, link_hash
from ipse.fraud.service.limits import SharedLimits
from ipse.kernel.clock import SECOND, day
from ipse.storage.publishing import publishing
from ipse.storage.statement import Transaction, one
from ipse.web.languages import Texts

Letter = Callable[..., Awaitable[bool]]
"""Sends a letter: `to`, `subject`, `text`, `language`; False where it never will be taken. Raises when it may later."""
_NOBODY: Final = "-"
log = structlog.get_logger("ipse.envelopes")


@dataclass(frozen=True)
class Parties:
    """Use cases of everybody around an envelope, but for signing itself."""

    vault: Vault
    deleting: Deleting
    names: Names
    texts: Mapping[str, Texts]
    scheme: str
    origin: str
    days: int
    letter: Letter
    letters: SharedLimits
    """How often one owner has letters written to people who are invited."""

    async def invited(self, token: str) -> tuple[Full, Signer]:
        """What an invitation is about.

        Raises:
            InvitationRefused: it is unknown, or the envelope has ended.
        """
        row = await self.vault.database.row(store.SIGNER_BY_LINK, link_hash(token))
        if row is None:
            raise InvitationRefused("unknown", why="unknown")
        try:
            full = await self.vault.read(row["envelope_id"])
        except UnknownEnvelope as error:
            raise InvitationRefused("its envelope is gone", why="unknown") from error
        signer = next(each for each in full.signers if each.signer_id == row["signer_id"])
        return full, signer

    async def accept(self, token: str, account_id: str) -> str:
        """Let the person who brings an invitation take its part; the envelope. Again is no harm.

        Raises:
            InvitationRefused: it is another person's, or for another e-mail address.
        """
        full, signer = await self.invited(token)
        envelope_id = full.envelope.envelope_id
        if signer.account_id == account_id:
            return envelope_id
        if signer.account_id is not None:
            raise InvitationRefused("taken", why="taken")
        if full.envelope.state is not EnvelopeState.OPEN:
            raise InvitationRefused("ended", why="ended")
        if full.envelope.same_email:
            address = await self.names.email(account_id)
            if not forms.same_address(signer.party.email, address):
                raise InvitationRefused("another address", why="email")
        now = self.vault.clock.now()

        def taking() -> Transaction[bool]:
            if (yield from one(store.HOLD, envelope_id, EnvelopeState.OPEN)) is None:
                return False
            if (yield from one(store.TAKE_PART, signer.signer_id, account_id, now)) is None:
                return False
            came = adding(self.vault, full.key, envelope_id, StepKind.CAME, now=now, signer_id=signer.signer_id)
            yield from came
            return True

        if not await self.vault.database.transact(taking):
            raise InvitationRefused("taken", why="taken")
        return envelope_id

    async def decline(self, envelope_id: str, account_id: str, why: str) -> None:
        """Refuse to sign: ends the envelope for everybody.

        Raises:
            UnknownEnvelope, EnvelopeEnded, NotYourTurn: it is not theirs to decline, or not any more.
        """
        full = await self.vault.read(envelope_id)
        signer = full.signer_of(account_id)
        if signer is None:
            raise UnknownEnvelope
        if signer.state is not SignerState.WAITING:
            raise NotYourTurn
        party = msgspec.structs.replace(signer.party, why=forms.line(why, longest=LONGEST_REASON))
        sealed, now = store.sealed(full.key, "signers", signer.signer_id, party), self.vault.clock.now()

        def declining() -> Transaction[None]:
            yield from self._ending(full, EnvelopeState.DECLINED, StepKind.DECLINED, now, signer.signer_id)
            if (yield from one(store.DECIDE, signer.signer_id, SignerState.DECLINED, now, sealed)) is None:
                raise NotYourTurn

        await self.vault.database.transact(declining)

    async def withdraw(self, envelope_id: str, account_id: str) -> None:
        """Let nobody sign any more. Raises UnknownEnvelope, EnvelopeEnded."""
        full = await self._owned(envelope_id, account_id)
        now = self.vault.clock.now()
        await self.vault.database.transact(
            lambda: self._ending(full, EnvelopeState.WITHDRAWN, StepKind.WITHDRAWN, now, None)
        )

    async def remind(self, envelope_id: str, account_id: str, signer_id: str) -> bool:
        """Write to a signer whose turn it is once more; False where that was done not long ago.

        Raises:
            UnknownEnvelope, NotYourTurn: there is no such signer whose turn it is.
        """
        full = await self._owned(envelope_id, account_id)
        due = turns.turns(full.signers, in_order=full.envelope.in_order)
        signer = next((each for each in due if each.signer_id == signer_id and each.party.email), None)
        if signer is None or full.envelope.state is not EnvelopeState.OPEN:
            raise NotYourTurn
        now = self.vault.clock.now()

        def reminding() -> Transaction[bool]:
            if (yield from one(store.HOLD, envelope_id, EnvelopeState.OPEN)) is None:
                return False
            before = now - MOST_REMINDERS_EVERY * SECOND
            if (yield from one(store.INVITED, signer_id, now, before)) is None:
                return False
            key, reminded = full.key, StepKind.REMINDED
            yield from adding(self.vault, key, envelope_id, reminded, now=now, signer_id=signer_id)
            payload = {"signer": signer_id, "again": True}
            yield from publishing(self.vault.ids.identifier(), TURN, payload, now=now)
            return True

        return await self.vault.database.transact(reminding)

    def link(self, full: Full, signer: Signer) -> str:
        """The address of an invitation, for its owner to hand over."""
        return f"{self.origin}{INVITATION}/{link(full.key, signer)}"

    # --- letters ---------------------------------------------------------------------------------------------

    async def tell_turn(self, signer_id: str, *, again: bool = False) -> None:
        """Write to a signer whose turn has come. A handler: raises when it is to be tried again."""
        row = await self.vault.database.row(store.ENVELOPE_OF_SIGNER, signer_id)
        if row is None:
            return
        full = await self._still_there(row["envelope_id"])
        if full is None or full.envelope.state is not EnvelopeState.OPEN:
            return
        signer = next(each for each in full.signers if each.signer_id == signer_id)
        if signer.state is not SignerState.WAITING:
            return
        address = await self._address(signer)
        if address and not await self.letters.for_number(full.envelope.account_id, "envelopes"):
            log.warning("envelopes.too_many_letters")
            return  # the owner still has the link
        if address:
            known = signer.account_id is not None
            page = f"{self.origin}{PAGE}/{full.envelope.envelope_id}" if known else self.link(full, signer)
            kind = "remind" if again else "invite"
            await self._write(full, signer.party.language, address, kind, page)
        if again:
            return
        now, envelope_id = self.vault.clock.now(), full.envelope.envelope_id

        def noting() -> Transaction[None]:
            if (yield from one(store.INVITED, signer_id, now, 0)) is not None:
                key, invited = full.key, StepKind.INVITED
                yield from adding(self.vault, key, envelope_id, invited, now=now, signer_id=signer_id)

        await self.vault.database.transact(noting)

    async def tell_end(self, envelope_id: str) -> None:
        """Write to everybody how an envelope has ended. A handler."""
        full = await self._still_there(envelope_id)
        if full is None:
            return
        page, kind = f"{self.origin}{PAGE}/{envelope_id}", str(full.envelope.state)
        owner = await self.names.email(full.envelope.account_id)
        if owner:
            await self._write(full, full.envelope.about.language, owner, kind, page)
        for signer in full.signers:
            # Whoever never came is not written to again: it need not be anybody who wants our letters.
            if signer.account_id in {None, full.envelope.account_id}:
                continue
            address = await self._address(signer)
            if address:
                await self._write(full, signer.party.language, address, kind, page)

    async def _write(self, full: Full, language: str, address: str, kind: str, page: str) -> None:
        """One letter. Nothing that anybody typed freely is in it but a title without addresses."""
        words, about = self.texts[language], full.envelope.about
        until = day(full.envelope.deadline).isoformat() if full.envelope.deadline else _NOBODY
        title = forms.harmless(about.title) or words.text("envelopes.letter.documents")
        values = {
            "scheme": self.scheme,
            "sender": forms.harmless(about.sender) or self.scheme,
            "title": title,
            "page": page,
            "until": until,
        }
        parts = [words.text(f"envelopes.letter.{kind}.text", **values)]
        if kind in {"invite", "remind", "finished"}:
            parts += [page, words.text(f"envelopes.letter.{kind}.after", **values)]
        parts.append(words.text("envelopes.letter.foot", **values))
        subject = words.text(f"envelopes.letter.{kind}.subject", **values)
        await self.letter(address, subject=subject, text="\n\n".join(parts) + "\n", language=language)

    async def _address(self, signer: Signer) -> str:
        if signer.party.email or signer.account_id is None:
            return signer.party.email
        return await self.names.email(signer.account_id)

    # --- between ---------------------------------------------------------------------------------------------

    def _ending(
        self, full: Full, state: EnvelopeState, step: StepKind, now: int, signer_id: str | None
    ) -> Transaction[None]:
        envelope_id = full.envelope.envelope_id
        if (yield from one(store.END, envelope_id, state, now, turns.deletion(now, self.days))) is None:
            raise EnvelopeEnded
        yield from adding(self.vault, full.key, envelope_id, step, now=now, signer_id=signer_id)
        yield from publishing(self.vault.ids.identifier(), ENDED, {"envelope": envelope_id}, now=now)

    async def expire(self) -> int:
        """End what nobody has finished in time. A job; returns how many."""
        now = self.vault.clock.now()
        rows = await self.vault.database.rows(store.PAST_DEADLINE, now)
        for row in rows:
            full = await self._still_there(row["envelope_id"])
            if full is not None:
                await self._expire(full, now)
        return len(rows)

    async def _expire(self, full: Full, now: int) -> None:
        envelope_id, until = full.envelope.envelope_id, turns.deletion(now, self.days)

        def expiring() -> Transaction[None]:
            if (yield from one(store.EXPIRE, envelope_id, now, until)) is None:
                return
            yield from adding(self.vault, full.key, envelope_id, StepKind.EXPIRED, now=now)
            yield from publishing(self.vault.ids.identifier(), ENDED, {"envelope": envelope_id}, now=now)

        await self.vault.database.transact(expiring)

    async def delete(self, envelope_id: str, account_id: str) -> None:
        """Delete a draft, or what has ended. Raises UnknownEnvelope, EnvelopeEnded (it is open: withdraw it first)."""
        await self._owned(envelope_id, account_id)
        if not await self.deleting.delete(envelope_id, store.DELETE):
            raise EnvelopeEnded

    async def _owned(self, envelope_id: str, account_id: str) -> Full:
        full = await self.vault.read(envelope_id)
        if full.envelope.account_id != account_id:
            raise UnknownEnvelope
        return full

    async def _still_there(self, envelope_id: str) -> Full | None:
        try:
            return await self.vault.read(envelope_id)
        except UnknownEnvelope:
            return None
