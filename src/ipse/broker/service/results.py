"""The result of a session: collected once through its action, then read again by the action's access token.

Whoever blocks the identity or stops the partner takes the result away, because nothing of it is kept here.
"""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import dataclass
from typing import Final

import structlog

from ipse.actions.errors import CodeUsed, RequestEnded, RequestExpired, ResultFault, UnknownCode, UnknownToken
from ipse.actions.model import Granted, Redeemed
from ipse.actions.service.requests import Actions
from ipse.broker import store
from ipse.broker.errors import ResultBusy, ResultGone, WrongResultToken
from ipse.broker.model import RESULT_SECONDS, Flow, Session
from ipse.broker.rules.status import stale_reading
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import sha256
from ipse.kernel.keystore import Keystore
from ipse.kernel.sealing import seal, unseal
from ipse.storage.database import Database

_TABLE: Final = "broker_sessions"
_LONGEST: Final = 64
"""Characters of a result token; it is shorter."""
_PAUSE_SECONDS: Final = 0.05
_PATIENCE: Final = 60
"""How many pauses a call waits for another one that collects the same result."""

log = structlog.get_logger("ipse.broker")


@dataclass(frozen=True, slots=True)
class Results:
    """Collecting and reading results."""

    database: Database
    actions: Actions
    keystore: Keystore
    clock: Clock

    async def collect(self, session: Session, value: str) -> Session:
        """Collect the result of an approved session, if nobody has yet; the session as it is then.

        `value` is what the browser brought back, empty for a headless session. One conditional statement decides who
        collects; others wait for it.

        Raises:
            WrongResultToken: not the value of this session.
            ResultGone: it was collected by a call that never ended.
            ResultBusy: another call takes too long.
        """
        for _ in range(_PATIENCE):
            if session.sealed_token is not None:
                return session
            now = self.clock.now()
            if await self.database.row(store.BEGIN_READING, session.session_id, now, stale_reading(now)) is not None:
                await self._collect(session, value)
            else:
                await asyncio.sleep(_PAUSE_SECONDS)
            session = await self._again(session)
        raise ResultBusy

    async def granted(self, session: Session, value: str | None) -> Granted | None:
        """What may be read now: None when it was taken away, or its time is over.

        Raises:
            WrongResultToken: `value` is not the one it was first read with.
            ResultGone: a value was given, and the time is over.
        """
        if value is not None and not hmac.compare_digest(session.result_hash or b"", sha256(value)):
            raise WrongResultToken
        if self.over(session):
            if value is not None:
                raise ResultGone
            return None
        key = self.keystore.working_key("request")
        token = unseal(key, session.sealed_token or b"", table=_TABLE, row=session.session_id, column="sealed_token")
        try:
            granted = await self.actions.by_access_token(token.decode())
        except UnknownToken:
            return None
        return granted if granted.action_id == session.action_id else None

    def over(self, session: Session) -> bool:
        """Whether the time to read the result has ended."""
        return session.result_until is not None and session.result_until <= self.clock.now()

    async def _collect(self, session: Session, value: str) -> None:
        try:
            redeemed = await self._redeem(session, value)
        except (CodeUsed, RequestEnded, RequestExpired, ResultFault) as error:
            await self._stop(session)
            raise ResultGone(type(error).__name__) from error
        except UnknownCode as error:
            await self._stop(session)
            raise WrongResultToken("unknown or expired") from error
        if redeemed.action_id != session.action_id:
            await self.actions.revoke(redeemed.access_token, session.partner_id)
            await self._stop(session)
            raise WrongResultToken("the value of another session")
        sealed = seal(
            self.keystore.working_key("request"),
            redeemed.access_token.encode(),
            table=_TABLE,
            row=session.session_id,
            column="sealed_token",
        )
        until = self.clock.now() + RESULT_SECONDS * SECOND
        await self.database.rows(store.KEEP_RESULT, session.session_id, sealed, sha256(value), until)
        log.info("broker.collected", session=session.session_id, partner=session.partner_id)

    async def _redeem(self, session: Session, value: str) -> Redeemed:
        if session.flow is Flow.HEADLESS:
            return await self.actions.redeem_action(session.action_id or "", session.partner_id)
        if not value or len(value) > _LONGEST:
            raise UnknownCode
        return await self.actions.redeem(value, session.partner_id)

    async def _stop(self, session: Session) -> None:
        await self.database.rows(store.STOP_READING, session.session_id)

    async def _again(self, session: Session) -> Session:
        row = await self.database.row(store.BY_ID, session.session_id, session.broker_id)
        return store.read_session(row) if row is not None else session
