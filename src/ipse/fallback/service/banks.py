"""Proving oneself by a log-in at a bank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from ipse.actions.errors import UnknownAction
from ipse.actions.model import Action, Method
from ipse.actions.service.fallbacks import Proven
from ipse.enrolment.errors import RefusedAnswerError
from ipse.enrolment.model import Exchange, Registrar
from ipse.enrolment.service.bank_logins import BankLogins
from ipse.fallback import store
from ipse.fallback.errors import BankRefused
from ipse.fallback.model import CHALLENGE_SECONDS, LEVELS
from ipse.fallback.service.visits import Visits
from ipse.kernel.clock import SECOND
from ipse.kernel.ids import sha256
from ipse.kernel.sealing import seal, unseal

_TABLE = "fallback_challenges"
_LEVELS = ("low", "substantial", "high")


class _Away(msgspec.Struct, frozen=True):
    """What the return of a visit must fit."""

    registrar: str
    exchange: Exchange


@dataclass(frozen=True)
class BankProofs:
    """Use cases of the way to a bank and back."""

    visits: Visits
    logins: BankLogins

    async def banks(self) -> Sequence[Registrar]:
        """Where a person can log in now."""
        return await self.logins.banks()

    async def leave(self, action: Action, browser_hash: bytes, registrar: str, *, language: str, text: str) -> str:
        """The bank's address for this browser.

        Raises:
            BankRefused: the bank cannot be reached, is stopped, or is none.
        """
        try:
            away = await self.logins.leave(registrar, language=language, text=text)
        except RefusedAnswerError as error:
            raise BankRefused(str(error)) from error
        kept = msgspec.json.encode(_Away(registrar, away.exchange))
        hashed = sha256(away.state)
        sealed = seal(self._key, kept, table=_TABLE, row=hashed.hex(), column="sealed")
        values = (hashed, action.action_id, Method.BANK, browser_hash, sealed, self.visits.clock.now())
        await self.visits.database.rows(store.ASK, *values)
        return away.url

    async def come_back(self, parameters: Mapping[str, str], browser_hash: bytes) -> tuple[Action, Proven]:
        """Take a bank's return, once, in the browser that left.

        Raises:
            UnknownAction: it belongs to nothing here.
            BankRefused: the bank names nobody we know, or the person refused there.
        """
        hashed, now = sha256(parameters.get("state", "")), self.visits.clock.now()
        oldest = now - 2 * CHALLENGE_SECONDS * SECOND
        row = await self.visits.database.row(store.TAKE_RETURN, hashed, Method.BANK, browser_hash, oldest)
        if row is None:
            raise UnknownAction("a bank's return that belongs to nothing in this browser")
        away = msgspec.json.decode(
            unseal(self._key, bytes(row["sealed"]), table=_TABLE, row=hashed.hex(), column="sealed"), type=_Away
        )
        action = (await self.visits.actions.find(row["action_id"])).action
        try:
            named = await self.logins.come_back(away.registrar, parameters, away.exchange)
        except RefusedAnswerError as error:
            raise BankRefused(str(error), action=action) from error
        if named.account_id is None:
            raise BankRefused("nobody we know", action=action)
        level = min(named.level, LEVELS[Method.BANK], key=_LEVELS.index)
        evidence = {"bank": away.registrar, "answer_sha256": named.answer_sha256}
        return action, Proven(account_id=named.account_id, method=Method.BANK, level=level, evidence=evidence)

    @property
    def _key(self) -> bytes:
        return self.visits.keystore.working_key("fallback")
