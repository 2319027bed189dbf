"""Enrolment with an eID card: a page of ours asks the browser's card, and judges what it brings.

The nonce that the card signs belongs to one enrolment, to the browser that began, and to five minutes; one statement
takes it, so that of two answers one counts. What another card, a later try or a responder that is up again may mend
leaves the enrolment as it was; what is wrong with the person's identity ends it.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, replace
from typing import Final, NoReturn

import structlog

from ipse.eid.errors import RevocationUnknownError, why_refused
from ipse.eid.model import Holder, Read
from ipse.eid.service import Cards
from ipse.enrolment import store
from ipse.enrolment.errors import (
    CardRefusedError,
    EndReason,
    ForeignReturnError,
    RefusedAnswerError,
    RegistrarError,
    UnknownReturnError,
    UnknownStartError,
)
from ipse.enrolment.model import START_SECONDS, Answer, RegistrarKind
from ipse.enrolment.rules import cards as rules
from ipse.enrolment.rules import evidence as records
from ipse.enrolment.rules import judging, screens
from ipse.enrolment.service.returns import Returns
from ipse.enrolment.service.rows import Back, Rows
from ipse.kernel import clock as times
from ipse.kernel.clock import SECOND
from ipse.kernel.ids import b64u, sha256
from ipse.kernel.settings import Environment
from ipse.standards.eid_card import AnotherPersonError, CardError, CardFilesError, challenge_for, read_files
from ipse.standards.web_eid import NONCE_OCTETS, NONCE_SECONDS, WebEidError
from ipse.storage.statement import Row

OTHER_SCREEN: Final = "other"
"""An enrolment whose page is open on another computer than the phone that began."""

log = structlog.get_logger("ipse.enrolment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What the page asks the card."""

    language: str
    nonce: str
    """For Web eID: base64."""
    challenge: str
    """For the card's own key: base64url."""
    digits: str
    """The last two of the telephone number that is being activated."""
    elsewhere: bool
    """Whether the page was opened by a typed code, and so perhaps not on the phone that began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """The way back from another computer: what its page makes a moving code from."""

    language: str
    enrolment_id: str
    secret: str
    elapsed: int
    """Seconds since the answer was kept."""
    presented: bool
    """Whether the phone has read it."""


@dataclass(frozen=True)
class CardSteps:
    """Use cases of the card's page. `cards` is None where no trust anchors are configured."""

    rows: Rows
    returns: Returns
    cards: Cards | None

    async def begin_elsewhere(self, code: str, browser_hash: bytes) -> str:
        """Take a short code, once, for this browser; return the handle of its page.

        Raises:
            UnknownStartError: used, too old, mistyped, or never given out.
        """
        now, handle = self.rows.clock.now(), self.rows.ids.secret()
        row = await self.rows.database.row(
            store.START_ELSEWHERE,
            sha256(screens.typed_code(code)),
            browser_hash,
            sha256(handle),
            now,
            now - START_SECONDS * SECOND,
        )
        if row is None:
            raise UnknownStartError
        return handle

    async def page(self, handle: str, browser_hash: bytes | None) -> Asking | Showing | Back:
        """What the page of this handle shows now; asking gives it a fresh nonce.

        Raises:
            UnknownReturnError: there is no such page.
            ForeignReturnError: another browser; the enrolment is ended.
            ReturnUsedError: the phone has presented the value already.
        """
        nonce = b64encode(self.rows.ids.octets(NONCE_OCTETS)).decode()
        values = (sha256(handle), browser_hash or b"", sha256(nonce), self.rows.clock.now())
        row = await self.rows.database.row(store.GIVE_NONCE, *values)
        if row is None:
            found = await self._shown_before(handle, browser_hash)
            if found is None:
                raise UnknownReturnError
            return found
        try:
            await self._check_registrar(row)
        except RegistrarError as error:
            return await self.rows.end(row, error.why, str(error))
        return Asking(
            language=row["language"],
            nonce=nonce,
            challenge=b64u(challenge_for(nonce)),
            digits=self.rows.request(row).phone_number[-2:],
            elsewhere=row["screen"] == OTHER_SCREEN,
        )

    async def take(
        self, handle: str, browser_hash: bytes | None, *, nonce: str, token: str, files: object
    ) -> Showing | Back:
        """Take what the card brought: its token, and its files as `standards.eid_card` describes them.

        Raises:
            CardRefusedError: this time nothing came of it; the person can try again, and `why` says what to do.
            UnknownReturnError, ForeignReturnError, ReturnUsedError: as `page`.
        """
        now = self.rows.clock.now()
        row = await self.rows.database.row(
            store.TAKE_NONCE,
            sha256(handle),
            browser_hash or b"",
            sha256(nonce),
            now,
            now - NONCE_SECONDS * SECOND,
        )
        if row is None:
            found = await self._shown_before(handle, browser_hash)
            if found is None:
                raise CardRefusedError("again", "a nonce that is used, too old or not of this page")
            return found
        try:
            answer = await self._judged(row, nonce, token, files)
            kept = await self._kept(row, answer)
        except RefusedAnswerError as error:
            return await self.rows.end(row, error.why, str(error))
        if kept.value is None or row["screen"] != OTHER_SCREEN:
            return kept
        return Showing(
            language=row["language"],
            enrolment_id=row["enrolment_id"],
            secret=screens.secret(kept.value),
            elapsed=0,
            presented=False,
        )

    async def state(self, handle: str, browser_hash: bytes | None) -> str:
        """Say how far the page of this handle is: `asking`, `showing`, `presented` or `over`. Raises as `page`."""
        found = await self._shown_before(handle, browser_hash)
        if found is None:
            return "asking"
        if isinstance(found, Showing):
            return "presented" if found.presented else "showing"
        return "over"

    def note(self, error: CardRefusedError) -> None:
        """Log why a card was not taken; nothing in it says whose."""
        log.info("card_refused", why=error.why, detail=str(error))

    async def _kept(self, row: Row, answer: Answer) -> Back:
        if await self.rows.database.row(store.RETURN_CARD, row["enrolment_id"], self.rows.clock.now()) is None:
            raise CardRefusedError("again", "another answer of the same page was first")
        return await self.returns.keep(row, answer)

    async def _judged(self, row: Row, nonce: str, token: str, files: object) -> Answer:
        """Facts and evidence that an identity can rest on; raises as the rules do."""
        cards = await self._check_registrar(row)
        holder = await self._validated(cards, token, nonce)
        read = await self._read(cards, files, holder, nonce)
        registrar = await self.rows.registrar(row["registrar"])
        now, request = self.rows.clock.now(), self.rows.request(row)
        facts = rules.facts(read, email=request.email, today=times.day(now))
        production = self.rows.settings.environment is Environment.PRODUCTION
        judging.check(facts, today=times.day(now), test_numbers=not production, minors=False)
        facts = replace(facts, stated_phone_number=request.phone_number)
        identifier = self.rows.ids.identifier()
        record = rules.record(read, holder, facts, evidence_id=identifier, registrar=registrar, now=now)
        return Answer(
            facts=records.sourced(facts, record),
            evidence=record,
            identity=judging.identity(facts, read.identity.national_number),
            number_verified=False,
            value=self.rows.ids.secret(),
        )

    async def _validated(self, cards: Cards, token: str, nonce: str) -> Holder:
        try:
            return await cards.validate(token, nonce=nonce)
        except (RevocationUnknownError, WebEidError) as error:
            _refuse(why_refused(error), error)

    async def _read(self, cards: Cards, files: object, holder: Holder, nonce: str) -> Read:
        if files is None:
            raise CardRefusedError("no_files", "a token without the card's files")
        try:
            return await cards.read(read_files(files), holder=holder, nonce=nonce)
        except CardFilesError as error:
            _refuse("no_files", error)
        except AnotherPersonError as error:
            _refuse("two_cards", error)
        except CardError as error:
            _refuse("files_refused", error)

    async def _check_registrar(self, row: Row) -> Cards:
        registrar = await self.rows.registrars.get(row["registrar"])
        if registrar is None or registrar.kind is not RegistrarKind.EID_CARD:
            raise UnknownReturnError("an enrolment at another registrar")
        if self.cards is None:
            raise RegistrarError("no trust anchors for cards are configured")
        return self.cards

    async def _shown_before(self, handle: str, browser_hash: bytes | None) -> Showing | Back | None:
        """The page again, when it no longer asks; None while it does."""
        row = await self.rows.database.row(store.CARD_BY_STATE_HASH, sha256(handle))
        if row is None:
            raise UnknownReturnError
        if browser_hash is None or bytes(row["browser_hash"]) != browser_hash:
            await self.rows.end(row, EndReason.FOREIGN_RETURN, "another browser than the one that began")
            raise ForeignReturnError
        now = self.rows.clock.now()
        if row["state"] == "at_registrar" and row["expires_at"] > now:
            return None
        fetching = row["state"] == "returned" and row["sealed_answer"] is None
        if fetching or row["screen"] != OTHER_SCREEN or row["state"] not in {"returned", "presented", "finished"}:
            return await self.returns.returned_before(sha256(handle), browser_hash, now)
        if row["state"] == "returned" and row["sealed_answer"] is not None and row["value_hash"] is None:
            return Back(language=row["language"], number=row["enrolment_id"])
        if row["state"] != "returned":
            return Showing(language=row["language"], enrolment_id="", secret="", elapsed=0, presented=True)
        answer = self.rows.answer(row)
        return Showing(
            language=row["language"],
            enrolment_id=row["enrolment_id"],
            secret=screens.secret(answer.value),
            elapsed=(now - row["changed_at"]) // SECOND,
            presented=False,
        )


def _refuse(why: str, error: Exception) -> NoReturn:
    """The text of these errors repeats nothing of a person."""
    raise CardRefusedError(why, f"{type(error).__name__}: {error}") from error
