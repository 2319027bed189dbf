"""A request from its beginning to the partner's token, without the phone's part."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import msgspec

from ipse.actions import store
from ipse.actions.errors import (
    CodeUsed,
    RequestEnded,
    RequestExpired,
    StartedElsewhere,
    UnknownAction,
    UnknownCode,
    UnknownToken,
)
from ipse.actions.model import (
    FACTS_AT_ONCE,
    OPEN,
    Action,
    ActionState,
    ActionView,
    Approval,
    Collected,
    Granted,
    NewAction,
    Redeemed,
    Shown,
)
from ipse.actions.rules import showing, starts
from ipse.kernel.clock import SECOND, Clock, seconds
from ipse.kernel.ids import Ids, sha256
from ipse.kernel.keystore import Keystore
from ipse.kernel.sealing import seal, unseal
from ipse.kernel.settings import Lifetimes
from ipse.people.service import People
from ipse.storage.database import Database

_TABLE = "actions_actions"
_UNCLAIMED_SECONDS = 3600
"""How long its browser is still told of a request that nobody took. Anybody may begin one."""


def wake_key(action_id: str) -> str:
    """The wake-up key of an action."""
    return "action:" + action_id


def account_wake_key(account_id: str) -> str:
    """The wake-up key of everything that concerns an account's phone."""
    return "account:" + account_id


@dataclass(frozen=True)
class Actions:
    """Use cases of front doors, waiting browsers and partners."""

    database: Database
    people: People
    keystore: Keystore
    clock: Clock
    ids: Ids
    lifetimes: Lifetimes

    async def begin(self, new: NewAction) -> Action:
        """One durable row, state `waiting`."""
        now = self.clock.now()
        action = Action(
            action_id=self.ids.identifier(),
            handle=self.ids.identifier(),
            frame_id=self.ids.identifier(),
            state=ActionState.WAITING,
            why=None,
            kind=new.kind,
            partner_id=new.partner_id,
            service_code=new.service_code,
            request=new.request,
            browser_hash=new.browser_hash,
            start=None,
            account_id=None,
            phone_id=None,
            subject=None,
            shown_digest=None,
            sealed_shown=None,
            sealed_approval=None,
            created_at=now,
            expires_at=now + self.lifetimes.action * SECOND,
            claimed_at=None,
            decided_at=None,
        )
        await self.database.rows(
            store.BEGIN, action.action_id, action.handle, action.frame_id, action.kind, action.partner_id,
            action.service_code, msgspec.json.encode(action.request).decode(), action.browser_hash,
            action.created_at, action.expires_at,
        )  # fmt: skip
        return action

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
            self.database.wakeups.wake(wake_key(row["action_id"]))
            if row["account_id"]:
                self.database.wakeups.wake(account_wake_key(row["account_id"]))
        return await self.for_browser(handle, browser_hash)

    async def collect(self, handle: str, browser_hash: bytes) -> Collected:
        """The partner's code after an approval by QR. The same browser gets the same code until it is redeemed.

        Raises:
            UnknownAction, StartedElsewhere, RequestExpired, RequestEnded: nothing to collect.
        """
        now = self.clock.now()
        code = starts.collection_code(self._start_key, handle)
        collected = await self.database.row(
            store.COLLECT, handle, browser_hash, sha256(code), now + self.lifetimes.code * SECOND, now
        )
        if collected is None:
            raise_ended((await self.for_browser(handle, browser_hash)).state)
        return _collected(store.read_action(collected), code)

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
        until = now + self.lifetimes.code * SECOND
        row = await self.database.row(store.COLLECT_RETURN, hashed, browser_hash, sha256(code), until, now)
        if row is None:
            raise_ended(action.state)
        self.database.wakeups.wake(wake_key(action.action_id))
        return _collected(action, code)

    async def redeem(self, code: str, partner_id: str) -> Redeemed:
        """Exchange a code for the approved values and an access token; one conditional statement decides.

        Raises:
            UnknownCode: none, expired, or not this partner's.
            CodeUsed: a second time; the first access token is revoked.
        """
        now, hashed, token = self.clock.now(), sha256(code), self.ids.secret()
        row = await self.database.row(
            store.REDEEM, hashed, partner_id, now, sha256(token), now + self.lifetimes.access_token * SECOND
        )
        if row is None:
            if await self.database.row(store.USED_AGAIN, hashed, partner_id) is not None:
                raise CodeUsed
            raise UnknownCode
        action = store.read_action(row)
        return Redeemed(
            action_id=action.action_id,
            kind=action.kind,
            service_code=action.service_code,
            subject=action.subject or "",
            request=action.request,
            released=await self.released(action),
            approved_at=action.decided_at or now,
            access_token=token,
            expires_in=self.lifetimes.access_token,
        )

    async def by_access_token(self, token: str) -> Granted:
        """What the token may read, decided by one statement that also sees a block.

        Raises:
            UnknownToken: unknown, expired, revoked.
        """
        row = await self.database.row(store.BY_TOKEN, sha256(token), self.clock.now())
        if row is None:
            raise UnknownToken
        action = store.read_action(row)
        return Granted(
            action_id=action.action_id,
            partner_id=action.partner_id,
            service_code=action.service_code,
            subject=action.subject or "",
            request=action.request,
            released=await self.released(action),
            approved_at=action.decided_at or action.created_at,
        )

    async def revoke(self, token: str, partner_id: str) -> bool:
        """Revoke an access token of this partner; says whether there was one."""
        return await self.database.row(store.REVOKE_TOKEN, sha256(token), partner_id) is not None

    async def released(self, action: Action) -> dict[str, object]:
        """The values this person approved for this action."""
        if not action.request.attributes:
            return {}
        shown, approval = await self.shown(action), await self.approval(action)
        return showing.released(shown, approval.shared)

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

    async def expire(self) -> int:
        """Mark open actions whose time is over, and delete unclaimed ones after an hour. Returns how many."""
        now = self.clock.now()
        expired = await self.database.rows(store.EXPIRE, now)
        await self.database.rows(store.DELETE_UNCLAIMED, now - _UNCLAIMED_SECONDS * SECOND)
        return len(expired)

    @property
    def _start_key(self) -> bytes:
        return self.keystore.working_key("start")

    def _extended(self, action: Action, now: int) -> int:
        most = action.created_at + self.lifetimes.action_most * SECOND
        return min(most, max(action.expires_at, now) + self.lifetimes.action_extension * SECOND)

    async def _unsealed(self, action: Action, value: bytes | None, column: str) -> bytes:
        if value is None or action.account_id is None:
            raise UnknownAction
        key = await self.people.person_key(action.account_id)
        return unseal(key, value, table=_TABLE, row=action.action_id, column=column)


def raise_ended(state: ActionState) -> NoReturn:
    """Raise what the state of an action that cannot go on means."""
    if state is ActionState.EXPIRED:
        raise RequestExpired
    raise RequestEnded


def _collected(action: Action, code: str) -> Collected:
    return Collected(code, action.request.protocol, action.request)
