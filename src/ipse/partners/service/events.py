"""Where partners take security event tokens (RFC 8417) about their people."""

from __future__ import annotations

from dataclasses import dataclass

from ipse.audit.service import auditing
from ipse.kernel.clock import Clock
from ipse.kernel.settings import Environment
from ipse.partners.errors import PartnerRegistrationError
from ipse.partners.rules.addresses import check_address
from ipse.partners.store import events as store
from ipse.storage.database import Database
from ipse.storage.statement import Transaction, one


@dataclass(frozen=True)
class EventAddresses:
    """Use cases of these addresses; a partner has one or none."""

    database: Database
    clock: Clock
    environment: Environment

    async def of(self, partner_id: str) -> str:
        """The address of a partner; empty where it has none."""
        row = await self.database.row(store.ADDRESS, partner_id)
        return "" if row is None else str(row["address"])

    async def put(self, partner_id: str, address: str, *, actor: str) -> None:
        """Give a partner this address, or with an empty one take it away; writes an audit line.

        Raises:
            PartnerRegistrationError: no address that is called in this environment, or no such partner.
        """
        if address:
            check_address("event address", address, self.environment)
        if not await self.database.transact(lambda: self._putting(partner_id, address, actor)):
            message = f"there is no partner {partner_id}" if address else f"{partner_id} has no event address"
            raise PartnerRegistrationError(message, public=message)

    def _putting(self, partner_id: str, address: str, actor: str) -> Transaction[bool]:
        now = self.clock.now()
        if address:
            changed = yield from one(store.SET, partner_id, address, now)
        else:
            changed = yield from one(store.REMOVE, partner_id)
        if changed is not None:
            details = {"address": address}
            yield from auditing(now, actor=actor, act="partner.events", subject=partner_id, details=details)
        return changed is not None
