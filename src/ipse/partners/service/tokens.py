"""Access tokens of partners themselves (client credentials, RFC 6749 §4.4): for the broker API and the request log."""

from __future__ import annotations

from dataclasses import dataclass

from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids, sha256
from ipse.partners.model import PartnerToken
from ipse.partners.store import tokens as store
from ipse.storage.database import Database


@dataclass(frozen=True, slots=True)
class PartnerTokens:
    """Issues and reads them. Opaque, 256 random bits, kept as SHA-256."""

    database: Database
    clock: Clock
    ids: Ids

    async def issue(self, partner_id: str, scope: str, *, binding: str = "", seconds: int) -> str:
        """Issue a token; `scope` is one name or several with spaces, `binding` as in `PartnerToken`."""
        token, now = self.ids.secret(), self.clock.now()
        expires_at = now + seconds * SECOND
        await self.database.row(store.ISSUE, sha256(token), partner_id, scope, binding, now, expires_at)
        return token

    async def read(self, token: str) -> PartnerToken | None:
        """What a token allows; None if it is unknown, expired or revoked, or its partner was stopped."""
        row = await self.database.row(store.READ, sha256(token), self.clock.now())
        return store.read_token(row) if row else None

    async def revoke(self, token: str, partner_id: str) -> bool:
        """Revoke a token of this partner; whether there was one."""
        return await self.database.row(store.REVOKE, sha256(token), partner_id) is not None

    async def forget(self) -> int:
        """Forget expired tokens; how many there were."""
        return len(await self.database.rows(store.FORGET, self.clock.now()))
