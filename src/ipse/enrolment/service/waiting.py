"""Activations that wait for the phone that has the identity: finished by themselves, or stopped from there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from ipse.actions.service import Messages
from ipse.actions.service.requests import account_wake_key
from ipse.audit.service import auditing
from ipse.enrolment import store
from ipse.enrolment.errors import EndReason, EnrolmentEndedError
from ipse.enrolment.model import Wait
from ipse.enrolment.service.activations import Activations
from ipse.phones.model import StopReason
from ipse.storage.database import Database
from ipse.storage.statement import Transaction, one, run

log = structlog.get_logger("ipse.enrolment")


class _Gone(Exception):
    """The phone does not wait any more, or just said something."""


@dataclass(frozen=True)
class Waiting:
    """Use cases of the objection period."""

    activations: Activations
    messages: Messages

    async def of(self, account_id: str) -> Sequence[Wait]:
        """What waits for an identity, oldest first: what the phone that has it shows."""
        rows = await self._database.rows(store.WAITING_OF_ACCOUNT, account_id)
        return [Wait(row["enrolment_id"], row["registrar"], row["changed_at"], row["due_at"]) for row in rows]

    async def until(self, phone_id: str) -> int | None:
        """When the identity moves to this phone (microseconds); None when it does not wait."""
        row = await self._database.row(store.WAITING_OF_PHONE, phone_id)
        return None if row is None else int(row["due_at"])

    async def finish_of(self, phone_id: str) -> bool:
        """Finish the wait of a phone that asks, when it is over; says whether anything changed."""
        row = await self._database.row(store.WAITING_OF_PHONE, phone_id)
        if row is None:
            # Its enrolment ended without it: a registrar was stopped, for example.
            phones, now = self.messages.phones, self._now
            await self._database.transact(lambda: phones.stopping_waiting(phone_id, StopReason.ENDED, now=now))
            return True
        return row["due_at"] <= self._now and await self.finish(row["enrolment_id"])

    async def finish_due(self) -> int:
        """Finish what has waited long enough. A job of every process; returns how many it finished."""
        rows = await self._database.rows(store.DUE_WAITING, self._now)
        return sum([await self.finish(row["enrolment_id"]) for row in rows])

    async def finish(self, enrolment_id: str) -> bool:
        """Give the identity to the phone that waited. Of all who try, one does."""
        epoch, now = await self.activations.epoch(), self._now

        def transaction() -> Transaction[str | None]:
            finished = yield from self.activations.finishing(enrolment_id, epoch=epoch, now=now)
            if finished is None:
                return None
            activated, phone_id = finished
            account_id = activated.account.account_id
            yield from self.messages.moving(account_id, phone_id, now=now)
            if not (yield from self.messages.phones.completing(phone_id, now=now)):
                raise _Gone
            return account_id

        try:
            account_id = await self._database.transact(transaction)
        except (_Gone, EnrolmentEndedError):
            return await self._end(enrolment_id)
        if account_id is not None:
            self._database.wakeups.wake(account_wake_key(account_id))
        return account_id is not None

    async def object(self, account_id: str, enrolment_id: str) -> bool:
        """Stop an activation elsewhere, for the person whose identity it would move; False when it is over."""
        now = self._now

        def transaction() -> Transaction[bool]:
            row = yield from one(store.STOP_WAITING, enrolment_id, EndReason.OBJECTED, now, b"")
            if row is None:
                return False
            if row["account_id"] != account_id:
                raise EnrolmentEndedError(EndReason.FOREIGN_RETURN)  # and nothing was stopped
            yield from self.messages.phones.stopping_waiting(row["phone_id"], StopReason.OBJECTED, now=now)
            yield from auditing(
                now, actor="person", act="enrolment.object", subject=account_id, details={"enrolment": enrolment_id}
            )
            return True

        stopped = await self._database.transact(transaction)
        self._database.wakeups.wake(account_wake_key(account_id))
        return stopped

    async def give_up(self, phone_id: str) -> None:
        """End what a phone waits for, because its person removes it; the identity stays where it is."""
        now, row = self._now, await self._database.row(store.WAITING_OF_PHONE, phone_id)

        def transaction() -> Transaction[None]:
            if row is not None:
                yield from run(store.STOP_WAITING, row["enrolment_id"], EndReason.REFUSED_BY_PERSON, now, b"")
            yield from self.messages.phones.stopping_waiting(phone_id, StopReason.REMOVED, now=now)

        await self._database.transact(transaction)
        if row is not None:
            self._database.wakeups.wake(account_wake_key(row["account_id"]))

    async def _end(self, enrolment_id: str) -> bool:
        """A wait that came to nothing: the identity was blocked meanwhile, or its phone is gone."""
        now = self._now

        def transaction() -> Transaction[bool]:
            row = yield from one(store.STOP_WAITING, enrolment_id, EndReason.BLOCKED_MEANWHILE, now, b"")
            if row is None:
                return False
            yield from self.messages.phones.stopping_waiting(row["phone_id"], StopReason.BLOCKED, now=now)
            return True

        ended = await self._database.transact(transaction)
        if ended:
            log.info("enrolment_ended", enrolment=enrolment_id, why=EndReason.BLOCKED_MEANWHILE, detail="while waiting")
        return ended

    @property
    def _database(self) -> Database:
        return self.activations.rows.database

    @property
    def _now(self) -> int:
        return self.activations.rows.clock.now()
