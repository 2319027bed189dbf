"""Blocking an identity without login, for everybody who knows its number and birth date.

Blocking is easy on purpose: it harms nobody for longer than an activation takes. Who asks learns nothing, and how often
one number, one address and everybody together may ask is counted over all processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import msgspec
import structlog

from ipse.actions.service import Messages
from ipse.attributes.errors import NoFactsError
from ipse.attributes.service import Attributes
from ipse.fraud.service.limits import SharedLimits
from ipse.kernel.clock import Clock
from ipse.kernel.fraud import Fraud, Rate
from ipse.kernel.ids import Ids
from ipse.kernel.keystore import Keystore
from ipse.kernel.sealing import seal, unseal
from ipse.people.model import Account, AccountState, BlockReason
from ipse.people.service import People
from ipse.phones.model import StopReason
from ipse.portal import rules
from ipse.portal.events import BLOCK_ASKED
from ipse.portal.model import Wish
from ipse.portal.store import blocks as store
from ipse.storage.database import Database
from ipse.storage.publishing import publishing
from ipse.storage.statement import Transaction, run

log = structlog.get_logger("ipse.portal")

# A birth date can be guessed: one number is looked at five times for each network, then once an hour. Over all networks
# there are more looks, so that a thief who types nonsense does not use up those of the person. An address has a
# household's need.
NUMBER: Final = Rate(burst=5, per_hour=1)
NUMBER_ANYWHERE: Final = Rate(burst=100, per_hour=5)
ADDRESS: Final = Rate(burst=20, per_hour=30)
EVERYBODY: Final = Rate(burst=1000, per_hour=6000)


@dataclass(frozen=True)
class Blocking:
    """Use cases of the page."""

    database: Database
    keystore: Keystore
    people: People
    attributes: Attributes
    messages: Messages
    limits: SharedLimits
    clock: Clock
    ids: Ids

    @classmethod
    def around(
        cls, messages: Messages, attributes: Attributes, settings: Fraud, *, keystore: Keystore, ids: Ids
    ) -> Self:
        """Put together, with limits of its own."""
        own = replace_rates(settings)
        limits = SharedLimits(own, messages.database, keystore, messages.clock, purpose="block ")
        return cls(messages.database, keystore, messages.people, attributes, messages, limits, messages.clock, ids)

    async def ask(self, wish: Wish, *, address: str) -> bool:
        """Write the wish down; False where this address, or everybody together, asked too often. Looks at no person."""
        if not await self.limits.from_network(address):
            return False
        wish = msgspec.structs.replace(wish, network=self.limits.network(address))
        block_id, now = self.ids.identifier(), self.clock.now()
        sealed = seal(self._key, msgspec.json.encode(wish), table="portal_blocks", row=block_id, column="sealed")

        def transaction() -> Transaction[None]:
            yield from run(store.WRITE, block_id, sealed, now)
            yield from publishing(self.ids.identifier(), BLOCK_ASKED, {"block": block_id}, now=now)

        await self.database.transact(transaction)
        return True

    async def look(self, block_id: str) -> None:
        """Look at a wish, block what it is about, and forget it. Doing so again is no harm."""
        row = await self.database.row(store.READ, block_id)
        if row is None:
            return
        opened = unseal(self._key, bytes(row["sealed"]), table="portal_blocks", row=block_id, column="sealed")
        wish = msgspec.json.decode(opened, type=Wish)
        if await self._may_look(wish):
            for account in await self.people.accounts_of_number(wish.number):
                if await self._is_meant(account, wish):
                    await self.messages.block(account.account_id, BlockReason.FROM_WEB, StopReason.BLOCKED, actor="web")
        else:
            log.warning("block_not_looked_at", block=block_id)
        await self.database.rows(store.FORGET, block_id)

    async def _may_look(self, wish: Wish) -> bool:
        """Count a look: for the network and number first, so that one network does not use up the number's own."""
        here = await self.limits.for_number(f"{wish.number} {wish.network}", "block")
        return here and await self.limits.for_proof(wish.number)

    async def _is_meant(self, account: Account, wish: Wish) -> bool:
        if account.state not in {AccountState.ACTIVE, AccountState.PENDING}:
            return False
        try:
            return rules.is_of(await self.attributes.facts(account.account_id), wish)
        except NoFactsError:
            return False

    @property
    def _key(self) -> bytes:
        return self.keystore.working_key("panic")


def replace_rates(settings: Fraud) -> Fraud:
    """The installation's limits with those of this page in the places of number, network and partner."""
    return msgspec.structs.replace(settings, number=NUMBER, network=ADDRESS, partner=EVERYBODY, proofs=NUMBER_ANYWHERE)
