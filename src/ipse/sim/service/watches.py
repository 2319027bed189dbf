"""The numbers of identities: bound at activation, asked about when it matters, completed when their SIM is ready."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog

from ipse.kernel.clock import SECOND
from ipse.kernel.sealing import blind_index, seal, unseal
from ipse.kernel.settings import Sim
from ipse.notices.model import NoticeKind
from ipse.notices.service import Notices
from ipse.people.service import People
from ipse.phones.model import Phone
from ipse.phones.service import Phones
from ipse.sim.errors import SimNotReadyError
from ipse.sim.events import BOUND, READY
from ipse.sim.model import Bound, Possession, SimState, SwapAnswer, Watch, Word
from ipse.sim.rules import pauses, policy
from ipse.sim.rules.policy import Doing, Need, Occasion
from ipse.sim.service.network import Network
from ipse.sim.store import subscriptions as subscriptions_store
from ipse.sim.store import watches as store
from ipse.storage.copies import copied
from ipse.storage.publishing import publishing
from ipse.storage.statement import Transaction, one, run

log = structlog.get_logger("ipse.sim")
_TABLE: Final = "sim_watches"
_HOME_SECONDS: Final = 4.0
"""How long an app that opens waits for an operator; a later look finds the answer."""
_AT_ONCE: Final = 4

Stop = Callable[[str], Awaitable[None]]
"""Blocks an identity whose SIM was changed."""


@dataclass(frozen=True)
class Watches:
    """Use cases of numbers that belong to identities."""

    network: Network
    people: People
    phones: Phones
    notices: Notices
    settings: Sim
    stop: Stop

    # -- binding

    def binding(self, account_id: str, key: bytes, phone_id: str, bound: Bound, *, now: int) -> Transaction[None]:
        """Bind a number to an identity and its phone, inside the transaction that makes or moves the identity.

        Earlier subscriptions of the identity end; one to its operator's events is wanted from now on.
        """
        index = blind_index(self.people.keystore.working_key("phone_number"), bound.number)
        sealed = seal(key, bound.number.encode(), table=_TABLE, row=account_id, column="sealed_number")
        outcome = bound.outcome
        ready = outcome.sim_state is SimState.READY
        due = None if ready else now + self.settings.retry_seconds * SECOND
        yield from self.phones.recording_sim(
            phone_id, outcome.sim_state, outcome.operator_id, checked_at=now if ready else None, now=now
        )
        yield from run(
            store.BIND, account_id, phone_id, index, sealed, outcome.operator_id, outcome.possession, now, due
        )
        yield from run(subscriptions_store.LEAVE_ALL, account_id, now)
        yield from self.wanting(account_id, outcome.operator_id, now=now)

    def wanting(self, account_id: str, operator_id: str | None, *, now: int) -> Transaction[None]:
        """Want events of an operator for an identity, and have them asked for at once."""
        if operator_id is not None:
            until = now + self.settings.subscription_days * 86_400 * SECOND
            yield from run(subscriptions_store.WANT, self.people.ids.identifier(), account_id, operator_id, until, now)
        yield from publishing(self.people.ids.identifier(), BOUND, {"account": account_id}, now=now)

    def ending(self, account_id: str, *, now: int) -> Transaction[None]:
        """Forget the number of an identity that ends, and want no more events."""
        yield from run(store.END, account_id)
        yield from run(subscriptions_store.LEAVE_ALL, account_id, now)
        yield from publishing(self.people.ids.identifier(), BOUND, {"account": account_id}, now=now)

    # -- asking when it matters

    async def admit(self, account_id: str, phone: Phone, *, kind: str, assurance: str) -> Phone | None:
        """Judge the SIM for a request, before it is shown: the phone as it is known now, or None.

        None: the SIM was changed, and the identity is stopped. `kind` is the type of the service, `assurance` is
        `basic` or `advanced`.

        What is stored decides, without a statement, unless the request asks for more and the last answer is old.

        Raises:
            SimNotReadyError: the phone has reduced functions, and this needs more.
        """
        need = Need(kind, assurance)
        if phone.sim_state is SimState.REDUCED and not need.works_reduced:
            raise SimNotReadyError
        occasion = need.occasion
        if occasion is None or phone.sim_state is SimState.REDUCED or not self._old(phone):
            return phone
        watch = await self._watch(account_id)
        if watch is None:
            return phone
        doing = await self._judge(watch, occasion)
        if doing is Doing.REDUCE and not need.works_reduced:
            raise SimNotReadyError
        if doing is Doing.STOP:
            return None
        return replace(phone, sim_state=SimState.REDUCED) if doing is Doing.REDUCE else phone

    def level(self, phone: Phone) -> str:
        """The highest level an approval of this phone can have for its SIM."""
        return "substantial" if phone.sim_state is SimState.REDUCED else self.network.operators.cap(phone.sim_operator)

    async def complete(self, phone: Phone) -> SimState:
        """Ask again about a SIM that was not ready, because its person looks; at most once an interval."""
        if phone.sim_state is SimState.READY or phone.account_id is None:
            return phone.sim_state
        now = self.people.clock.now()
        oldest, lease = now - self.settings.home_seconds * SECOND, now + pauses.LEASE_SECONDS * SECOND
        row = await self.people.database.row(store.ASK, phone.account_id, now, oldest, lease)
        if row is None:
            return phone.sim_state
        try:
            async with asyncio.timeout(_HOME_SECONDS):
                doing = await self._judge(store.read_watch(row), Occasion.COMPLETING)
        except TimeoutError:
            return phone.sim_state
        return SimState.READY if doing is Doing.COMPLETE else phone.sim_state

    async def is_proven(self, account_id: str) -> bool:
        """Whether anybody has shown that the number is the person's; else an operator's answer completes nothing."""
        watch = await self._watch(account_id)
        return watch is None or watch.possession is not Possession.NONE

    async def copy(self, account_id: str) -> dict[str, Any]:
        """What is kept of a person's number, to take along."""
        rows, watch = self.people.database.rows, await self._watch(account_id)
        number = ""
        if watch is not None:
            key = await self.people.person_key(account_id)
            sealed = watch.sealed_number
            number = unseal(key, sealed, table=_TABLE, row=account_id, column="sealed_number").decode()
        kept = copied(await rows(store.COPY, account_id))
        subscriptions = copied(await rows(subscriptions_store.COPY, account_id))
        return {"number": number, "watched": kept, "subscriptions": subscriptions}

    async def look_due(self) -> int:
        """Ask about every SIM whose time has come. Returns how many."""
        rows = await self.people.database.rows(store.DUE, self.people.clock.now())
        limit = asyncio.Semaphore(_AT_ONCE)

        async def look(account_id: str) -> bool:
            async with limit:
                now = self.people.clock.now()
                row = await self.people.database.row(
                    store.TAKE_DUE, account_id, now, now + pauses.LEASE_SECONDS * SECOND
                )
                if row is not None:
                    await self._judge(store.read_watch(row), Occasion.COMPLETING)
                return row is not None

        return sum(await asyncio.gather(*(look(row["account_id"]) for row in rows)))

    async def look_at(self, account_id: str) -> None:
        """Ask about one SIM now: its operator reports no more."""
        watch = await self._watch(account_id)
        if watch is not None:
            await self._judge(watch, Occasion.EVENT)

    # -- inside

    def _old(self, phone: Phone) -> bool:
        if phone.sim_checked_at is None:
            return phone.sim_operator is not None
        return self.people.clock.now() - phone.sim_checked_at > self.settings.fresh_seconds * SECOND

    async def _watch(self, account_id: str) -> Watch | None:
        row = await self.people.database.row(store.WATCH, account_id)
        return None if row is None else store.read_watch(row)

    async def _judge(self, watch: Watch, occasion: Occasion) -> Doing:
        """Ask, do what the policy says, keep what is known."""
        key = await self.people.person_key(watch.account_id)
        number = unseal(key, watch.sealed_number, table=_TABLE, row=watch.account_id, column="sealed_number").decode()
        answer = await self.network.swap_since(number, watch.bound_at, known=watch.operator_id)
        doing = policy.doing(occasion, answer)
        if doing is Doing.COMPLETE and policy.complete(watch.possession, answer) is SimState.REDUCED:
            doing = Doing.WAIT  # nobody has shown yet that the number is the person's
        if answer.word is Word.DOWN:
            log.warning("sim_unknown", operator=answer.operator_id, occasion=occasion, doing=doing)
        if doing is Doing.STOP:
            await self.stop(watch.account_id)
            return doing
        await self._keep(watch, answer, doing)
        return doing

    async def _keep(self, watch: Watch, answer: SwapAnswer, doing: Doing) -> None:
        now = self.people.clock.now()
        reduced = doing in {Doing.WAIT, Doing.REDUCE}
        failures = watch.failures + 1 if reduced else 0
        due = now + pauses.pause(watch.failures, first=self.settings.retry_seconds) if reduced else None
        answered = answer.word is Word.VERIFIED
        operator_id = answer.operator_id if answered else watch.operator_id
        if answer.word is Word.DOWN and doing is Doing.GO_ON:
            return  # nothing is known that was not known before

        def transaction() -> Transaction[bool]:
            current = yield from one(store.ANSWERED, watch.account_id, watch.bound_at, operator_id, now, due, failures)
            if current is None:
                return False  # the number was bound anew meanwhile
            if not reduced:
                yield from self.phones.recording_sim_of(
                    watch.account_id, SimState.READY, operator_id, checked_at=now, now=now
                )
            elif doing is Doing.REDUCE:
                yield from self.phones.recording_sim_of(
                    watch.account_id, SimState.REDUCED, operator_id, checked_at=None, now=now
                )
            if operator_id != watch.operator_id:
                yield from run(subscriptions_store.LEAVE_ALL, watch.account_id, now)
                yield from self.wanting(watch.account_id, operator_id, now=now)
            if doing is Doing.COMPLETE:
                yield from publishing(self.people.ids.identifier(), READY, {"account": watch.account_id}, now=now)
                yield from self.notices.telling(watch.account_id, NoticeKind.SIM_READY, now=now)
            return True

        if await self.people.database.transact(transaction) and doing is Doing.COMPLETE:
            log.info("sim_ready", account=watch.account_id, operator=operator_id)
