"""Partners' public keys: registered ones, or fetched from `jwks_uri` and kept (partner protocol 1.2).

A fetched set counts for 30 minutes to 24 hours. When it has grown old, or an unknown `kid` arrives, one process asks
again, at most once a minute for each partner. The last good set is kept in the database: neither a restart nor a
partner whose address fails stops logins.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import structlog

from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids
from ipse.partners.clients import fetch_keys
from ipse.partners.errors import KeysNotFetched
from ipse.partners.model import Partner
from ipse.partners.rules.fetching import ASK_SECONDS, LAST_GOOD_SECONDS
from ipse.partners.service.log import RequestLog
from ipse.partners.store import keys as store
from ipse.partners.store.keys import FetchedKeys
from ipse.standards import jose
from ipse.storage.database import Database
from ipse.web.outgoing import Outgoing

_NOTHING: Final[Mapping[str, Any]] = {"keys": []}
_LOOKS: Final = 18
_LOOK_SECONDS: Final = 0.2
_KEPT: Final = 10_000

log = structlog.get_logger("ipse.partners")


@dataclass
class PartnerKeys:
    """Finds partners' keys. A partner that registered its keys inline costs nothing here."""

    database: Database
    outgoing: Outgoing
    clock: Clock
    ids: Ids
    log: RequestLog | None = None
    _kept: dict[tuple[str, str], FetchedKeys] = field(default_factory=dict)
    _asking: dict[tuple[str, str], asyncio.Task[FetchedKeys]] = field(default_factory=dict)
    _failed: set[str] = field(default_factory=set)

    async def verification(self, partner: Partner, kid: object) -> jose.KeySet:
        """The keys to verify a token of this partner with; `kid` is the one that it names.

        Raises:
            JoseError: the registered set is unsound.
        """
        return jose.public_keys(await self.raw(partner, kid))

    async def encryption(self, partner: Partner, alg: str) -> jose.PublicKey:
        """A key to encrypt to this partner with `alg`: of several one at random, for the partner to tell by its `kid`.

        Raises:
            JoseError: it has none.
        """
        fitting = jose.public_keys(await self.raw(partner)).encryption_keys(alg)
        if len(fitting) == 1:
            return fitting[0]
        return fitting[int.from_bytes(self.ids.octets(4)) % len(fitting)]

    async def raw(self, partner: Partner, kid: object = None) -> Mapping[str, Any]:
        """The JWK set itself, with members that key objects leave out, such as `x5c`."""
        if not partner.jwks_uri:
            return partner.jwks or _NOTHING
        return (await self._fetched(partner, partner.jwks_uri, kid)).jwks or _NOTHING

    async def fetch(self, jwks_uri: str) -> Mapping[str, Any]:
        """Fetch the key set at an address now, to judge it; nothing is kept.

        Raises:
            KeysNotFetched: says why.
        """
        return (await fetch_keys(self.outgoing, jwks_uri)).jwks

    async def _fetched(self, partner: Partner, jwks_uri: str, kid: object) -> FetchedKeys:
        kept = self._kept.get((partner.partner_id, jwks_uri))
        if kept is None or self._is_old(kept):
            kept = await self._load(partner.partner_id, jwks_uri)
        now = self.clock.now()
        unknown = isinstance(kid, str) and not _names(kept, kid)
        if (self._is_old(kept) or unknown) and self._may_ask(partner.partner_id, kept, now):
            kept = await self._ask_once(partner, jwks_uri)
        if now - kept.fetched_at > LAST_GOOD_SECONDS * SECOND:
            return kept._replace(jwks=None)
        return kept

    def _is_old(self, kept: FetchedKeys) -> bool:
        now = self.clock.now()
        return kept.jwks is None or not kept.fetched_at <= now < kept.fresh_until

    def _may_ask(self, partner_id: str, kept: FetchedKeys, now: int) -> bool:
        """Once a minute; and besides to see what another process brings that asks just now."""
        elapsed = now - kept.asked_at
        asking = kept.fetched_at < kept.asked_at and partner_id not in self._failed
        return (asking and elapsed < _LOOKS * _LOOK_SECONDS * SECOND) or not 0 <= elapsed < ASK_SECONDS * SECOND

    async def _load(self, partner_id: str, jwks_uri: str) -> FetchedKeys:
        row = await self.database.row(store.FETCHED, partner_id, jwks_uri)
        return self._keep(partner_id, jwks_uri, store.read_fetched(row) if row else FetchedKeys(None, 0, 0, 0))

    def _keep(self, partner_id: str, jwks_uri: str, fetched: FetchedKeys) -> FetchedKeys:
        if len(self._kept) >= _KEPT:
            self._kept.clear()
        self._kept[partner_id, jwks_uri] = fetched
        return fetched

    async def _ask_once(self, partner: Partner, jwks_uri: str) -> FetchedKeys:
        """Join whoever is asking in this process, or ask. A caller that goes away does not end it for the others."""
        place = partner.partner_id, jwks_uri
        task = self._asking.get(place)
        if task is None:
            task = self._asking[place] = asyncio.get_running_loop().create_task(self._ask(partner, jwks_uri))
            task.add_done_callback(lambda _: self._asking.pop(place, None))
        return await asyncio.shield(task)

    async def _ask(self, partner: Partner, jwks_uri: str) -> FetchedKeys:
        now = self.clock.now()
        won = await self.database.row(store.ASK, partner.partner_id, jwks_uri, now, now - ASK_SECONDS * SECOND)
        if won is None:
            return await self._of_another_process(partner.partner_id, jwks_uri)
        try:
            answer = await fetch_keys(self.outgoing, jwks_uri)
        except KeysNotFetched as error:
            self._failed.add(partner.partner_id)
            log.warning("keys_not_fetched", partner=partner.partner_id, detail=error.reason)
            if self.log is not None:
                self.log.refused(partner.partner_id, "", "jwks_uri", "fetch_keys", error.code, error.reason)
            return await self._load(partner.partner_id, jwks_uri)
        self._failed.discard(partner.partner_id)
        now = self.clock.now()
        fresh_until = now + answer.fresh_seconds * SECOND
        jwks = msgspec.json.encode(answer.jwks).decode()
        await self.database.row(store.KEEP, partner.partner_id, jwks_uri, now, jwks, fresh_until)
        return self._keep(partner.partner_id, jwks_uri, FetchedKeys(answer.jwks, now, now, fresh_until))

    async def _of_another_process(self, partner_id: str, jwks_uri: str) -> FetchedKeys:
        """What the process that asked brings home."""
        fetched = await self._load(partner_id, jwks_uri)
        for _ in range(_LOOKS):
            if fetched.fetched_at >= fetched.asked_at:
                break
            await asyncio.sleep(_LOOK_SECONDS)
            fetched = await self._load(partner_id, jwks_uri)
        return fetched


def _names(fetched: FetchedKeys, kid: str) -> bool:
    return fetched.jwks is not None and any(jwk.get("kid") == kid for jwk in fetched.jwks["keys"])
