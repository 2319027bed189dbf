"""What operators report: a subscription for each number, and the reports themselves (CloudEvents).

Each subscription has a token of its own, which the operator shows with every report; we keep its SHA-256. A report is
believed for what it is: a change stops the identity, an end makes us ask at once who has the number now.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

import structlog

from ipse.kernel.clock import SECOND
from ipse.kernel.ids import sha256
from ipse.kernel.sealing import unseal
from ipse.kernel.settings import Sim
from ipse.people.errors import UnknownAccountError
from ipse.people.service import People
from ipse.sim.errors import NoSubscriptionError
from ipse.sim.model import Subscribed, SubscriptionState, Word
from ipse.sim.rules import pauses
from ipse.sim.service.network import Network
from ipse.sim.service.watches import Watches
from ipse.sim.store import subscriptions as store
from ipse.sim.store import watches as watches_store
from ipse.standards import camara
from ipse.standards.camara import CloudEvent, EventType, Termination
from ipse.storage.statement import Transaction, run

log = structlog.get_logger("ipse.sim")
_SKEW_SECONDS: Final = 300
"""How far an operator's clock may be behind ours: a change said to be that much older than the binding still counts."""
_RENEW_SHARE: Final = 4
"""A subscription is renewed when a quarter of its time is left."""
_OVERLAP_SECONDS: Final = 300
"""How long a subscription outlives the one that replaces it."""
_AT_ONCE: Final = 4


@dataclass(frozen=True)
class Subscriptions:
    """Use cases of subscriptions and reports."""

    network: Network
    people: People
    watches: Watches
    settings: Sim
    sink: str

    async def take(self, token: str, event: CloudEvent) -> None:
        """Take a report. Doing so twice, late or out of order does no harm.

        Raises:
            NoSubscriptionError: the token is of no subscription that we keep.
        """
        row = await self.people.database.row(store.BY_TOKEN, sha256(token))
        if row is None:
            raise NoSubscriptionError
        kept = store.read_subscribed(row)
        if kept.remote_id is not None and event.subscription_id != kept.remote_id:
            raise NoSubscriptionError
        if event.type == EventType.SWAPPED:
            await self._changed(kept, event)
        elif event.type == EventType.ENDED:
            await self._ended(kept, event)
        else:
            log.info("sim_report", type=event.type, operator=kept.operator_id)

    async def follow(self, account_id: str) -> None:
        """Tell the operators what is wanted for one identity, now."""
        now = self.people.clock.now()
        for row in await self.people.database.rows(store.OF_ACCOUNT, account_id, now):
            await self._follow(row["subscription_id"])

    async def follow_due(self) -> int:
        """Tell the operators what is due: new, renewed and dropped subscriptions. Returns how many."""
        rows = await self.people.database.rows(store.DUE, self.people.clock.now())
        limit = asyncio.Semaphore(_AT_ONCE)

        async def follow(subscription_id: str) -> bool:
            async with limit:
                return await self._follow(subscription_id)

        return sum(await asyncio.gather(*(follow(row["subscription_id"]) for row in rows)))

    # -- inside

    async def _changed(self, kept: Subscribed, event: CloudEvent) -> None:
        row = await self.people.database.row(watches_store.WATCH, kept.account_id)
        if row is None:
            log.info("sim_report_late", operator=kept.operator_id)
            return
        watch = watches_store.read_watch(row)
        # A subscription from before the binding is about a number that the person has given up: its next holder gets a
        # new SIM, and that is nobody's business here.
        if kept.created_at < watch.bound_at or camara.instant(event.time) < watch.bound_at - _SKEW_SECONDS * SECOND:
            log.info("sim_report_late", operator=kept.operator_id)
            return
        log.warning("sim_changed", account=kept.account_id, operator=kept.operator_id)
        await self.watches.stop(kept.account_id)

    async def _ended(self, kept: Subscribed, event: CloudEvent) -> None:
        if await self.people.database.row(store.END, kept.subscription_id) is None:
            return  # we dropped it ourselves
        log.warning("sim_subscription_ended", operator=kept.operator_id, why=event.termination[:40])
        await self._want_again(kept, pause=self.settings.retry_seconds)
        if event.termination == Termination.NETWORK_TERMINATED:
            await self.watches.look_at(kept.account_id)

    async def _want_again(self, kept: Subscribed, *, pause: int) -> str:
        """Want a new subscription in so many seconds; its id."""
        now, subscription_id = self.people.clock.now(), self.people.ids.identifier()
        until = now + self.settings.subscription_days * 86_400 * SECOND

        def transaction() -> Transaction[None]:
            yield from run(store.WANT, subscription_id, kept.account_id, kept.operator_id, until, now + pause * SECOND)

        await self.people.database.transact(transaction)
        return subscription_id

    async def _follow(self, subscription_id: str) -> bool:
        """Do what one row waits for; False when another process has it."""
        now = self.people.clock.now()
        row = await self.people.database.row(store.TAKE, subscription_id, now, now + pauses.LEASE_SECONDS * SECOND)
        if row is None:
            return False
        kept = store.read_subscribed(row)
        if kept.state is SubscriptionState.LEAVING:
            await self._leave(kept)
        elif kept.state is SubscriptionState.ACTIVE:
            await self._renew(kept)
        else:
            await self._subscribe(kept)
        return True

    async def _leave(self, kept: Subscribed) -> None:
        client = await self.network.client(kept.operator_id)
        told = kept.remote_id is None or client is None or await client.unsubscribe(kept.remote_id) is Word.VERIFIED
        if not told:
            await self._later(kept)
            return
        await self.people.database.rows(store.GONE, kept.subscription_id)

    async def _renew(self, kept: Subscribed) -> None:
        """A new subscription, and only then the old one leaves: no moment without."""
        later = self.people.clock.now() + _OVERLAP_SECONDS * SECOND
        new = await self._want_again(kept, pause=0)
        await self.people.database.rows(store.LEAVE, kept.subscription_id, later)
        await self._follow(new)

    async def _subscribe(self, kept: Subscribed) -> None:
        client = await self.network.client(kept.operator_id)
        number = await self._number(kept.account_id)
        if number is None:
            await self.people.database.rows(store.GONE, kept.subscription_id)
            return
        if client is None:
            await self._later(kept)
            return
        token = self.people.ids.secret()
        await self.people.database.rows(store.TOKEN, kept.subscription_id, sha256(token))
        answer = await client.subscribe(self._asked(number, token, kept))
        if answer is Word.NOT_SERVED:
            await self.people.database.rows(store.GONE, kept.subscription_id)
        elif isinstance(answer, Word):
            await self._later(kept)
        else:
            now = self.people.clock.now()
            renew = now + (kept.expires_at - now) * (_RENEW_SHARE - 1) // _RENEW_SHARE
            await self.people.database.rows(store.STARTED, kept.subscription_id, answer.id, renew)

    async def _later(self, kept: Subscribed) -> None:
        due = self.people.clock.now() + pauses.pause(kept.failures, first=self.settings.retry_seconds)
        await self.people.database.rows(store.LATER, kept.subscription_id, due)

    async def _number(self, account_id: str) -> str | None:
        row = await self.people.database.row(watches_store.WATCH, account_id)
        if row is None:
            return None
        try:
            key = await self.people.person_key(account_id)
        except UnknownAccountError:
            return None
        sealed = bytes(row["sealed_number"])
        return unseal(key, sealed, table="sim_watches", row=account_id, column="sealed_number").decode()

    def _asked(self, number: str, token: str, kept: Subscribed) -> camara.NewSubscription:
        until = camara.timestamp(kept.expires_at)
        return camara.NewSubscription(
            sink=f"{self.sink}/{kept.subscription_id}",
            protocol="HTTP",
            types=(EventType.SWAPPED,),
            config=camara.SubscriptionConfig(
                subscription_detail=camara.SubscriptionDetail(phone_number=camara.msisdn(number)),
                subscription_expire_time=until,
            ),
            sink_credential=camara.SinkCredential(
                credential_type="ACCESSTOKEN",
                access_token=token,
                access_token_expires_utc=until,
                access_token_type="bearer",
            ),
        )
