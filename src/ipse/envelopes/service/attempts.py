"""A signer's try, from the button to the signed file.

Between any two steps the process may stop: what was prepared, what is asked and what the phone has approved lie in the
database, and whoever comes next (the browser, another signer, the job) goes on from there. An approved try always ends
in signed documents, unless the envelope itself was ended meanwhile.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Final

import msgspec
import structlog

from ipse.actions.errors import RequestEnded, RequestExpired, RequestPending, ResultFault, UnknownAction
from ipse.actions.model import OPEN, Action, ActionState, ActionView
from ipse.documents.model import Level
from ipse.envelopes import store
from ipse.envelopes.errors import PenTaken, UnknownEnvelope
from ipse.envelopes.events import ENDED, TURN
from ipse.envelopes.model import (
    CONTINUE_SECONDS,
    UNCLAIMED_SECONDS,
    Asked,
    Attempt,
    AttemptKind,
    AttemptState,
    EnvelopeState,
    Full,
    PreparedDocument,
    SignedDetails,
    Signer,
    Standing,
    StepKind,
)
from ipse.envelopes.rules import turns
from ipse.envelopes.service.raising import Raising
from ipse.envelopes.service.record import adding
from ipse.envelopes.service.vault import Vault
from ipse.envelopes.service.workshop import Made, Workshop
from ipse.kernel.clock import SECOND
from ipse.sessions import PARTNER
from ipse.signing.errors import SigningRefused, SigningUnavailable
from ipse.storage.publishing import publishing
from ipse.storage.statement import Transaction, one, run

log = structlog.get_logger("ipse.envelopes")
_PREPARING_SECONDS: Final = 180
_LOOKED_AT_AFTER_SECONDS: Final = 20
_APPROVED: Final = (ActionState.APPROVED, ActionState.COLLECTED)


@dataclass(frozen=True, slots=True)
class Visit:
    """Who asks, and from where."""

    account_id: str
    browser_hash: bytes
    language: str
    address: str = ""


class _LostError(Exception):
    """Somebody else was faster; nothing was changed."""


@dataclass(frozen=True)
class Attempts:
    """Use cases of signing."""

    vault: Vault
    workshop: Workshop
    raising: Raising
    days: int

    async def begin(self, envelope_id: str, visit: Visit) -> str | None:
        """Ask the phone; the handle of the waiting page, or None where all is done already.

        Raises:
            UnknownEnvelope, EnvelopeEnded, NotYourTurn: this person does not sign here, or not now.
            PenTaken: another signer is at it.
            SigningUnavailable, DocumentsUnavailable: not at this moment.
        """
        full = await self.vault.read(envelope_id)
        signer = turns.check_turn(full, visit.account_id, now=self.vault.clock.now())
        earlier = await self._newest(full, signer)
        if earlier is not None and earlier.state is AttemptState.ASKED:
            handle, over = await self._again(full, earlier, visit)
            if not over:
                return handle
            return await self.begin(envelope_id, visit)
        credential = await self.workshop.signing.credential_of(visit.account_id)
        if credential is None:
            return await self._ask_credential(full, signer, visit)
        return await self._ask_signature(full, signer, visit)

    async def go_on(self, envelope_id: str, visit: Visit) -> str | None:
        """After the phone: the handle of the next waiting page, or None where the envelope's own page comes.

        That is also where a browser goes on that has not begun what the phone is asked.

        Raises:
            UnknownEnvelope, SigningUnavailable, PenTaken: as `begin`; an approval is not lost by it.
        """
        full = await self.vault.read(envelope_id)
        signer = full.signer_of(visit.account_id)
        if signer is None:
            raise UnknownEnvelope
        attempt = await self._newest(full, signer)
        if attempt is None:
            return None
        if attempt.state is AttemptState.ASKED:
            view = await self._view(attempt)
            if view is not None and view.state in OPEN:
                return view.action.handle if _is_of(view, visit.browser_hash) else None
            attempt = await self.settle(full, attempt)
        until = (attempt.ended_at or 0) + CONTINUE_SECONDS * SECOND
        made = attempt.kind is AttemptKind.CREDENTIAL and attempt.state is AttemptState.DONE
        if made and self.vault.clock.now() < until:
            return await self.begin(envelope_id, visit)
        return None

    async def newest(self, full: Full, signer: Signer) -> Attempt | None:
        """This signer's latest try, for the page to tell of it."""
        return await self._newest(full, signer)

    async def standing(self, attempt: Attempt, browser_hash: bytes) -> Standing:
        """How far an open attempt is, as this browser may know it."""
        view = await self._view(attempt)
        if view is None or view.state not in OPEN:
            return Standing.APPROVED
        return Standing.ASKED if _is_of(view, browser_hash) else Standing.ELSEWHERE

    async def settle(self, full: Full, attempt: Attempt) -> Attempt:
        """Take an open attempt as far as it goes now. Again is no harm.

        Raises:
            SigningUnavailable, DocumentsUnavailable: later; nothing is lost.
        """
        view = await self._view(attempt)
        if view is not None and view.state in OPEN:
            return attempt
        if view is None or view.state not in _APPROVED:
            return await self._end(attempt, "expired" if view is None else view.action.why or str(view.state))
        await self._hold_pen(attempt)
        why: str | None = None
        try:
            concluded = await self.workshop.signing.conclude(attempt.action_id, PARTNER)
        except RequestPending:
            return attempt  # approved by app link; its browser has not come back yet
        except RequestExpired:
            why = "late"
        except (RequestEnded, UnknownAction):
            why = "expired"
        except (ResultFault, SigningRefused) as error:
            log.warning("envelopes.not_signed", code=error.code)
            why = "failed"
        if why is not None or attempt.kind is AttemptKind.CREDENTIAL:
            return await self._end(attempt, why)
        return await self._keep(full, attempt, await self.workshop.finish(full, attempt, concluded))

    async def settle_due(self) -> int:
        """Look at attempts whose browser has not come back. A job; returns how many it looked at."""
        before = self.vault.clock.now() - _LOOKED_AT_AFTER_SECONDS * SECOND
        rows = await self.vault.database.rows(store.OPEN_ATTEMPTS, before)
        for row in rows:
            attempt_row = await self.vault.database.row(store.ATTEMPT, row["attempt_id"])
            if attempt_row is None:
                continue
            try:
                full = await self.vault.read(attempt_row["envelope_id"])
                await self.settle(full, store.read_attempt(attempt_row, full.key))
            except Exception as error:  # noqa: BLE001 - the others are looked at all the same; this one comes again
                log.warning("envelopes.stuck", error=type(error).__name__)
        return len(rows)

    # --- between ---------------------------------------------------------------------------------------------

    async def _again(self, full: Full, attempt: Attempt, visit: Visit) -> tuple[str | None, bool]:
        """What becomes of an earlier try when the button is pressed again, and whether that is over."""
        view = await self._view(attempt)
        if view is not None and view.state in OPEN:
            if _is_of(view, visit.browser_hash):
                return view.action.handle, False
            await self.workshop.actions.cancel_action(attempt.action_id)
        attempt = await self.settle(full, attempt)
        if attempt.state is AttemptState.ASKED:
            raise PenTaken  # approved on another device, which has to come back
        return None, attempt.state is AttemptState.ENDED or attempt.kind is AttemptKind.CREDENTIAL

    async def _ask_credential(self, full: Full, signer: Signer, visit: Visit) -> str:
        action = await self.workshop.ask_credential(full, visit.account_id, visit.browser_hash, visit.language)
        asked = Asked(browser_hash=visit.browser_hash, language=visit.language)
        await self._begun(full, signer, self.vault.ids.identifier(), AttemptKind.CREDENTIAL, action, asked)
        return action.handle

    async def _ask_signature(self, full: Full, signer: Signer, visit: Visit) -> str:
        envelope_id, attempt_id = full.envelope.envelope_id, self.vault.ids.identifier()
        await self.raising.before_next(full)
        await self._take_pen(full, attempt_id)
        try:
            # As it is now that nobody else can change it.
            full = await self.vault.read(envelope_id)
            signer = turns.check_turn(full, visit.account_id, now=self.vault.clock.now())
            _check_stamped(full)
            prepared = await self._prepared(full, signer, attempt_id, visit)
            action = await self.workshop.ask_signature(
                full, signer, prepared, account_id=visit.account_id, browser_hash=visit.browser_hash,
                language=visit.language,
            )  # fmt: skip
            asked = Asked(prepared, visit.browser_hash, visit.language)
            await self._begun(full, signer, attempt_id, AttemptKind.SIGNATURE, action, asked)
        except BaseException:
            await self.vault.database.rows(store.LAY_PEN, envelope_id, attempt_id)
            await self.vault.drop_prepared(attempt_id)
            raise
        return action.handle

    async def _prepared(
        self, full: Full, signer: Signer, attempt_id: str, visit: Visit
    ) -> tuple[PreparedDocument, ...]:
        found = []
        for document in full.documents:
            content = await self.vault.content(full.key, document.blob_id)
            prepared = await self.workshop.prepare(
                document, signer, content, account_id=visit.account_id, language=visit.language
            )
            blob_id = await self.vault.keep(full.key, full.envelope.envelope_id, prepared.state, attempt_id=attempt_id)
            found.append(
                PreparedDocument(document.document_id, document.blob_id, blob_id, prepared.digest, prepared.file_digest)
            )
        return tuple(found)

    async def _begun(
        self, full: Full, signer: Signer, attempt_id: str, kind: AttemptKind, action: Action, asked: Asked
    ) -> None:
        envelope_id, now = full.envelope.envelope_id, self.vault.clock.now()
        sealed = store.sealed(full.key, "attempts", attempt_id, asked)
        values = (attempt_id, envelope_id, signer.signer_id, kind, action.action_id, sealed, now)

        def beginning() -> Transaction[bool]:
            if kind is AttemptKind.SIGNATURE:
                held = yield from one(store.HOLD_PEN, envelope_id, attempt_id, turns.pen_until(now))
            else:
                held = yield from one(store.HOLD, envelope_id, EnvelopeState.OPEN)
            if held is None:
                return False
            yield from run(store.BEGIN_ATTEMPT, *values)
            return True

        if not await self.vault.database.transact(beginning):
            await self.workshop.actions.cancel_action(action.action_id)
            raise PenTaken

    async def _take_pen(self, full: Full, attempt_id: str) -> None:
        """Take the pen; from one whose request is over, or whose phone has not come for a while.

        Raises:
            PenTaken: somebody is signing.
        """
        envelope, database, now = full.envelope, self.vault.database, self.vault.clock.now()
        if envelope.pen is not None:
            row = await database.row(store.ATTEMPT, envelope.pen)
            if row is None:
                await database.rows(store.LAY_LOST_PEN, envelope.envelope_id, envelope.pen, now)
            else:
                await self._oust(full, store.read_attempt(row, full.key), now)
        until = now + _PREPARING_SECONDS * SECOND
        if await database.row(store.TAKE_PEN, envelope.envelope_id, attempt_id, until) is None:
            raise PenTaken

    async def _oust(self, full: Full, holder: Attempt, now: int) -> None:
        if holder.state is not AttemptState.ASKED:
            return
        view = await self._view(holder)
        waited = view is not None and now - view.action.created_at > UNCLAIMED_SECONDS * SECOND
        if view is not None and view.state is ActionState.WAITING and waited:
            await self.workshop.actions.cancel_action(holder.action_id)
        await self.settle(full, holder)

    async def _hold_pen(self, attempt: Attempt) -> None:
        if attempt.kind is AttemptKind.SIGNATURE:
            until = turns.pen_until(self.vault.clock.now())
            await self.vault.database.rows(store.HOLD_PEN, attempt.envelope_id, attempt.attempt_id, until)

    async def _keep(self, full: Full, attempt: Attempt, made: Made) -> Attempt:
        """Put the signed files in the place of those they were made of, all or none."""
        new = [await self.vault.keep(full.key, attempt.envelope_id, file.content) for file in made.files]
        try:
            await self.vault.database.transact(lambda: self._keeping(full, attempt, made, new))
        except _LostError:
            await self.vault.drop(*new)
            return await self._end(attempt, "lost")
        old = [prepared.base for prepared in attempt.asked.documents]
        await self.vault.drop(*old)
        await self.vault.drop_prepared(attempt.attempt_id)
        return await self._read(full, attempt)

    def _keeping(self, full: Full, attempt: Attempt, made: Made, new: list[str]) -> Transaction[None]:
        envelope_id, now = attempt.envelope_id, self.vault.clock.now()
        if (yield from one(store.FINISH_WITH_PEN, envelope_id, attempt.attempt_id)) is None:
            raise _LostError
        if (yield from one(store.END_ATTEMPT, attempt.attempt_id, AttemptState.DONE, None, now)) is None:
            raise _LostError
        for prepared, file, blob_id in zip(attempt.asked.documents, made.files, new, strict=True):
            values = (prepared.document_id, prepared.base, blob_id, file.level, file.raised_at)
            if (yield from one(store.REPLACE, *values)) is None:
                raise _LostError
        if (yield from one(store.SIGNED, attempt.signer_id, now, self._certified(full, attempt, made))) is None:
            raise _LostError
        yield from self._telling(full, attempt, made.details, now)

    def _certified(self, full: Full, attempt: Attempt, made: Made) -> bytes:
        """The signer as they are called from now on: by the name that was certified."""
        party = next(each.party for each in full.signers if each.signer_id == attempt.signer_id)
        if made.details.name and made.details.name != party.name:
            party = msgspec.structs.replace(party, name=made.details.name, invited_as=party.name)
        return store.sealed(full.key, "signers", attempt.signer_id, party)

    def _telling(self, full: Full, attempt: Attempt, details: SignedDetails, now: int) -> Transaction[None]:
        envelope_id, ids = attempt.envelope_id, self.vault.ids
        yield from adding(
            self.vault, full.key, envelope_id, StepKind.SIGNED, now=now, signer_id=attempt.signer_id, signed=details
        )
        if not (yield from run(store.LEFT, envelope_id)):
            yield from run(store.COMPLETE, envelope_id, now, turns.deletion(now, self.days))
            yield from adding(self.vault, full.key, envelope_id, StepKind.FINISHED, now=now)
            yield from publishing(ids.identifier(), ENDED, {"envelope": envelope_id}, now=now)
            return
        following = turns.next_turn(full.signers, attempt.signer_id, in_order=full.envelope.in_order)
        if following is not None:
            yield from publishing(ids.identifier(), TURN, {"signer": following.signer_id}, now=now)

    async def _end(self, attempt: Attempt, why: str | None) -> Attempt:
        """End an attempt: done where there is no reason; the pen is free again."""
        now, state = self.vault.clock.now(), AttemptState.DONE if why is None else AttemptState.ENDED

        def ending() -> Transaction[None]:
            yield from run(store.LAY_PEN, attempt.envelope_id, attempt.attempt_id)
            yield from run(store.END_ATTEMPT, attempt.attempt_id, state, why, now)

        await self.vault.database.transact(ending)
        await self.vault.drop_prepared(attempt.attempt_id)
        full = await self.vault.read(attempt.envelope_id)
        return await self._read(full, attempt)

    async def _read(self, full: Full, attempt: Attempt) -> Attempt:
        row = await self.vault.database.row(store.ATTEMPT, attempt.attempt_id)
        if row is None:
            raise UnknownEnvelope
        return store.read_attempt(row, full.key)

    async def _newest(self, full: Full, signer: Signer) -> Attempt | None:
        row = await self.vault.database.row(store.NEWEST_ATTEMPT, full.envelope.envelope_id, signer.signer_id)
        return None if row is None else store.read_attempt(row, full.key)

    async def _view(self, attempt: Attempt) -> ActionView | None:
        try:
            return await self.workshop.actions.find(attempt.action_id)
        except UnknownAction:
            return None


def _is_of(view: ActionView, browser_hash: bytes) -> bool:
    return hmac.compare_digest(view.action.browser_hash, browser_hash)


def _check_stamped(full: Full) -> None:
    """Nothing may be signed over that waits for its time stamp: it could not be put in any more.

    Raises:
        SigningUnavailable: there is such a signature.
    """
    if any(document.level == Level.B_B for document in full.documents):
        raise SigningUnavailable("an earlier signature waits for its time stamp")
