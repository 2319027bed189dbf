"""Limits that all processes share: a bucket is one row, and one conditional statement takes from it."""

from __future__ import annotations

from dataclasses import dataclass

from ipse.fraud import store
from ipse.fraud.rules.places import network_of
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.fraud import Fraud as FraudSettings
from ipse.kernel.fraud import Rate
from ipse.kernel.ids import b64u
from ipse.kernel.keystore import Keystore
from ipse.kernel.sealing import blind_index
from ipse.storage.database import Database

_HOUR = 3600 * SECOND


@dataclass(frozen=True)
class SharedLimits:
    """Use cases of shared limits. What is counted is named by a keyed digest only."""

    settings: FraudSettings
    database: Database
    keystore: Keystore
    clock: Clock
    purpose: str = ""
    """What is counted apart from the numbers typed on sign-in pages, with buckets of its own."""

    @staticmethod
    def network(address: str) -> str:
        """What an address is counted as: its network, so that nobody has as many tries as addresses."""
        return network_of(address) or address

    async def from_network(self, address: str) -> bool:
        """Whether one more number may be typed from here, and altogether. People may be told when not."""
        if not await self._take("network", self.network(address), self.settings.network):
            return False
        return await self._take("total", "", self.settings.total)

    async def for_number(self, number: str, partner_id: str) -> bool:
        """Whether this number may be asked for this partner once more. Nobody is told when not.

        Takes from both whatever the first says, so that the two answers cost the same.
        """
        of_number = await self._take("number", number, self.settings.number)
        of_partner = await self._take("partner", partner_id, self.settings.partner)
        return of_number and of_partner

    async def for_proof(self, address: str) -> bool:
        """Whether somebody may try once more from here to prove themselves without the phone."""
        return await self._take("proof", self.network(address), self.settings.proofs)

    async def _take(self, kind: str, name: str, rate: Rate) -> bool:
        cost = _HOUR // rate.per_hour
        bucket = b64u(blind_index(self.keystore.working_key("browser"), f"{kind} {self.purpose}{name}"))
        row = await self.database.row(store.TAKE, bucket, self.clock.now(), cost, cost * rate.burst)
        return row is not None
