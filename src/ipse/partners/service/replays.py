"""Values that count once, over all processes and restarts."""

from __future__ import annotations

from dataclasses import dataclass

from ipse.kernel.clock import Clock
from ipse.kernel.ids import sha256
from ipse.partners.store import replays as store
from ipse.storage.database import Database


@dataclass(frozen=True, slots=True)
class Replays:
    """Remembers the ids of assertions, proofs and request objects until they would be refused as expired anyway."""

    database: Database
    clock: Clock

    async def first_use(self, kind: str, owner: str, identifier: str, until: int) -> bool:
        """Take the single use of `identifier`; False if somebody has taken it before.

        `kind` keeps kinds of token apart (`assertion`, `dpop`, `request`), `owner` the parties whose ids they are;
        `until` is when the value expires, microseconds UTC, clock skew included.
        """
        digest = sha256(f"{kind}\x00{owner}\x00{identifier}")
        return await self.database.row(store.USE, digest, until) is not None

    async def forget(self, before: int | None = None) -> int:
        """Forget what expired before a time (microseconds UTC; now if not said); how many there were."""
        return len(await self.database.rows(store.FORGET, self.clock.now() if before is None else before))
