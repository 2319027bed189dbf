"""When each key of a partner was last used: what tells its developer that an old one can go (rotation with overlap).

A login pays nothing for it: uses are kept in memory, and a job writes the newest of each key now and then.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import structlog

from ipse.kernel.clock import Clock
from ipse.partners.model import KeyUse
from ipse.partners.store import uses as store
from ipse.storage.database import Database
from ipse.storage.errors import DatabaseUnavailableError
from ipse.storage.statement import Transaction, one
from ipse.telemetry import metrics

_MOST = 10_000

log = structlog.get_logger("ipse.partners")


@dataclass
class KeyUses:
    """Collects uses of keys, and tells of them."""

    database: Database
    clock: Clock
    _waiting: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)

    def used(self, partner_id: str, kid: str, *, legacy: bool = False) -> None:
        """Note that a partner has just proven itself: by the key `kid`, empty for its secret.

        `legacy`: its assertion named the token endpoint as its audience, which partners that move here may (C-11).
        """
        if kid:
            metrics.PROOFS.add("token_endpoint" if legacy else "issuer")
        self.note(partner_id, kid, legacy=legacy)

    def note(self, partner_id: str, kid: str, *, legacy: bool = False) -> None:
        """Note it without counting it."""
        now = self.clock.now()
        _, before = self._waiting.get((partner_id, kid), (0, 0))
        if len(self._waiting) < _MOST or (partner_id, kid) in self._waiting:
            self._waiting[partner_id, kid] = now, now if legacy else before

    async def of_partner(self, partner_id: str) -> dict[str, KeyUse]:
        """The last use of each key, by its `kid`; of keys that are gone, too."""
        await self.write()
        rows = await self.database.rows(store.OF_PARTNER, partner_id)
        return {use.kid: use for use in map(store.read_use, rows)}

    async def write(self) -> None:
        """Write what was noted. Where the database cannot be reached it is lost: the next use says the same."""
        waiting, self._waiting = self._waiting, {}
        if not waiting:
            return
        try:
            await self.database.transact(lambda: _writing(waiting))
        except DatabaseUnavailableError:
            log.warning("key_uses_lost", keys=len(waiting))


def _writing(waiting: dict[tuple[str, str], tuple[int, int]]) -> Transaction[None]:
    for (partner_id, kid), (used_at, legacy_at) in sorted(waiting.items()):
        yield from one(store.NOTE, partner_id, kid, used_at, legacy_at)
