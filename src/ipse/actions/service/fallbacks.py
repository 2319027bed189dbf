"""Approving without the phone, in the browser that began: for services that allow it, never as acr basic or advanced.

Whoever calls this has proved who the person is by one of `FALLBACKS`. What is shown, chosen and kept is the same as on
a phone; only nobody signs it, so what the proof was is kept in its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from ipse.actions import store
from ipse.actions.errors import (
    EvidenceExpired,
    FallbackNotAllowed,
    LevelTooLow,
    RequestEnded,
    RequestExpired,
    RequestTaken,
)
from ipse.actions.model import OPEN, Action, ActionState, Approval, Method, Shown, Start
from ipse.actions.rules import showing
from ipse.actions.service.evidence import askable, check_evidence
from ipse.actions.service.reached import reached, stop
from ipse.actions.service.requests import Actions, raise_ended
from ipse.attributes.model import Circumstances
from ipse.attributes.service import Attributes
from ipse.kernel.clock import SECOND
from ipse.kernel.ids import sha256
from ipse.notices.model import NoticeKind
from ipse.notices.service import Notices
from ipse.people.errors import AccountBlockedError
from ipse.people.model import Account, AccountState
from ipse.storage.statement import Transaction, one

log = structlog.get_logger("ipse.actions")
_APPROVED_SECONDS = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """Whom a fallback method has shown to be there, and how surely."""

    account_id: str
    method: Method
    level: str
    """The eIDAS level of this one proof; what is approved has no higher one."""
    evidence: Mapping[str, str]
    """What the proof was, in words and digests, kept sealed with the approval; no secret."""
    prepared_at: int | None = None
    """When its person prepared it, in microseconds; None for what needs no preparation."""


@dataclass(frozen=True)
class FallbackApprovals:
    """Use cases of a browser that goes on without the phone."""

    actions: Actions
    attributes: Attributes
    notices: Notices

    async def claim(self, action: Action, browser_hash: bytes, proven: Proven, *, address: str) -> Shown:
        """Take a waiting request for the person who was proved, and give what to show.

        Raises:
            FallbackNotAllowed: the service does not allow this method for this request.
            AccountBlockedError: the identity is not active, or was activated anew since this way was prepared; nothing
                was released.
            EvidenceExpired: what stands behind the identity must be renewed first.
            LevelTooLow: the request demands more; it is ended.
            RequestTaken, RequestExpired, RequestEnded: somebody else's, or over.
        """
        self._check_open(action)
        if proven.method not in action.request.fallbacks or action.request.signs:
            raise FallbackNotAllowed
        account = await self.actions.people.account(proven.account_id)
        check_active(account)
        if proven.prepared_at is not None and proven.prepared_at < (account.activated_at or 0):
            # Whoever had the identity before it was activated anew may have prepared it (B-8).
            raise AccountBlockedError(why=account.why)
        if action.state is not ActionState.WAITING or action.account_id not in {None, account.account_id}:
            raise RequestTaken
        await check_evidence(self.actions, action, account)
        if account.evidence_expired(self.actions.clock.now()):
            raise EvidenceExpired
        level = showing.weakest(account.level_at(self.actions.clock.now()), proven.level)
        await self._check_level(action, level, account.account_id)
        shown = await self._build_shown(action, account, level, address)
        key = await self.actions.people.person_key(account.account_id)
        sealed = self.actions.sealed(key, action.action_id, "sealed_shown", shown)
        digest, now = sha256(shown.octets), self.actions.clock.now()
        values = (action.action_id, browser_hash, account.account_id, proven.method, digest, sealed, now)

        def claiming() -> Transaction[bool]:
            if not (yield from self.actions.people.holding(account.account_id)):
                raise AccountBlockedError(why=account.why)
            return (yield from one(store.CLAIM_HERE, *values)) is not None

        if not await self.actions.database.transact(claiming):
            raise RequestTaken
        reached(self.actions, action, "claimed", account_id=account.account_id)
        return shown

    async def approve(
        self, action: Action, browser_hash: bytes, proven: Proven, shared: tuple[str, ...], *, address: str
    ) -> None:
        """Approve what `claim` has shown, sharing the chosen attributes.

        Raises:
            WrongShared: a required attribute is missing, or one that was not shown is there.
            AccountBlockedError: blocked meanwhile; nothing was released.
            RequestExpired, RequestEnded: over, or not claimed by this person in this browser.
        """
        self._check_open(action)
        account_id = proven.account_id
        if action.account_id != account_id or action.method is not proven.method:
            raise RequestEnded
        showing.check_shared(await self.actions.shown(action), shared)
        subject = await self.actions.people.subject(account_id, action.partner_id)
        sealed = await self._sealed(action, proven, shared, address)
        now = self.actions.clock.now()
        until = now + _APPROVED_SECONDS * SECOND
        values = (action.action_id, browser_hash, account_id, subject, sealed, now, until)

        def approving() -> Transaction[bool]:
            # The account first: a block that comes at the same moment is either seen here or sees what we did.
            if not (yield from self.actions.people.holding(account_id)):
                raise AccountBlockedError(why="")
            approved = (yield from one(store.APPROVE_HERE, *values)) is not None
            if approved:
                told = {"why": f"fallback_{proven.method}"}
                yield from self.notices.telling(account_id, NoticeKind.FALLBACK_USED, now=now, facts=told)
            return approved

        if not await self.actions.database.transact(approving):
            raise RequestEnded
        log.info("request.approved_without_phone", action=action.action_id, method=proven.method)
        reached(self.actions, action, "approved", account_id=account_id, method=proven.method)

    async def reject(self, action: Action, browser_hash: bytes, proven: Proven, *, address: str) -> None:
        """Refuse what `claim` has shown. Raises as `approve`."""
        self._check_open(action)
        sealed = await self._sealed(action, proven, (), address)
        values = (action.action_id, browser_hash, sealed, self.actions.clock.now())
        if await self.actions.database.row(store.REJECT_HERE, *values) is None:
            raise RequestEnded
        reached(self.actions, action, "rejected", account_id=proven.account_id)

    async def _check_level(self, action: Action, level: str, account_id: str) -> None:
        if not action.request.level_essential or showing.reaches(level, action.request.level):
            return
        await stop(self.actions, action, store.REFUSE_LEVEL, account_id)
        raise LevelTooLow

    async def _build_shown(self, action: Action, account: Account, level: str, address: str) -> Shown:
        circumstances = Circumstances(identification_mode=Start.FALLBACK.value, transaction_ip=address)
        names = askable(self.actions, action, account)
        values = (
            await self.attributes.values(
                account.account_id, names, language=account.language, circumstances=circumstances
            )
            if names
            else {}
        )
        seen = showing.Seen(self.actions.ids.octets(32), account.language, level, Start.FALLBACK)
        return showing.build_shown(action, values, self.actions.confidential(action), seen)

    async def _sealed(self, action: Action, proven: Proven, shared: tuple[str, ...], address: str) -> bytes:
        evidence = {"method": proven.method.value, "level": proven.level, **proven.evidence}
        key = await self.actions.people.person_key(proven.account_id)
        approval = Approval("", shared, {}, address, evidence)
        return self.actions.sealed(key, action.action_id, "sealed_approval", approval)

    def _check_open(self, action: Action) -> None:
        if action.state in OPEN and action.expires_at <= self.actions.clock.now():
            raise RequestExpired
        if action.state not in OPEN:
            raise_ended(action.state)


def check_active(account: Account) -> None:
    """A fallback works on an active account only.

    Raises:
        AccountBlockedError: it is pending, blocked or gone.
    """
    if account.state is not AccountState.ACTIVE:
        raise AccountBlockedError(why=account.why)
