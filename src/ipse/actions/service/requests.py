"""A request from its beginning to the partner's token, without the phone's part."""

from __future__ import annotations

import contextlib
import hmac
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, NoReturn

import msgspec
import structlog

from ipse.actions import store
from ipse.actions.errors import (
    CodeUsed,
    RequestEnded,
    RequestExpired,
    RequestPending,
    ResultFault,
    StartedElsewhere,
    UnknownAction,
    UnknownCode,
    UnknownToken,
)
from ipse.actions.model import (
    FACTS_AT_ONCE,
    FAULT,
    LOWERED,
    OPEN,
    TRUST,
    WITHHELD,
    Action,
    ActionState,
    ActionView,
    Approval,
    Collected,
    Confidential,
    Granted,
    Method,
    NewAction,
    Redeemed,
    Request,
    Shown,
)
from ipse.actions.rules import showing, starts
from ipse.actions.service import beginnings, reaching
from ipse.fraud.service import Fraud, build_fraud
from ipse.kernel.clock import SECOND, Clock, seconds
from ipse.kernel.fraud import Fraud as FraudSettings
from ipse.kernel.ids import Ids, sha256
from ipse.kernel.keystore import Keystore
from ipse.kernel.sealing import seal, unseal
from ipse.kernel.settings import Lifetimes
from ipse.people.service import People
from ipse.storage.database import Database
from ipse.storage.errors import DatabaseUnavailableError
from ipse.telemetry import metrics

log = structlog.get_logger("ipse.actions")
_TABLE = beginnings.TABLE
_SYNTHETIC_SECONDS = 86_400
_UNCLAIMED_SECONDS = 3600
"""How long its browser is still told of a request that nobody took. Anybody may begin one."""


def wake_key(action_id: str) -> str:
    """The wake-up key of an action."""
    return "action:" + action_id


def account_wake_key(account_id: str) -> str:
    """The wake-up key of everything that concerns an account's phone."""
    return "account:" + account_id


class _Outcome(NamedTuple):
    """What an approval lets the partner know, opened."""

    request: Request
    released: Mapping[str, object]
    confidential: Confidential
    level: str
    digest: str


class _NotWholeError(Exception):
    """An approval without its evidence, or without the person's will."""


@dataclass(frozen=True)
class Actions:
    """Use cases of front doors, waiting browsers and partners."""

    database: Database
    people: People
    keystore: Keystore
    clock: Clock
    ids: Ids
    lifetimes: Lifetimes
    most_recent: int = reaching.MOST_RECENT
    """How many addressed requests reach one person in ten minutes; only a lab has another number."""
    guards: Fraud | None = None
    """Against scams, as the settings say; None: as they say by default."""

    @cached_property
    def fraud(self) -> Fraud:
        """Against scams."""
        return self.guards or build_fraud(
            FraudSettings(),
            database=self.database,
            keystore=self.keystore,
            clock=self.clock,
            ids=self.ids,
            person_key=self.people.person_key,
        )

    async def begin(self, new: NewAction) -> Action:
        """One durable row, state `waiting`.

        A request addressed to one person who has not just scanned reaches them only within the limits over all
        partners; beyond them it begins as one that nobody is told of. Whoever asks cannot tell the difference.
        """
        now = self.clock.now()
        action = beginnings.begun(self, new, now=now)
        metrics.ACTIONS.add(new.kind, "waiting", "")
        if new.account_id is None:
            await self.database.rows(store.BEGIN, *beginnings.columns(self, new, action, None))
            return action
        account_id = await self.database.transact(lambda: reaching.addressing(self, new, action))
        if account_id is not None:
            self.database.wakeups.wake(account_wake_key(account_id))
        return msgspec.structs.replace(action, account_id=account_id, addressed_at=now if account_id else None)

    async def find(self, action_id: str) -> ActionView:
        """An action for the front door that began it, where no browser takes part.

        Raises:
            UnknownAction: there is none.
        """
        row = await self.database.row(store.BY_ID, action_id)
        if row is None:
            raise UnknownAction
        return self.view(store.read_action(row))

    async def cancel_action(self, action_id: str) -> bool:
        """End an open action for the front door that began it; says whether it was open."""
        row = await self.database.row(store.CANCEL_BY_ID, action_id, self.clock.now())
        if row is not None:
            metrics.ACTIONS.add(row["kind"], "cancelled", "")
            self._wake_cancelled(row["action_id"], row["account_id"])
        return row is not None

    async def end_discovery(self, action_id: str) -> str | None:
        """The account whose phone has scanned this discovery, once; None before and after."""
        row = await self.database.row(store.END_DISCOVERY, action_id, self.clock.now())
        return str(row["account_id"]) if row is not None else None

    async def for_browser(self, handle: str, browser_hash: bytes) -> ActionView:
        """The action as its own browser may see it.

        Raises:
            UnknownAction: no such handle.
            StartedElsewhere: another browser began it.
        """
        row = await self.database.row(store.BY_HANDLE, handle)
        if row is None:
            raise UnknownAction
        action = store.read_action(row)
        if not hmac.compare_digest(action.browser_hash, browser_hash):
            raise StartedElsewhere
        if action.claimed_at is None and action.expires_at + _UNCLAIMED_SECONDS * SECOND < self.clock.now():
            raise UnknownAction  # deleted, or kept for the person whom it had reached: that is not for the browser
        if not action.request.protocol:
            raise UnknownAction  # its person is gone, and with them what it was about
        return self.view(action)

    async def facts(self, action_ids: Sequence[str]) -> dict[str, tuple[str, int]]:
        """State and end (microseconds) of up to `FACTS_AT_ONCE` actions in one statement.

        For waiters that look whether they missed a wake-up: thousands of them cost a few statements.
        """
        places = [*action_ids, *[""] * (FACTS_AT_ONCE - len(action_ids))]
        rows = await self.database.rows(store.STATES, *places)
        return {row["action_id"]: (row["state"], row["expires_at"]) for row in rows}

    def view(self, action: Action) -> ActionView:
        """The state now, and whether the browser may still extend it."""
        now = self.clock.now()
        if action.state in OPEN and action.expires_at <= now:
            return ActionView(action, ActionState.EXPIRED, extensible=False)
        extensible = action.state in OPEN and self._extended(action, now) > action.expires_at
        return ActionView(action, action.state, extensible=extensible)

    def frame_secret(self, action: Action) -> bytes:
        """The one-time secret (32 bytes) the page computes its QR frames with."""
        return starts.frame_secret(self._start_key, action.action_id)

    def digits(self, action: Action) -> str:
        """The two digits shown beside the QR."""
        return starts.digits(self.frame_secret(action))

    def elapsed(self, action: Action) -> int:
        """Whole seconds since the action began: the time of a frame."""
        return seconds(self.clock.now() - action.created_at)

    def frame(self, action: Action, now: int, *, drawn: bool) -> str:
        """The frame of the moment `now`; `drawn` for one the server draws, for a page without JavaScript."""
        elapsed = seconds(now - action.created_at)
        return starts.build_frame(self.frame_secret(action), action.frame_id, elapsed, drawn=drawn)

    def link(self, action: Action) -> str:
        """The token of the app link."""
        return starts.build_link(self._start_key, action.frame_id, action.action_id)

    async def extend(self, handle: str, browser_hash: bytes) -> ActionView:
        """Give the person more time, up to the most a request may live.

        Raises:
            UnknownAction, StartedElsewhere: as `for_browser`.
        """
        view = await self.for_browser(handle, browser_hash)
        now = self.clock.now()
        until = self._extended(view.action, now)
        row = await self.database.row(store.EXTEND, handle, browser_hash, until, now)
        if row is not None:
            self.database.wakeups.wake(wake_key(row["action_id"]))
        return await self.for_browser(handle, browser_hash)

    async def cancel(self, handle: str, browser_hash: bytes) -> ActionView:
        """End an open action from the browser; one that ended already stays as it is. Raises as `for_browser`."""
        row = await self.database.row(store.CANCEL, handle, browser_hash, self.clock.now())
        if row is not None:
            metrics.ACTIONS.add(row["kind"], "cancelled", "")
            self._wake_cancelled(row["action_id"], row["account_id"])
        return await self.for_browser(handle, browser_hash)

    async def collect(self, handle: str, browser_hash: bytes) -> Collected:
        """The partner's code after an approval not by link. The same browser gets the same code until it is redeemed.

        Raises:
            UnknownAction, StartedElsewhere, RequestExpired, RequestEnded: nothing to collect.
        """
        now = self.clock.now()
        code = starts.collection_code(self._start_key, handle)
        collected = await self.database.row(store.COLLECT, handle, browser_hash, sha256(code), now)
        if collected is None:
            raise_ended((await self.for_browser(handle, browser_hash)).state)
        action = store.read_action(collected)
        metrics.ACTIONS.add(action.kind, "collected", action.method or "")
        async with self.giving(action):
            return _collected(action, code)

    async def collect_return(self, value: str, browser_hash: bytes) -> Collected:
        """The partner's code after an approval by link, where return value and starting browser meet; once.

        Raises:
            StartedElsewhere: the value came to another browser; nothing is used up.
            UnknownAction: no such value, or it was used or its time is over.
        """
        hashed, now = sha256(value), self.clock.now()
        found = await self.database.row(store.BY_RETURN, hashed)
        if found is None:
            raise UnknownAction
        action = store.read_action(found)
        if not hmac.compare_digest(action.browser_hash, browser_hash):
            raise StartedElsewhere
        code = starts.collection_code(self._start_key, action.handle)
        row = await self.database.row(store.COLLECT_RETURN, hashed, browser_hash, sha256(code), now)
        if row is None:
            raise_ended(action.state)
        self.database.wakeups.wake(wake_key(action.action_id))
        metrics.ACTIONS.add(action.kind, "collected", action.method or "")
        async with self.giving(action):
            return _collected(action, code)

    async def returning(self, value: str) -> Action:
        """The action that a return value belongs to.

        Raises:
            UnknownAction: no such value.
        """
        found = await self.database.row(store.BY_RETURN, sha256(value))
        if found is None:
            raise UnknownAction
        return store.read_action(found)

    async def redeem(self, code: str, partner_id: str, *, binding: str = "") -> Redeemed:
        """Exchange a code for the approved values and an access token; one conditional statement decides.

        `binding` is what the token is bound to, see `Granted`.

        Raises:
            UnknownCode: none, expired, or not this partner's.
            CodeUsed: a second time; the first access token is revoked.
        """
        now, hashed, token = self.clock.now(), sha256(code), self.ids.secret()
        row = await self.database.row(store.REDEEM, hashed, partner_id, now, sha256(token), binding)
        if row is None:
            if await self.database.row(store.USED_AGAIN, hashed, partner_id) is not None:
                raise CodeUsed
            raise UnknownCode
        return await self._redeemed(store.read_action(row), token)

    async def redeem_action(self, action_id: str, partner_id: str, *, binding: str = "") -> Redeemed:
        """The same for a front door that waits itself, without a code, and only once.

        Raises:
            RequestPending: the person has not decided.
            RequestExpired, RequestEnded: nothing to redeem, or it was.
            UnknownAction: no such action of this partner.
        """
        now, token = self.clock.now(), self.ids.secret()
        row = await self.database.row(store.REDEEM_ACTION, action_id, partner_id, now, sha256(token), binding)
        if row is None:
            view = await self.find(action_id)
            if view.action.partner_id != partner_id:
                raise UnknownAction
            if view.state in OPEN:
                raise RequestPending
            raise_ended(view.state)
        action = store.read_action(row)
        async with self.giving(action):
            return await self._redeemed(action, token)

    @contextlib.asynccontextmanager
    async def giving(self, action: Action) -> AsyncIterator[None]:
        """Give an approval's result to its partner, or have it fail for good: every fault looks the same.

        An approval under duress fails here, too, by the same way.

        Raises:
            ResultFault: nothing is given out, now or later.
        """
        try:
            _check_whole(action)
            yield
        except DatabaseUnavailableError:
            raise
        except Exception as error:
            log.error("actions.fault", action=action.action_id, error=type(error).__name__)  # noqa: TRY400 - no values
            metrics.ACTIONS.add(action.kind, "failed", action.method or "")
            await self.database.rows(store.FAULT, action.action_id)
            raise ResultFault from error

    async def by_access_token(self, token: str) -> Granted:
        """What the token may read, decided by one statement that also sees a block.

        Raises:
            UnknownToken: unknown, expired, revoked.
        """
        row = await self.database.row(store.BY_TOKEN, sha256(token), self.clock.now())
        if row is None:
            raise UnknownToken
        action = store.read_action(row)
        outcome = await self._outcome(action)
        return Granted(
            action_id=action.action_id,
            partner_id=action.partner_id,
            service_code=action.service_code,
            subject=action.subject or "",
            request=outcome.request,
            released=outcome.released,
            approved_at=action.decided_at or action.created_at,
            content=outcome.confidential.content,
            content_digest=outcome.confidential.content_digest,
            approval_digest=outcome.digest,
            level=outcome.level,
            method=action.method or Method.CODE,
            binding=action.token_binding,
        )

    async def revoke(self, token: str, partner_id: str) -> bool:
        """Revoke an access token of this partner; says whether there was one."""
        return await self.database.row(store.REVOKE_TOKEN, sha256(token), partner_id) is not None

    async def shown(self, action: Action) -> Shown:
        """What was shown for a claimed action."""
        return msgspec.json.decode(await self._unsealed(action, action.sealed_shown, "sealed_shown"), type=Shown)

    async def approval(self, action: Action) -> Approval:
        """The evidence of a decided action."""
        octets = await self._unsealed(action, action.sealed_approval, "sealed_approval")
        return msgspec.json.decode(octets, type=Approval)

    def sealed(self, key: bytes, action_id: str, column: str, value: Shown | Approval) -> bytes:
        """Seal a value of an action's row under the person's key."""
        return seal(key, msgspec.json.encode(value), table=_TABLE, row=action_id, column=column)

    def unsealed(self, key: bytes, action_id: str, column: str, value: bytes) -> bytes:
        """The inverse of `sealed`, as JSON."""
        return unseal(key, value, table=_TABLE, row=action_id, column=column)

    async def expire(self) -> int:
        """Mark open actions whose time is over, and return how many.

        Unclaimed ones are deleted after an hour, those of the synthetic login after a day: nobody's history needs them.
        """
        now = self.clock.now()
        expired = await self.database.rows(store.EXPIRE, now)
        for row in expired:
            metrics.ACTIONS.add(row["kind"], "expired", "")
        await self.database.rows(store.DELETE_UNCLAIMED, now - _UNCLAIMED_SECONDS * SECOND)
        await self.database.rows(store.DELETE_SYNTHETIC, now - _SYNTHETIC_SECONDS * SECOND)
        return len(expired)

    def confidential(self, action: Action) -> Confidential:
        """What a partner asks that only the person shall read, before anybody has decided."""
        if action.sealed_content is None:
            return Confidential()
        key = self.keystore.working_key("request")
        octets = unseal(key, action.sealed_content, table=_TABLE, row=action.action_id, column="sealed_content")
        return msgspec.json.decode(octets, type=Confidential)

    @property
    def _start_key(self) -> bytes:
        return self.keystore.working_key("start")

    async def _redeemed(self, action: Action, token: str) -> Redeemed:
        metrics.ACTIONS.add(action.kind, "redeemed", action.method or "")
        outcome = await self._outcome(action)
        return Redeemed(
            action_id=action.action_id,
            kind=action.kind,
            partner_id=action.partner_id,
            service_code=action.service_code,
            subject=action.subject or "",
            request=outcome.request,
            released=outcome.released,
            approved_at=action.decided_at or action.created_at,
            access_token=token,
            expires_in=action.token_seconds,
            content=outcome.confidential.content,
            content_digest=outcome.confidential.content_digest,
            approval_digest=outcome.digest,
            level=outcome.level,
            method=action.method or Method.CODE,
        )

    async def _outcome(self, action: Action) -> _Outcome:
        """What this person approved for this action."""
        request = action.request
        if action.why == LOWERED:
            request = msgspec.structs.replace(request, assurance="basic")
        if not request.attributes and not request.level and action.kind != "confirmation" and not request.signs:
            return _Outcome(request, {}, Confidential(), "", "")
        shown = await self.shown(action)
        approval = await self.approval(action)
        private = shown.confidential.private
        if shown.confidential.content:
            showing.check_signed(shown, approval)
        if private:
            request = msgspec.structs.replace(request, protocol={**request.protocol, **private})
        released = showing.released(shown, approval.shared)
        return _Outcome(request, released, shown.confidential, showing.level_of(shown), showing.digest_of(shown))

    def _wake_cancelled(self, action_id: str, account_id: str | None) -> None:
        self.database.wakeups.wake(wake_key(action_id))
        if account_id:
            self.database.wakeups.wake(account_wake_key(account_id))

    def _extended(self, action: Action, now: int) -> int:
        most = action.created_at + self.lifetimes.action_most * SECOND
        return min(most, max(action.expires_at, now) + self.lifetimes.action_extension * SECOND)

    async def _unsealed(self, action: Action, value: bytes | None, column: str) -> bytes:
        if value is None or action.account_id is None:
            raise UnknownAction
        key = await self.people.person_key(action.account_id)
        return self.unsealed(key, action.action_id, column, value)


def _check_whole(action: Action) -> None:
    if action.why in {WITHHELD, FAULT} or action.sealed_approval is None or action.subject is None:
        raise _NotWholeError


def raise_ended(state: ActionState) -> NoReturn:
    """Raise what the state of an action that cannot go on means."""
    if state is ActionState.EXPIRED:
        raise RequestExpired
    raise RequestEnded


def _collected(action: Action, code: str) -> Collected:
    trusting = action.account_id if action.why == TRUST else None
    return Collected(code, action.request.protocol, action.request, trusting)
