"""Management keys: what a partner's programs use the portal's API with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ipse.audit.service import auditing
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids, sha256
from ipse.partner_portal import store
from ipse.partner_portal.errors import FormRefused
from ipse.partner_portal.model import ManagementKey
from ipse.partner_portal.rules import names
from ipse.storage.database import Database
from ipse.storage.statement import Transaction, one, run

PREFIX: Final = "ipsepm_"
"""Tells scanners of published code what they have found."""
MOST: Final = 20
_HOUR: Final = 3600 * SECOND


@dataclass(frozen=True, slots=True)
class ManagementKeys:
    """Makes, reads and revokes them. 256 random bits, shown once, kept as SHA-256."""

    database: Database
    clock: Clock
    ids: Ids

    async def make(self, organisation_id: str, name: str, *, actor: str) -> str:
        """Make one; the value is told this once.

        Raises:
            FormRefused: no name, or too many keys.
        """
        name = names.read_name(name, longest=60)
        value = PREFIX + self.ids.secret()
        key = ManagementKey(self.ids.identifier(), organisation_id, name, actor, self.clock.now())
        await self.database.transact(lambda: self._making(key, value))
        return value

    async def of(self, organisation_id: str) -> list[ManagementKey]:
        """Those that count, oldest first."""
        return [store.read_key(row) for row in await self.database.rows(store.KEYS, organisation_id)]

    async def read(self, value: str) -> ManagementKey | None:
        """The key of that value; its use is noted, once an hour."""
        if not value.startswith(PREFIX):
            return None
        row = await self.database.row(store.KEY, sha256(value))
        if row is None:
            return None
        key, now = store.read_key(row), self.clock.now()
        if key.used_at is None or now - key.used_at >= _HOUR:
            await self.database.row(store.USE_KEY, key.key_id, now)
        return key

    async def revoke(self, organisation_id: str, key_id: str, *, actor: str) -> bool:
        """End one; whether it was there."""
        return await self.database.transact(lambda: self._revoking(organisation_id, key_id, actor))

    def _making(self, key: ManagementKey, value: str) -> Transaction[None]:
        if len((yield from run(store.KEYS, key.organisation_id))) >= MOST:
            raise FormRefused("name", "too_many_keys", most=str(MOST))
        yield from one(
            store.ADD_KEY, key.key_id, sha256(value), key.organisation_id, key.name, key.created_by, key.created_at
        )
        yield from self._told(key.created_by, "management_key.make", key.organisation_id, key.key_id)

    def _revoking(self, organisation_id: str, key_id: str, actor: str) -> Transaction[bool]:
        if (yield from one(store.REVOKE_KEY, key_id, organisation_id, self.clock.now())) is None:
            return False
        yield from self._told(actor, "management_key.revoke", organisation_id, key_id)
        return True

    def _told(self, actor: str, act: str, subject: str, key_id: str) -> Transaction[None]:
        details: Mapping[str, str] = {"key": key_id}
        yield from auditing(self.clock.now(), actor=actor, act=act, subject=subject, details=details)
