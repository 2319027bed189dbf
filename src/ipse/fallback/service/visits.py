"""A browser's way without the phone: which ways there are, who was proved, what is shown, what is decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from ipse.actions.errors import FallbackNotAllowed, RequestEnded
from ipse.actions.model import OPEN, Action, ActionView, Method, Shown
from ipse.actions.service import Actions, FallbackApprovals
from ipse.actions.service.fallbacks import Proven
from ipse.fallback import store
from ipse.fallback.errors import FallbackRefused, MalformedFallback, TooManyTries
from ipse.fallback.model import CHALLENGE_SECONDS, PAUSE_SECONDS, VISIT_SECONDS, Offer, Visit
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import sha256
from ipse.kernel.keystore import Keystore
from ipse.kernel.sealing import seal, unseal
from ipse.people.errors import AccountBlockedError
from ipse.storage.database import Database

_TABLE = "fallback_visits"
PATH = "/v2/sign-in"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the person is to decide on."""

    action: Action
    proven: Proven
    shown: Shown


@dataclass(frozen=True)
class Visits:
    """Use cases of a browser."""

    database: Database
    keystore: Keystore
    clock: Clock
    actions: Actions
    approvals: FallbackApprovals
    absent: frozenset[Method] = frozenset()
    """What this installation cannot do, whatever its services allow."""

    async def open(self, handle: str, browser_hash: bytes) -> ActionView:
        """The request of this browser, while something can still be done with it.

        Raises:
            UnknownAction, StartedElsewhere: not this browser's.
            RequestEnded: over.
        """
        view = await self.actions.for_browser(handle, browser_hash)
        if view.state not in OPEN:
            raise RequestEnded
        return view

    async def offers(self, handle: str, browser_hash: bytes) -> tuple[Action, Sequence[Offer]]:
        """The ways this request allows, in the order its service named them. Raises as `open`."""
        view = await self.open(handle, browser_hash)
        ways = [way for word in view.action.request.fallbacks if (way := Method(word)) not in self.absent]
        return view.action, [Offer(way, f"{PATH}/{handle}/other/{way}") for way in ways]

    async def allowed(self, handle: str, browser_hash: bytes, method: Method) -> Action:
        """The request, if it allows this way.

        Raises:
            FallbackNotAllowed: it does not; or as `open`.
        """
        view = await self.open(handle, browser_hash)
        if method not in view.action.request.fallbacks or method in self.absent:
            raise FallbackNotAllowed
        return view.action

    async def chosen(self, handle: str, browser_hash: bytes, method: Method) -> Action:
        """As `allowed`, for a way that the person turns to now: readers, banks and sheets take time, which they get."""
        action = await self.allowed(handle, browser_hash, method)
        return (await self.actions.extend(action.handle, browser_hash)).action

    async def admit(self, address: str) -> None:
        """Take one try to prove oneself from this network, over all processes.

        Raises:
            TooManyTries: none is left for a while.
        """
        if not await self.actions.fraud.limits.for_proof(address):
            raise TooManyTries

    async def prove(self, action: Action, browser_hash: bytes, proven: Proven, *, address: str) -> None:
        """Take the request for whoever was proved; `decide` comes next.

        Raises:
            FallbackRefused: the identity is not active; in the words of a proof that failed. Or as
                `FallbackApprovals.claim`.
        """
        try:
            await self.approvals.claim(action, browser_hash, proven, address=address)
        except AccountBlockedError as error:
            raise FallbackRefused from error
        visit = Visit(proven.account_id, proven.method, proven.level, proven.evidence)
        key = self.keystore.working_key("fallback")
        sealed = seal(key, msgspec.json.encode(visit), table=_TABLE, row=action.action_id, column="sealed")
        now = self.clock.now()
        until = now + VISIT_SECONDS * SECOND
        await self.database.rows(store.KEEP_VISIT, action.action_id, browser_hash, proven.method, sealed, now, until)

    async def asked(self, handle: str, browser_hash: bytes) -> Asked:
        """What the person who was proved in this browser is to decide on.

        Raises:
            RequestEnded: nobody was, or it is over; or as `open`.
        """
        view = await self.open(handle, browser_hash)
        action = view.action
        row = await self.database.row(store.VISIT, action.action_id, browser_hash, self.clock.now())
        if row is None or action.sealed_shown is None:
            raise RequestEnded
        key = self.keystore.working_key("fallback")
        octets = unseal(key, bytes(row["sealed"]), table=_TABLE, row=action.action_id, column="sealed")
        visit = msgspec.json.decode(octets, type=Visit)
        proven = Proven(
            account_id=visit.account_id, method=Method(visit.method), level=visit.level, evidence=visit.evidence
        )
        if action.account_id != proven.account_id:
            raise RequestEnded
        return Asked(action, proven, await self.actions.shown(action))

    async def decide(
        self, handle: str, browser_hash: bytes, decision: str, shared: tuple[str, ...], *, address: str
    ) -> Action:
        """Approve or refuse; the request as it was.

        Raises:
            MalformedFallback: neither. Or as `asked` and `FallbackApprovals.approve`.
        """
        asked = await self.asked(handle, browser_hash)
        if decision == "approve":
            await self.approvals.approve(asked.action, browser_hash, asked.proven, shared, address=address)
        elif decision == "refuse":
            await self.approvals.reject(asked.action, browser_hash, asked.proven, address=address)
        else:
            raise MalformedFallback(public="decision must be approve or refuse")
        return asked.action

    async def ask(self, action: Action, browser_hash: bytes, method: Method, challenge: str) -> None:
        """Remember what this browser is to answer; it counts once, for `CHALLENGE_SECONDS`."""
        values = (sha256(challenge), action.action_id, method, browser_hash, None, self.clock.now())
        await self.database.rows(store.ASK, *values)

    async def answered(self, action: Action, browser_hash: bytes, method: Method, challenge: str) -> bool:
        """Take a challenge, once; says whether this browser was asked it lately."""
        oldest = self.clock.now() - CHALLENGE_SECONDS * SECOND
        values = (sha256(challenge), action.action_id, method, browser_hash, oldest)
        return await self.database.row(store.TAKE, *values) is not None

    async def forget(self) -> int:
        """Delete visits and challenges that are over. Returns how many."""
        now = self.clock.now()
        old = await self.database.rows(store.FORGET_CHALLENGES, now - CHALLENGE_SECONDS * SECOND)
        rested = await self.database.rows(store.FORGET_TRIES, now - 2 * PAUSE_SECONDS * SECOND)
        return len(old) + len(rested) + len(await self.database.rows(store.FORGET_VISITS, now))
