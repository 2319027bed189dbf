"""Taking a phone's message, judging a code, stopping an identity.

`Messages.exchange` is the way every signed message of a phone goes; `Messages.prove` is the one function that judges a
code, whatever for.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, NoReturn

from ipse.actions import store
from ipse.actions.errors import ActivationNeeded, AttemptLost, CallRunning, WrongChallenge, WrongCode
from ipse.actions.events import ACTIVATED, BLOCKED
from ipse.actions.service.requests import account_wake_key, wake_key
from ipse.audit.service import auditing
from ipse.fingerprints.errors import CodeNeeded, WrongFingerprint
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.errors import PlatformError
from ipse.notices.model import NoticeKind
from ipse.notices.service import Notices
from ipse.people.errors import AccountBlockedError
from ipse.people.model import BlockReason
from ipse.people.service import People
from ipse.phones.errors import MalformedMessageError, PhoneCopiedError, StaleMessageError
from ipse.phones.model import Answer, CodeKind, PhoneState, Received, StopReason
from ipse.phones.service import Phones
from ipse.standards.phone_channel import OpenedMessage, Proofs, UnverifiedMessage, code_proof
from ipse.storage.database import Database
from ipse.storage.publishing import publishing
from ipse.storage.statement import Pair, Statement, Transaction, in_turn, run

Handler = Callable[[Received], Awaitable[Answer]]
_TRIES = 3
_RENEWING = (WrongChallenge, CallRunning, CodeNeeded, WrongFingerprint, ActivationNeeded)
"""Refusals that bring a new challenge: the same request can be decided with it."""
_TOLD_AS = {BlockReason.WRONG_CODES: NoticeKind.WRONG_CODES, BlockReason.SIM_CHANGED: NoticeKind.SIM_CHANGED}
MOST_FAILURES = 100
"""Wrong codes in a row over everything that asks for one (B-22)."""


@dataclass(frozen=True)
class Work:
    """What a right code brings about, as one statement; `refused` is the outcome when it finds nothing to change."""

    statement: Statement
    refused: PlatformError
    also: Callable[[], Transaction[None]] | None = None
    """More of the same transaction, after the statement: a notice, for example."""


class _Answered(Exception):
    """The outcome was recorded already, with the try of a code."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


@dataclass(frozen=True)
class Messages:
    """Takes phones' messages."""

    database: Database
    people: People
    phones: Phones
    clock: Clock
    tries: int
    """Wrong codes in a row that block the identity."""
    notices: Notices
    quiet_seconds: int = 86_400
    """How long a phone looks as always after a duress code."""

    async def exchange(
        self,
        message: UnverifiedMessage,
        expected_type: str,
        handler: Handler,
        *,
        state: PhoneState = PhoneState.ACTIVE,
        code_key_id: str = "",
        spare_id: str = "",
    ) -> Answer:
        """Receive a message, let `handler` do and accept it, answer; a repeat gets what was recorded.

        A refusal by the handler is an outcome like any other: accepted, recorded, answered with a chain value.

        Raises:
            PlatformError: refused before acceptance, see `Phones.receive`.
        """
        for _ in range(_TRIES):
            received = await self._receive(
                message, expected_type, state=state, code_key_id=code_key_id, spare_id=spare_id
            )
            if received.recorded is not None:
                return received.recorded
            try:
                if hmac.compare_digest(received.phone.message_digest, message.digest):
                    await self._lost(received)
                return await handler(received)
            except _Answered as done:
                return done.answer
            except StaleMessageError:
                continue
            except PlatformError as error:
                if not recordable(error):
                    raise
                answer = refusal(error, received)
                try:
                    await self._accept(received, answer, error)
                except StaleMessageError:
                    continue
                return answer
        raise MalformedMessageError(public="send one message at a time")

    async def exchange_sealed(self, opened: OpenedMessage, expected_type: str, handler: Handler) -> Answer:
        """As `exchange`, for a message with code proofs beside it. Raises as `exchange`."""
        named = opened.message.unverified_payload().get("code_key_id")
        code_key_id = named if isinstance(named, str) else ""
        spare_id = opened.proof.other_than(code_key_id)
        return await self.exchange(opened.message, expected_type, handler, code_key_id=code_key_id, spare_id=spare_id)

    async def accept(self, received: Received, body: dict[str, Any], *, challenge: str | None = None) -> Answer:
        """Accept a message that changes nothing else."""
        answer = answering(received, body)
        await self._run(self.phones.acceptance(received, answer, now=self.clock.now(), challenge=challenge))
        return answer

    @staticmethod
    def check_challenge(received: Received) -> str:
        """The challenge of the message, when it is the one this phone was given last.

        Raises:
            WrongChallenge: it is not.
        """
        challenge, given_out = received.message.members.get("challenge"), received.phone.challenge or ""
        if not isinstance(challenge, str) or not hmac.compare_digest(challenge.encode(), given_out.encode()):
            raise WrongChallenge
        return challenge

    async def accept_with(self, received: Received, body: dict[str, Any], fingerprint: Statement, work: Work) -> Answer:
        """Accept a message with a fingerprint in place of the code: the tries of the code stay as they are.

        Raises:
            WrongFingerprint: another use of the same credential was first, or it is a copy.
        """
        answer = answering(received, body)
        acceptance = self.phones.acceptance(received, answer, now=self.clock.now())

        def transaction() -> Transaction[None]:
            for statement, refused in (
                (acceptance, StaleMessageError()),
                (fingerprint, WrongFingerprint()),
                (work.statement, work.refused),
            ):
                if not (yield statement):
                    raise refused

        await self.database.transact(transaction)
        return answer

    async def prove(self, received: Received, proof: Proofs) -> CodeKind:
        """Judge the code proofs beside a message: the one function that does, for everything that costs a code.

        The try and the challenge are taken by one committed statement before the proofs are looked at; both slots of
        the phone are one try. Returns after a right code, with the outcome still to be recorded by `conclude`. A wrong
        one is recorded here. A duress code is right, too: it blocks the identity, and says so nowhere; from then on
        `received.withheld` tells the caller to release, sign and change nothing.

        Raises:
            WrongChallenge: nothing was taken.
        """
        phone = received.phone
        challenge = self.check_challenge(received)
        main, spare = self.phones.code_key(phone), self.phones.spare_key(received)
        if phone.tries >= self.tries:
            await self._block_after_tries(received)
        tries = await self.phones.take_try(received, challenge, most=self.tries)
        compact = received.message.compact
        main_id = phone.code_key.code_key_id if phone.code_key else ""
        # Both are judged, whatever the first says and whether or not the second slot is used.
        is_main = hmac.compare_digest(code_proof(main.key, compact), proof.of(main_id, named=True))
        is_spare = hmac.compare_digest(code_proof(spare.key, compact), proof.of(received.spare_id, named=False))
        is_duress = is_spare and spare.kind is CodeKind.DURESS
        if not is_main and not is_duress:
            await self._wrong(received, tries)
        if is_duress and not is_main:
            await self._go_quiet(received, told=spare.told)
            return CodeKind.DURESS
        if phone.tries:
            await self.database.transact(lambda: self.people.forgiving(received.account_id))
        return CodeKind.DURESS if received.withheld else CodeKind.NORMAL

    async def conclude(
        self, received: Received, body: dict[str, Any], work: Work | None = None, *, challenge: str | None = None
    ) -> Answer:
        """After a right code: reset the tries, do `work`, record the outcome; one transaction."""
        answer, now = answering(received, body), self.clock.now()
        judgement = self.phones.judgement(received, answer, tries=0, challenge=challenge, now=now)
        if work is None:
            await self._run(judgement)
            return answer
        refused = work.refused
        try:
            await self._bring_about(Pair(judgement, work.statement, (StaleMessageError(), refused)), work)
        except type(refused) as error:
            outcome = refusal(refused, received)
            await self._run(self.phones.judgement(received, outcome, tries=0, challenge=None, now=now))
            raise _Answered(outcome) from error
        return answer

    async def conclude_changing(
        self,
        received: Received,
        body: dict[str, Any],
        change: Callable[[], Transaction[None]],
        *,
        after: Callable[[], Transaction[None]] | None = None,
    ) -> Answer:
        """After a right code: do `change`, which takes the account before any phone, and record the outcome.

        One transaction; `after` is what may only come once the tries are reset, such as stopping this phone. A refusal
        that `change` raises is the outcome, and nothing was changed.
        """
        answer, now = answering(received, body), self.clock.now()

        def transaction() -> Transaction[None]:
            yield from change()
            if not (yield self.phones.judgement(received, answer, tries=0, challenge=None, now=now)):
                raise StaleMessageError
            if after is not None:
                yield from after()

        try:
            await self.database.transact(transaction)
        except PlatformError as error:
            outcome = refusal(error, received)
            await self._run(self.phones.judgement(received, outcome, tries=0, challenge=None, now=now))
            raise _Answered(outcome) from error
        return answer

    async def _bring_about(self, pair: Pair, work: Work) -> None:
        also = work.also
        if also is None:
            await self.database.pair(pair)
            return

        def transaction() -> Transaction[None]:
            yield from in_turn(pair)
            yield from also()

        await self.database.transact(transaction)

    async def block(self, account_id: str, why: BlockReason, stop: StopReason, *, actor: str) -> None:
        """Stop an identity: account, phones, open requests, codes and access tokens, in one transaction."""
        now = self.clock.now()
        revoked = await self.database.transact(lambda: self.blocking(account_id, why, stop, actor=actor, now=now))
        self.wake_blocked(account_id, revoked)

    def wake_blocked(self, account_id: str, revoked: list[str]) -> None:
        """Tell the phone and the waiting browsers, after commit."""
        self.database.wakeups.wake(account_wake_key(account_id), *map(wake_key, revoked))

    def blocking(
        self, account_id: str, why: BlockReason, stop: StopReason, *, actor: str, now: int
    ) -> Transaction[list[str]]:
        """Inside a transaction: account first, then phones, then requests. Returns the ids of revoked requests."""
        yield from self.blocking_account(account_id, why, actor=actor, now=now)
        yield from self.phones.stopping(account_id, stop, now=now)
        rows = yield from run(store.REVOKE_ALL, account_id)
        return [row["action_id"] for row in rows]

    async def hold(self, account_id: str, *, because: str, actor: str) -> None:
        """Block an identity at once, so that its person cannot activate it by themselves before it is released."""
        now = self.clock.now()

        def transaction() -> Transaction[list[str]]:
            why, stop = BlockReason.BY_OPERATOR, StopReason.BLOCKED
            revoked = yield from self.blocking(account_id, why, stop, actor=actor, now=now)
            # One that was blocked already, by its person, is held by the operator from now on.
            yield from self.people.holding_blocked(account_id, now=now)
            details = {"because": because}
            yield from auditing(now, actor=actor, act="account.hold", subject=account_id, details=details)
            return revoked

        self.wake_blocked(account_id, await self.database.transact(transaction))

    def releasing(self, account_id: str, *, because: str, second: str, actor: str) -> Transaction[bool]:
        """Inside a transaction: let the person of a held identity activate it again; False where it is not held."""
        now = self.clock.now()
        released = yield from self.people.releasing(account_id, now=now)
        if released:
            details = {"second": second, "because": because}
            yield from auditing(now, actor=actor, act="account.release", subject=account_id, details=details)
        return released

    def blocking_account(self, account_id: str, why: BlockReason, *, actor: str, now: int) -> Transaction[None]:
        """Inside a transaction: the account's part of a block, with its audit line."""
        if (yield from self.people.blocking(account_id, why, now=now)):
            yield from publishing(self.people.ids.identifier(), BLOCKED, {"account": account_id}, now=now)
            yield from auditing(now, actor=actor, act="account.block", subject=account_id, details={"why": why})
            if why is BlockReason.DURESS:
                return  # told only as the person chose
            kind = _TOLD_AS.get(why, NoticeKind.BLOCKED)
            yield from self.notices.telling(account_id, kind, now=now, facts={"why": why})

    def erasing(self, account_id: str, *, now: int) -> Transaction[list[str]]:
        """Inside the deletion of a person, after the account: phones, then requests. Returns those revoked."""
        yield from self.phones.stopping(account_id, StopReason.DELETED, now=now)
        rows = yield from run(store.REVOKE_ALL, account_id)
        return [row["action_id"] for row in rows]

    def moving(self, account_id: str, phone_id: str, *, now: int) -> Transaction[list[str]]:
        """Inside an activation: stop the account's other phones and end what they had claimed.

        Returns the ids of the phones stopped.
        """
        yield from self.people.forgiving(account_id)
        stopped = yield from self.phones.stopping(account_id, StopReason.MOVED, now=now, but=phone_id)
        yield from run(store.REVOKE_CLAIMED, account_id, now)
        payload = {"account": account_id, "phone": phone_id}
        yield from publishing(self.people.ids.identifier(), ACTIVATED, payload, now=now)
        return stopped

    async def _receive(
        self, message: UnverifiedMessage, expected_type: str, *, state: PhoneState, code_key_id: str, spare_id: str
    ) -> Received:
        try:
            return await self.phones.receive(
                message, expected_type=expected_type, state=state, code_key_id=code_key_id, spare_id=spare_id
            )
        except PhoneCopiedError as error:
            if error.account_id is not None:
                await self.block(error.account_id, BlockReason.PHONE_COPIED, StopReason.COPIED, actor="system")
            raise

    async def _accept(self, received: Received, answer: Answer, error: PlatformError) -> None:
        challenge = received.challenge if isinstance(error, _RENEWING) else None
        await self._run(self.phones.acceptance(received, answer, now=self.clock.now(), challenge=challenge))

    async def _run(self, statement: Statement) -> None:
        if not await self.database.rows(statement.text, *statement.values):
            raise StaleMessageError

    async def _go_quiet(self, received: Received, *, told: bool) -> None:
        """A duress code: block the identity for everybody but the eyes that watch this phone."""
        if received.withheld:
            return
        account_id, now = received.account_id, self.clock.now()

        def transaction() -> Transaction[list[str]]:
            yield from self.blocking_account(account_id, BlockReason.DURESS, actor="person", now=now)
            yield from self.phones.going_quiet(received, until=now + self.quiet_seconds * SECOND, now=now)
            if told:
                yield from self.notices.telling(account_id, NoticeKind.BLOCKED, now=now, facts={"why": "duress"})
            rows = yield from run(store.WITHHOLD_ALL, account_id)
            return [row["action_id"] for row in rows]

        self.wake_blocked(account_id, await self.database.transact(transaction))

    async def _wrong(self, received: Received, tries: int) -> NoReturn:
        failures = await self.database.transact(lambda: self.people.failing(received.account_id))
        if tries >= self.tries or failures >= MOST_FAILURES:
            await self._block_after_tries(received)
        await self._record_try(received, WrongCode, tries)

    async def _lost(self, received: Received) -> NoReturn:
        """A try that was taken but never judged, because the server stopped in between, counts as wrong."""
        tries = received.phone.tries
        if tries >= self.tries:
            await self._block_after_tries(received)
        await self._record_try(received, AttemptLost, tries)

    async def _record_try(self, received: Received, kind: type[PlatformError], tries: int) -> NoReturn:
        chain = received.phone.chain if kind is AttemptLost else received.chain
        received = replace(received, chain=chain)
        error = kind(tries_left=self.tries - tries, challenge=received.challenge)
        answer = refusal(error, received)
        now, challenge = self.clock.now(), received.challenge
        await self._run(self.phones.judgement(received, answer, tries=tries, challenge=challenge, now=now))
        raise _Answered(answer)

    async def _block_after_tries(self, received: Received) -> NoReturn:
        account_id = received.account_id
        await self.block(account_id, BlockReason.WRONG_CODES, StopReason.BLOCKED, actor="system")
        raise AccountBlockedError(why=BlockReason.WRONG_CODES)


def recordable(error: PlatformError) -> bool:
    """Whether a refusal is an outcome of the message; else nothing happened and it may be sent again."""
    blocked = isinstance(error, AccountBlockedError)
    return not blocked and error.status < 500 and error.status not in {400, 401, 429}


def answering(received: Received, body: dict[str, Any]) -> Answer:
    """A success with the next chain value."""
    return Answer(200, {**body, "chain": received.chain})


def refusal(error: PlatformError, received: Received) -> Answer:
    """A refusal as a problem document with the next chain value (RFC 9457)."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "detail": error.public,
        "code": error.code,
        **error.fields,
        "chain": received.chain,
    }
    if isinstance(error, _RENEWING):
        body["challenge"] = received.challenge
    return Answer(error.status, body)
