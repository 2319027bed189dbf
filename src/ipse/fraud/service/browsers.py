"""Browsers that people have trusted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from ipse.fraud import store
from ipse.fraud.model import KnownBrowser
from ipse.fraud.rules.browsers import browser_name
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.fraud import Fraud as FraudSettings
from ipse.kernel.ids import Ids, sha256
from ipse.kernel.sealing import seal, unseal
from ipse.storage.copies import copied
from ipse.storage.database import Database
from ipse.storage.statement import Row, Transaction, run

_DAY = 86_400
_TABLE = "fraud_browsers"


class _About(msgspec.Struct, frozen=True):
    """What its person reads of a browser. Kept sealed under the person's key."""

    name: str
    place: str


@dataclass(frozen=True)
class Browsers:
    """Use cases of trusted browsers. A token lies in the browser alone; we keep its SHA-256 beside the account."""

    settings: FraudSettings
    database: Database
    clock: Clock
    ids: Ids
    person_key: Callable[[str], Awaitable[bytes]]

    @property
    def seconds(self) -> int:
        """How long a browser stays trusted."""
        return self.settings.trust_days * _DAY

    async def trust(self, account_id: str, token: str, *, user_agent: str, place: str) -> None:
        """Trust the browser that holds `token` for this person, from now on."""
        browser_id, now = self.ids.identifier(), self.clock.now()
        about = msgspec.json.encode(_About(browser_name(user_agent), place))
        key = await self.person_key(account_id)
        sealed = seal(key, about, table=_TABLE, row=browser_id, column="sealed_about")
        until = now + self.seconds * SECOND
        await self.database.rows(store.TRUST, browser_id, sha256(token), account_id, sealed, now, until)

    async def is_trusted(self, account_id: str, token: str) -> bool:
        """Whether this person trusts the browser with this token. Empty values are looked for like any other."""
        row = await self.database.row(store.TRUSTED, sha256(token), account_id, self.clock.now())
        return row is not None

    async def all_of(self, account_id: str) -> list[KnownBrowser]:
        """A person's browsers, the one used last first."""
        rows = await self.database.rows(store.BROWSERS, account_id, self.clock.now())
        key = await self.person_key(account_id) if rows else b""
        found = []
        for row in rows:
            browser_id, about = row["browser_id"], msgspec.json.decode(self._about(key, row), type=_About)
            times = (row["created_at"], row["used_at"], row["expires_at"])
            found.append(KnownBrowser(browser_id, about.name, about.place, *times))
        return found

    async def copy(self, account_id: str) -> dict[str, Any]:
        """Trusted browsers, and requests for which this person's number was typed, to take along."""
        rows = await self.database.rows(store.COPY_BROWSERS, account_id)
        key = await self.person_key(account_id) if rows else b""
        browsers = [
            {**told, "about": msgspec.json.decode(self._about(key, row))}
            for row, told in zip(rows, copied(rows, but=("sealed_about",)), strict=True)
        ]
        return {
            "browsers": browsers,
            "typed_numbers": copied(await self.database.rows(store.COPY_STARTS, account_id)),
        }

    @staticmethod
    def _about(key: bytes, row: Row) -> bytes:
        sealed, browser_id = bytes(row["sealed_about"]), row["browser_id"]
        return unseal(key, sealed, table=_TABLE, row=browser_id, column="sealed_about")

    def forgetting(self, account_id: str, browser_id: str) -> Transaction[bool]:
        """Inside a transaction: trust a browser no more; says whether it was trusted."""
        return bool((yield from run(store.FORGET_BROWSER, account_id, browser_id)))

    async def forget_all(self, account_id: str) -> None:
        """A person has deleted their identity: no browser is theirs any more, and no number was typed for them."""
        await self.database.rows(store.FORGET_BROWSERS, account_id)
        await self.database.rows(store.FORGET_STARTS_OF, account_id)
