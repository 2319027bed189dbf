"""Proving oneself with a one-time code, and a name beside it."""

from __future__ import annotations

from dataclasses import dataclass

from ipse.actions.model import Method
from ipse.actions.service.fallbacks import Proven
from ipse.fallback import store
from ipse.fallback.errors import FallbackRefused, TooManyTries
from ipse.fallback.model import LEVELS, PAUSE_SECONDS, Secret, Setup
from ipse.fallback.rules import codes
from ipse.fallback.service.setups import Setups
from ipse.kernel.clock import SECOND, seconds
from ipse.kernel.ids import b64u_decode
from ipse.notices.model import NoticeKind
from ipse.notices.service import Notices
from ipse.storage.statement import Transaction, one


@dataclass(frozen=True)
class Codes:
    """Use cases of one-time codes."""

    setups: Setups
    notices: Notices

    async def prove(self, method: Method, name: str, typed: str) -> Proven:
        """Judge a code; each counts once, and a try is taken before it is looked at.

        Raises:
            FallbackRefused: unknown name, wrong or used code; the same in every case.
            TooManyTries: this name rests for a while, whether it is somebody's or nobody's.
        """
        index, now = self.setups.index(name), self.setups.clock.now()
        rested = now - PAUSE_SECONDS * SECOND
        if await self.setups.database.row(store.TAKE_TRY, index, method, now, rested) is None:
            raise TooManyTries
        setup = await self.setups.by_index(index, method)
        if setup is None:
            # The same work as for a name that exists: the answer's time tells nothing.
            codes.hashed_code(self.setups.key, "", typed)
            await self._count_wrong("", "", now)
            raise FallbackRefused
        used = await self._use(setup, self.setups.secret(setup), codes.digits_only(typed), now)
        if not used:
            await self._count_wrong(setup.setup_id, setup.account_id, now)
            raise FallbackRefused
        await self.setups.database.rows(store.GIVE_TRIES_BACK, index, method)
        evidence = {"setup": setup.setup_id}
        return Proven(
            account_id=setup.account_id,
            method=method,
            level=LEVELS[method],
            evidence=evidence,
            prepared_at=setup.created_at,
        )

    async def _count_wrong(self, setup_id: str, account_id: str, now: int) -> None:
        """Count a wrong code; the last of too many takes the set-up away, and tells its person (B-22, B-27)."""

        def counting() -> Transaction[None]:
            row = yield from one(store.COUNT_WRONG, setup_id, now)
            if row is not None and row["removed_at"] is not None:
                yield from self.notices.telling(account_id, NoticeKind.FALLBACK_REMOVED, now=now)

        await self.setups.database.transact(counting)

    async def _use(self, setup: Setup, secret: Secret, code: str, now: int) -> bool:
        """Use a code up by one conditional statement; False for one that is wrong or was used."""
        database = self.setups.database
        if setup.method is Method.TOTP:
            step = codes.step_of(b64u_decode(secret.totp_key), code, now_seconds=seconds(now))
            if step is None:
                return False
            return await database.row(store.USE_STEP, setup.setup_id, step, now) is not None
        place = codes.which_code(secret.codes, codes.hashed_code(self.setups.key, setup.setup_id, code))
        if place is None:
            return False
        return await database.row(store.USE_BIT, setup.setup_id, 1 << place, now) is not None
