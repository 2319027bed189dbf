"""What a phone does with requests: claim, show, decide, reveal, look back."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import structlog

from ipse.actions import store
from ipse.actions.errors import (
    DigitsNeeded,
    LevelTooLow,
    RequestEnded,
    RequestExpired,
    RequestTaken,
    UnknownAction,
    UnknownStart,
    WrongDigits,
    WrongShown,
)
from ipse.actions.model import (
    DISCOVERY,
    OPEN,
    WITHHELD,
    Action,
    ActionState,
    Approval,
    Confidential,
    HistoryEntry,
    Method,
    Shown,
    Start,
)
from ipse.actions.rules import answers, showing, starts
from ipse.actions.rules.circumstances import Moment, read_circumstances
from ipse.actions.rules.starts import Ticket
from ipse.actions.service import caution
from ipse.actions.service.evidence import askable, check_evidence
from ipse.actions.service.histories import entry_of
from ipse.actions.service.messages import Messages, Work, answering
from ipse.actions.service.reached import reached, stop
from ipse.actions.service.requests import Actions, raise_ended
from ipse.actions.service.signings import (
    ActivationKeys,
    Completing,
    as_asked,
    check_activation,
    completed,
    key_for,
    no_key,
)
from ipse.actions.service.sims import with_sim
from ipse.attributes.model import Circumstances
from ipse.attributes.service import Attributes
from ipse.fingerprints.errors import CodeNeeded
from ipse.fingerprints.service import Fingerprints
from ipse.fraud.model import Risk
from ipse.kernel.clock import SECOND, seconds
from ipse.kernel.ids import b64u, sha256
from ipse.people.errors import AccountBlockedError, AccountPendingError
from ipse.people.model import Account, AccountState, BlockReason
from ipse.phones.errors import MalformedMessageError, StaleMessageError
from ipse.phones.model import Answer, Received
from ipse.sim.service.watches import Watches
from ipse.standards.phone_channel import OpenedMessage, Proofs
from ipse.storage.statement import Pair, Statement

log = structlog.get_logger("ipse.actions")
_APPROVED_SECONDS = 180
_PAGE = 50


@dataclass(frozen=True)
class _Came:
    """How this claim came to its action."""

    action: Action
    start: Start


class _Judged(NamedTuple):
    """What a claim comes down to, before it is shown."""

    level: str
    risk: Risk
    asked: Confidential


@dataclass(frozen=True)
class Approvals:
    """Use cases of phones with requests."""

    actions: Actions
    messages: Messages
    attributes: Attributes
    app_name: str
    issuer: str
    watches: Watches
    fingerprints: Fingerprints
    completing: Completing = as_asked
    activation_keys: ActivationKeys = no_key

    async def ticket(self, *, frame: str | None, link: str | None) -> tuple[str, bool]:
        """Exchange a frame or link for a claim ticket; says whether the two digits must be typed.

        Raises:
            UnknownStart, StaleFrame: it starts nothing, or not any more.
        """
        came = await self._by_frame(frame) if frame is not None else await self._by_link(link or "")
        self._check_open(came.action)
        expires = seconds(self.actions.clock.now()) + self.actions.lifetimes.ticket
        digits = came.start is Start.QR
        ticket = Ticket(came.action.action_id, came.start, digits, expires)
        return starts.build_ticket(self._start_key, ticket), digits

    async def claim(self, received: Received, *, address: str) -> Answer:
        """Take a request for this phone and answer with what to show.

        Raises:
            PlatformError: of the kinds that `Messages.exchange` records.
        """
        came = await self._came(received, received.message.members.get("start"))
        action = came.action
        account, subject = await self.actions.people.account_known_to(received.account_id, action.partner_id)
        account = as_on_phone(account, received)
        _check_active(account)
        if action.state is ActionState.CLAIMED and action.phone_id == received.phone.phone_id:
            return await self._show_again(received, action)
        self._check_open(action)
        if action.state is ActionState.CLAIMED or action.account_id not in {None, account.account_id}:
            raise RequestTaken
        starts.check_meant(self._start_key, action.request.meant, action.action_id, account.account_id)
        if action.kind == DISCOVERY:
            return await self._discovered(received, account, came)
        received = await with_sim(self.watches, received, action)
        risk = await caution.judge(self.actions, received, action, came.start, address=address)
        level = showing.capped(self.level(received, account), risk)
        await check_evidence(self.actions, action, account)
        await self._check_level(action, level, account.account_id, lowered=risk.lowered)
        asked = await completed(self.actions, self.completing, received, account, action, risk)
        shown = await self._build_shown(received, account, came, address, _Judged(level, risk, asked))
        more = await key_for(shown, self.activation_keys)
        key = await self.actions.people.person_key(account.account_id)
        sealed = self.actions.sealed(key, action.action_id, "sealed_shown", shown)
        body = answers.claim_body(action, shown, came.start, received.challenge, more)
        answer, now = answering(received, body), self.actions.clock.now()

        acceptance = self.messages.phones.acceptance(received, answer, now=now, challenge=received.challenge)
        phone_id, digest = received.phone.phone_id, sha256(shown.octets)
        values = (action.action_id, came.start, account.account_id, phone_id, digest, sealed, now, subject)
        claiming = Statement(store.CLAIM, values)
        await self.actions.database.pair(Pair(acceptance, claiming, (StaleMessageError(), RequestTaken())))
        reached(self.actions, action, "claimed", account_id=account.account_id)
        return answer

    async def _discovered(self, received: Received, account: Account, came: _Came) -> Answer:
        """Tell a partner's waiting back end who has scanned; what it asks then comes as a request of its own."""
        action, now = came.action, self.actions.clock.now()
        body = answers.waiting_body(action, account.language)
        answer = answering(received, body)
        acceptance = self.messages.phones.acceptance(received, answer, now=now)
        values = (action.action_id, came.start, account.account_id, received.phone.phone_id, None, None, now, None)
        claiming = Statement(store.CLAIM, values)
        await self.actions.database.pair(Pair(acceptance, claiming, (StaleMessageError(), RequestTaken())))
        reached(self.actions, action, "claimed", account_id=account.account_id)
        return answer

    async def _check_level(self, action: Action, level: str, account_id: str, *, lowered: bool) -> None:
        asked = action.request
        weaker = lowered and asked.assurance_essential and asked.assurance == "advanced"
        if not weaker and (not asked.level_essential or showing.reaches(level, asked.level)):
            return
        await stop(self.actions, action, store.REFUSE_LEVEL, account_id)
        raise LevelTooLow

    async def show(self, received: Received) -> Answer:
        """Show a claimed request again, with a new challenge."""
        await self.active(received)
        return await self._show_again(received, await self._own(received))

    async def decide(self, received: Received, beside: OpenedMessage, *, address: str) -> Answer:
        """Approve with the code or a fingerprint, or reject; `beside` the message stand its proofs."""
        members = received.message.members
        # No look at the account: what blocks it stops its phone in the same transaction, and one that is pending
        # could not have claimed anything.
        action = await self._own(received)
        self._check_open(action)
        if members.get("decision") == "rejected":
            return await self._reject(received, action, address)
        method = members.get("method")
        if members.get("decision") != "approved" or method not in {Method.CODE, Method.FINGERPRINT}:
            raise MalformedMessageError(public="decision must be approved with method code or fingerprint, or rejected")
        if _decoded(members, "shown") != b64u(action.shown_digest or b""):
            raise WrongShown
        shared, shown = _names(members, "shared"), await self.actions.shown(action)
        showing.check_shared(shown, shared)
        caution.check_call(received, action)
        await check_activation(shown, self.activation_keys, method, beside.activation)
        if method == Method.FINGERPRINT:
            use = await self._fingerprint(received, action, shown, beside.assertion)
            return await self._approve(received, action, shared, address, shown, use)
        await self.messages.prove(received, beside.proof)
        return await self._approve(received, action, shared, address, shown, activation=beside.activation)

    async def _fingerprint(self, received: Received, action: Action, shown: Shown, assertion: object) -> Statement:
        """Judge a fingerprint in place of the code: for requests that are content with it, after a fresh challenge.

        Raises:
            CodeNeeded: the request, or what it looks like, asks for the code.
            WrongChallenge, WrongFingerprint: nothing was taken.
        """
        request = action.request
        if request.assurance == "advanced" or request.level == "high" or showing.needs_code(shown):
            raise CodeNeeded
        self.messages.check_challenge(received)
        compact = received.message.compact
        return await self.fingerprints.judged(received.phone.phone_id, assertion, compact=compact)

    async def reveal(self, received: Received, proof: Proofs) -> Answer:
        """The protected values of a request in full: costs a code. Those that cannot be read now are absent."""
        await self.active(received)
        action = await self._own(received)
        shown = await self.actions.shown(action)
        await self.messages.prove(received, proof)
        protected = {attribute.name for attribute in action.request.attributes if attribute.protected}
        if received.withheld:
            protected = set()
        values = {name: value for name, value in shown.values.items() if name in protected}
        body = {"values": values, "challenge": received.challenge}
        return await self.messages.conclude(received, body, challenge=received.challenge)

    async def active(self, received: Received) -> Account:
        """The account of this phone, when it is complete: one that is pending asks, shows and reads back nothing.

        Raises:
            AccountPendingError, AccountBlockedError: it is not active.
        """
        account = as_on_phone(await self.actions.people.account(received.account_id), received)
        _check_active(account)
        return account

    def level(self, received: Received, account: Account) -> str:
        """The eIDAS level an approval of this phone has: the weakest of evidence, phone and SIM."""
        level = showing.weakest(account.level_at(self.actions.clock.now()), self.watches.level(received.phone))
        return showing.weakest(level, showing.phone_level(received.phone.key_protection))

    async def open_requests(self, received: Received, account: Account) -> list[dict[str, Any]]:
        """The requests that are addressed to this person or that this phone has claimed, not decided yet."""
        now = self.actions.clock.now()
        rows = await self.actions.database.rows(store.OPEN_OF_PHONE, account.account_id, received.phone.phone_id, now)
        return [
            {
                "action": action.action_id,
                "partner": action.request.partner_name,
                "service": action.request.service_in(account.language),
                "expires_at": seconds(action.expires_at),
                "claimed": action.state is ActionState.CLAIMED,
                "digits": action.state is ActionState.WAITING and action.request.match,
                **({"broker": action.request.broker_name} if action.request.broker_name else {}),
            }
            for action in map(store.read_action, rows)
        ]

    async def history(self, account: Account, *, before: int | None) -> tuple[list[HistoryEntry], int | None]:
        """Past requests of a person, newest first, at most 50 that began before `before` (microseconds).

        Also gives the `before` of the next page, None when there is none.
        """
        now = self.actions.clock.now()
        rows = await self.actions.database.rows(store.HISTORY, account.account_id, before or now + 1, now, _PAGE)
        entries = [await entry_of(self.actions, store.read_action(row), account.language) for row in rows]
        return entries, rows[-1]["created_at"] if len(rows) == _PAGE else None

    async def _came(self, received: Received, start: object) -> _Came:
        if not isinstance(start, dict):
            raise MalformedMessageError(public="start must hold frame, link, action, or ticket with digits")
        if "action" in start:
            return await self._addressed(received, start)
        if "frame" in start:
            return await self._by_frame(_decoded(start, "frame"))
        if "link" in start:
            return await self._by_link(_decoded(start, "link"))
        ticket = starts.read_ticket(self._start_key, _decoded(start, "ticket"), now=self.actions.clock.now())
        action = await self._by_id(ticket.action_id)
        if ticket.digits:
            await self._check_digits(action, start)
        return _Came(action, ticket.start)

    async def _addressed(self, received: Received, start: Mapping[str, object]) -> _Came:
        action = await self._by_id(_decoded(start, "action"))
        if action.addressed_at is None or action.account_id != received.account_id:
            raise UnknownStart
        if action.request.match and action.state is ActionState.WAITING:
            await self._check_digits(action, start)
        return _Came(action, Start.QR if action.request.scanned else Start.PUSH)

    async def _check_digits(self, action: Action, start: Mapping[str, object]) -> None:
        given = start.get("digits")
        if not isinstance(given, str):
            raise DigitsNeeded
        if not hmac.compare_digest(given.encode(), self.actions.digits(action).encode()):
            now = self.actions.clock.now()
            await self.actions.database.rows(store.END_WAITING, action.action_id, "wrong_digits", now)
            log.warning("request.wrong_digits", action=action.action_id, partner=action.partner_id)
            reached(self.actions, action, "cancelled")
            raise WrongDigits

    async def _by_frame(self, frame_text: str) -> _Came:
        frame = starts.read_frame(frame_text)
        row = await self.actions.database.row(store.BY_FRAME, frame.frame_id)
        if row is None:
            raise UnknownStart
        action = store.read_action(row)
        lifetimes = self.actions.lifetimes
        starts.check_frame(
            frame,
            self.actions.frame_secret(action),
            elapsed=self.actions.elapsed(action),
            fresh=lifetimes.frame,
            fresh_drawn=lifetimes.drawn_frame,
        )
        return _Came(action, Start.QR)

    async def _by_link(self, link: str) -> _Came:
        frame_id, _, mac = link.partition(".")
        row = await self.actions.database.row(store.BY_FRAME, frame_id)
        if row is None:
            raise UnknownStart
        action = store.read_action(row)
        starts.check_link(self._start_key, action.action_id, mac)
        return _Came(action, Start.LINK)

    async def _by_id(self, action_id: str) -> Action:
        row = await self.actions.database.row(store.BY_ID, action_id)
        if row is None:
            raise UnknownAction
        return store.read_action(row)

    async def _own(self, received: Received) -> Action:
        action = await self._by_id(_decoded(received.message.members, "action"))
        if action.account_id != received.account_id:
            raise UnknownAction
        return action

    def _check_open(self, action: Action) -> None:
        if action.state in OPEN and action.expires_at <= self.actions.clock.now():
            raise RequestExpired
        if action.state not in OPEN:
            raise_ended(action.state)

    async def _build_shown(
        self, received: Received, account: Account, came: _Came, address: str, judged: _Judged
    ) -> Shown:
        action = came.action
        values: Mapping[str, Any] = {}
        if action.request.attributes:
            values = await self.attributes.values(
                account.account_id,
                askable(self.actions, action, account),
                language=account.language,
                circumstances=await self._circumstances(received, account, came, address),
            )
        seen = showing.Seen(self.actions.ids.octets(32), account.language, judged.level, came.start, judged.risk)
        return showing.build_shown(action, values, judged.asked, seen)

    async def _circumstances(self, received: Received, account: Account, came: _Came, address: str) -> Circumstances:
        asked = {attribute.name for attribute in came.action.request.attributes}
        moment = Moment(
            partner_id=came.action.partner_id,
            start=came.start,
            address=address,
            app_name=self.app_name,
            app_release=received.phone.app_version,
            activated_at=account.activated_at or account.created_at,
            route=await self.attributes.route(account.account_id) if "account" in asked else None,
        )
        return read_circumstances(received.message.members.get("device"), moment, key=self._start_key)

    async def _show_again(self, received: Received, action: Action) -> Answer:
        if action.phone_id != received.phone.phone_id:
            raise UnknownAction
        self._check_open(action)
        if action.kind == DISCOVERY:
            return await self.messages.accept(received, answers.waiting_body(action, action.request.language))
        shown = await self.actions.shown(action)
        more = await key_for(shown, self.activation_keys)
        body = answers.claim_body(action, shown, action.start or Start.QR, received.challenge, more)
        return await self.messages.accept(received, body, challenge=received.challenge)

    async def _approve(
        self,
        received: Received,
        action: Action,
        shared: tuple[str, ...],
        address: str,
        shown: Shown,
        fingerprint: Statement | None = None,
        *,
        activation: str = "",
    ) -> Answer:
        body: dict[str, Any] = {"outcome": "approved"}
        return_hash = None
        if action.start is Start.LINK:
            value = self.actions.ids.secret()
            return_hash = sha256(value)
            body["return_url"] = f"{self.issuer}/sign-in/return/{value}"
        # Found when the request was claimed, unless this partner meets the person for the first time.
        subject = action.subject or await self.actions.people.subject(received.account_id, action.partner_id)
        sealed = await self._sealed_approval(received, action, shared, address, activation)

        now = self.actions.clock.now()
        until = now + _APPROVED_SECONDS * SECOND
        phone_id = received.phone.phone_id
        values = (
            action.action_id,
            phone_id,
            subject,
            sealed,
            return_hash,
            now,
            until,
            method := Method.CODE if fingerprint is None else Method.FINGERPRINT,
            WITHHELD if received.withheld else caution.note(received, action, shown),
        )
        work = Work(Statement(store.APPROVE, values), RequestEnded())
        if fingerprint is None:
            answer = await self.messages.conclude(received, body, work)
        else:
            answer = await self.messages.accept_with(received, body, fingerprint, work)
        reached(self.actions, action, "approved", account_id=received.account_id, method=method)
        return answer

    async def _reject(self, received: Received, action: Action, address: str) -> Answer:
        reason = received.message.members.get("reason", "declined")
        if reason not in {"declined", "not_started"}:
            raise MalformedMessageError(public="reason must be declined or not_started")
        sealed = await self._sealed_approval(received, action, (), address)
        answer, now = answering(received, {"outcome": "rejected"}), self.actions.clock.now()

        acceptance = self.messages.phones.acceptance(received, answer, now=now)
        values = (action.action_id, received.phone.phone_id, reason, sealed, now, received.account_id)
        refused = Pair(acceptance, Statement(store.REJECT, values), (StaleMessageError(), RequestEnded()))
        if reason == "declined":
            await self.actions.database.pair(refused)
        else:
            await self.actions.database.transact(
                lambda: caution.reporting(self.actions, self.messages, refused, action, received, now=now)
            )
            log.warning("request.not_started", action=action.action_id, partner=action.partner_id)
        reached(self.actions, action, "rejected", account_id=received.account_id)
        return answer

    async def _sealed_approval(
        self, received: Received, action: Action, shared: tuple[str, ...], address: str, activation: str = ""
    ) -> bytes:
        device = received.message.members.get("device")
        about = device if isinstance(device, dict) else {}
        approval = Approval(received.message.compact, shared, about, address, activation=activation)
        key = await self.actions.people.person_key(received.account_id)
        return self.actions.sealed(key, action.action_id, "sealed_approval", approval)

    @property
    def _start_key(self) -> bytes:
        return self.actions.keystore.working_key("start")


def as_on_phone(account: Account, received: Received) -> Account:
    """The account as this phone shows it: active while a block by duress code is not to be seen."""
    if received.withheld and account.why == BlockReason.DURESS:
        return replace(account, state=AccountState.ACTIVE, why=None)
    return account


def _check_active(account: Account) -> None:
    if account.state is AccountState.PENDING:
        raise AccountPendingError(why=account.why)
    if account.state is not AccountState.ACTIVE:
        raise AccountBlockedError(why=account.why)


def _decoded(members: Mapping[str, object], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str):
        raise MalformedMessageError(public=f"{name} is missing")
    return value


def _names(members: Mapping[str, object], name: str) -> tuple[str, ...]:
    value = members.get(name)
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise MalformedMessageError(public=f"{name} must be a list of attribute names")
    return tuple(value)
