"""What each message of the device protocol does."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from ipse.actions.service import Approvals, Messages
from ipse.actions.service.approvals import as_on_phone
from ipse.actions.service.messages import Handler, Work
from ipse.actions.service.requests import account_wake_key
from ipse.attributes.service import Attributes
from ipse.enrolment.model import EnrolRequest
from ipse.enrolment.service import Enrolments, documents
from ipse.kernel.clock import SECOND, Clock, seconds
from ipse.kernel.errors import PlatformError
from ipse.kernel.ids import Ids
from ipse.kernel.keystore import Keystore
from ipse.kernel.settings import Settings
from ipse.mobile import rules
from ipse.mobile.events import CODE_CHANGED
from ipse.mobile.rules import WAITING_SEES, DuressWish, Watch, elsewhere_entry, waiting_body
from ipse.mobile.service.admission import ATTESTED, SOFTWARE, Admission, model_of
from ipse.mobile.service.renewals import evidence
from ipse.notices.model import NoticeKind
from ipse.people.model import Account, BlockReason
from ipse.people.service import People
from ipse.phones.errors import MalformedMessageError, StaleMessageError, WrongSignatureError
from ipse.phones.model import Answer, CodeKind, NewPhone, PhoneState, Received, SimState, StopReason
from ipse.phones.service import Phones
from ipse.standards.phone_channel import OpenedMessage, code_proof
from ipse.storage.database import Database
from ipse.storage.errors import DuplicateError
from ipse.storage.publishing import publishing
from ipse.storage.statement import Transaction
from ipse.web.help import PATH as HELP

_LANGUAGES = ("nl", "fr", "de", "en")
_CHECK_SECONDS = 5.0
_LAST_MOMENT = 2**63 - 1
"""What a column of times can hold."""
_BLOCK_REASONS = {"lost", "not_me", "other"}


@dataclass(frozen=True)
class Mobile:
    """The device protocol's use cases. Methods take the body of a request and give the answer."""

    settings: Settings
    database: Database
    keystore: Keystore
    clock: Clock
    ids: Ids
    people: People
    phones: Phones
    messages: Messages
    approvals: Approvals
    enrolments: Enrolments
    attributes: Attributes
    admission: Admission
    push_key: Callable[[], Awaitable[str | None]]
    """What apps subscribe with at their browser's push service; None where nothing is pushed."""
    notice: Callable[[], Mapping[str, Any] | None]
    """What is said now: one calm sentence in four languages, and where to read more."""

    async def configuration(self) -> dict[str, Any]:
        """What an app needs to know before anything else (device protocol §4)."""
        return {
            "name": self.settings.name,
            "issuer": self.settings.issuer,
            "environment": self.settings.environment,
            "app_origin": self.settings.app_origin,
            "languages": _LANGUAGES,
            "phone_channel_keys": self.phones.channel_jwks(),
            "registrars": [
                {"id": each.id, "name": each.name, "country": each.country, "kind": each.kind}
                for each in await self.enrolments.rows.registrars.active()
            ],
            "documents": [
                {
                    "kind": document.kind,
                    "version": document.version,
                    "language": document.language,
                    "url": f"{self.settings.base_url}/enrolment/documents/{document.kind}?language={document.language}",
                    "sha256": document.sha256,
                }
                for document in documents()
            ],
            "minimum_app_version": self.settings.minimum_app_version,
            "push_key": await self.push_key(),
            "tries": self.settings.tries,
            **await self._signature_activation(),
            "incident": self.notice(),
            "time": seconds(self.clock.now()),
            "help": self.settings.base_url + HELP,
        }

    async def _signature_activation(self) -> dict[str, Any]:
        """The key that approvals of what is signed are sealed to; null while nobody can say, absent without signing."""
        if self.settings.signing is None:
            return {}
        try:
            key = await self.approvals.activation_keys()
        except PlatformError:
            key = None
        return {"signature_activation_key": msgspec.to_builtins(key)}

    async def enrol(self, body: str) -> Answer:
        """Begin an activation: a new phone row and an enrolment."""
        message = self.phones.read(body)
        device_key = self.phones.enrolled_key(message)
        recorded = await self.phones.repeat_of_enrol(message)
        if recorded is not None:
            return recorded
        payload = message.unverified_payload()
        request = rules.convert(payload, EnrolRequest)
        attestation = payload.get("attestation")
        attested = self.admission.attested(attestation, device_key)
        model = model_of(attested, payload.get("device"))
        self.admission.check(payload.get("device"), request.app.version, model=model)
        protection = SOFTWARE if attested is None else ATTESTED
        phone_id, chain = self.ids.identifier(), self.ids.identifier()
        kept = None
        if isinstance(attestation, dict) and protection == ATTESTED:
            kept = {name: attestation[name] for name in ("format", "x5c")}
        new = NewPhone(phone_id, device_key, message.kid, request.app.version, protection, kept, model)
        now = self.clock.now()

        def transaction() -> Transaction[Answer]:
            begun = yield from self.enrolments.beginnings.beginning(request, phone_id, now=now)
            body: dict[str, Any] = {
                "phone": phone_id,
                "enrolment": begun.enrolment_id,
                "start_url": begun.start_url,
                "expires_at": seconds(begun.expires_at),
                "chain": chain,
            }
            if begun.card_code is not None:
                body["card"] = {"address": self.enrolments.card_address, "code": begun.card_code}
            answer = Answer(200, body)
            yield from self.phones.creating(new, message, chain=chain, answer=answer, now=now)
            return answer

        return await self.database.transact(transaction)

    async def enrolment_return(self, body: str) -> Answer:
        """Take the one-time value of a registrar's return from the phone that began."""

        async def handler(received: Received) -> Answer:
            members = received.message.members
            returned = await self.enrolments.returns.present(
                rules.text(members, "enrolment"), received.phone.phone_id, rules.text(members, "value")
            )
            shown = [{"name": name, "value": value} for name, value in returned.received.items()]
            body = {
                "enrolment": returned.enrolment_id,
                "received": shown,
                "registrar": {"id": returned.registrar_id, "name": returned.registrar_name},
                "number_verified": returned.number_verified,
                "phone_number": returned.phone_number,
            }
            return await self.messages.accept(received, body)

        return await self.messages.exchange(
            self.phones.read(body), "enrolment-return", handler, state=PhoneState.ENROLLING
        )

    async def activate(self, body: str) -> Answer:
        """Set the code and give the identity to this phone."""
        opened = self.phones.open_sealed(body)

        async def handler(received: Received) -> Answer:
            return await self._activate(received, opened)

        return await self.messages.exchange(opened.message, "activate", handler, state=PhoneState.ENROLLING)

    async def home(self, body: str) -> Answer:
        """State of the identity, open requests, a token for `watch`, a challenge for what comes next."""

        async def handler(received: Received) -> Answer:
            if received.phone.state is PhoneState.WAITING and await self.enrolments.waiting.finish_of(
                received.phone.phone_id
            ):
                raise StaleMessageError  # its state has changed: look again
            account = await self.people.account(received.account_id)
            expires = seconds(self.clock.now()) + self.settings.lifetimes.watch
            watch = Watch(account.account_id, received.phone.phone_id, expires)
            body = {
                "account": _account(as_on_phone(account, received)),
                "name": await self._name(account.account_id),
                "open": await self.approvals.open_requests(received, account),
                "challenge": received.challenge,
                "watch": rules.build_watch(self._watch_key, watch),
                "watch_expires_in": self.settings.lifetimes.watch,
                "incident": self.notice(),
                "language": account.language,
                "level": self.approvals.level(received, account),
                "sim": await self._sim(received),
                "evidence": evidence(account, self.clock.now()),
                **await self._movements(received),
            }
            if received.phone.state is PhoneState.WAITING:
                body = {name: value for name, value in body.items() if name in WAITING_SEES}
            return await self.messages.accept(received, body, challenge=received.challenge)

        return await self._signed(body, "home", handler)

    async def watch(self, token: str) -> AsyncIterator[str | None]:
        """Events for a phone whose app is open: `changed`, `stopped`, or None when nothing happened for a while.

        Raises:
            WatchRefused: the token is not good (any more).
        """
        watch = rules.read_watch(self._watch_key, token, now=self.clock.now())
        async with self.database.wakeups.listening(account_wake_key(watch.account_id)) as bell:
            yield None
            while not self.database.wakeups.closing and self.clock.now() < watch.expires_at * SECOND:
                if not await self.phones.is_active(watch.phone_id, or_waiting=True):
                    yield "stopped"
                    return
                yield "changed" if await bell.wait(_CHECK_SECONDS) else None

    async def ticket(self, body: bytes) -> dict[str, Any]:
        """Exchange a frame or link for a claim ticket."""
        try:
            start = msgspec.json.decode(body, type=dict[str, str])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise MalformedMessageError(public="the body must be JSON with frame or link") from error
        if ("frame" in start) == ("link" in start):
            raise MalformedMessageError(public="the body must hold either frame or link")
        ticket, digits = await self.approvals.ticket(frame=start.get("frame"), link=start.get("link"))
        return {"ticket": ticket, "expires_in": self.settings.lifetimes.ticket, "digits": digits}

    async def claim(self, body: str, *, address: str) -> Answer:
        """Take a request."""

        async def handler(received: Received) -> Answer:
            self._admit(received)
            return await self.approvals.claim(received, address=address)

        return await self._signed(body, "claim", handler)

    async def show(self, body: str) -> Answer:
        """Show a claimed request again."""
        return await self._signed(body, "show", self.approvals.show)

    async def decide(self, body: str, *, address: str) -> Answer:
        """Approve or reject."""
        opened = self.phones.open_sealed(body)

        async def handler(received: Received) -> Answer:
            if received.message.members.get("decision") != "rejected":
                self._admit(received)
            return await self.approvals.decide(received, opened, address=address)

        return await self.messages.exchange_sealed(opened, "approval", handler)

    async def reveal(self, body: str) -> Answer:
        """Protected values in full."""
        opened = self.phones.open_sealed(body)
        return await self.messages.exchange_sealed(
            opened, "reveal", lambda received: self.approvals.reveal(received, opened.proof)
        )

    async def history(self, body: str) -> Answer:
        """Past requests."""

        async def handler(received: Received) -> Answer:
            before = received.message.members.get("before")
            if before is not None and not (isinstance(before, int) and 0 <= before <= _LAST_MOMENT):
                raise MalformedMessageError(public="before must be a number of microseconds")
            account = await self.approvals.active(received)
            entries, earlier = await self.approvals.history(account, before=before)
            body = {"entries": msgspec.to_builtins(entries), "next": earlier, "challenge": received.challenge}
            return await self.messages.accept(received, body, challenge=received.challenge)

        return await self._signed(body, "history", handler)

    async def change_code(self, body: str) -> Answer:
        """A new code, or what the second slot is for: both cost the code, and look the same on their way."""
        opened = self.phones.open_sealed(body)
        if opened.message.unverified_payload().get("type") == "set-duress":
            return await self.messages.exchange_sealed(
                opened, "set-duress", lambda received: self._set_duress(received, opened)
            )

        async def handler(received: Received) -> Answer:
            new = rules.handover(received.message.members, prefix="new_")
            await self.messages.prove(received, opened.proof)

            now = self.clock.now()
            replacement = self.phones.code_key_replacement(received.phone, new, now=now)
            refused = MalformedMessageError(public="code_key_id is not a code key of this phone")

            def also() -> Transaction[None]:
                yield from self.messages.notices.telling(received.account_id, NoticeKind.CODE_CHANGED, now=now)
                if not received.withheld:
                    told = {"account": received.account_id}
                    yield from publishing(self.ids.identifier(), CODE_CHANGED, told, now=now)
                if received.withheld and received.phone.spare_key is not None:
                    # Whoever forced the change believes that the duress code was the code: now it is a wrong one.
                    nobody = (received.spare_id, self.ids.octets(32))
                    yield self.phones.slot_setting(received.phone, nobody, CodeKind.SPARE, told=False, now=now)

            work = Work(replacement, refused, also=also)
            return await self.messages.conclude(received, {"code_key_id": new.code_key_id}, work)

        return await self.messages.exchange_sealed(opened, "change-code", handler)

    async def change_settings(self, body: str) -> Answer:
        """The person's language."""

        async def handler(received: Received) -> Answer:
            language = rules.text(received.message.members, "language")
            if language not in _LANGUAGES:
                raise MalformedMessageError(public=f"language must be one of {', '.join(_LANGUAGES)}")
            now = self.clock.now()
            await self.database.transact(lambda: self.people.setting_language(received.account_id, language, now=now))
            return await self._accept_with_account(received)

        return await self._signed(body, "settings", handler)

    async def block(self, body: str) -> Answer:
        """Block my identity."""

        async def handler(received: Received) -> Answer:
            reason = rules.text(received.message.members, "reason")
            if reason not in _BLOCK_REASONS:
                raise MalformedMessageError(public=f"reason must be one of {', '.join(sorted(_BLOCK_REASONS))}")
            return await self._stop(received, BlockReason.BY_PERSON, StopReason.BLOCKED)

        return await self._signed(body, "block", handler)

    async def remove(self, body: str) -> Answer:
        """Remove this phone; an identity needs its phone, so it is blocked."""

        async def handler(received: Received) -> Answer:
            if received.phone.state is PhoneState.WAITING:
                # It carries no identity yet: the one that does is left alone.
                answer = await self.messages.accept(received, {"account": {"state": "blocked", "why": "removed"}})
                await self.enrolments.waiting.give_up(received.phone.phone_id)
                return answer
            return await self._stop(received, BlockReason.PHONE_REMOVED, StopReason.REMOVED)

        return await self._signed(body, "remove", handler)

    async def _movements(self, received: Received) -> dict[str, Any]:
        """Whether the identity is about to move: here, or away from here."""
        waiting = self.enrolments.waiting
        if received.phone.state is PhoneState.WAITING:
            return waiting_body(await waiting.until(received.phone.phone_id) or self.clock.now())
        return {"elsewhere": [elsewhere_entry(wait) for wait in await waiting.of(received.account_id)]}

    async def _set_duress(self, received: Received, opened: OpenedMessage) -> Answer:
        members = received.message.members
        slot = rules.handover(members, prefix="slot_")
        wish = rules.convert(members, DuressWish)
        if slot.code_key_id != received.spare_id:
            raise MalformedMessageError(public="slot_code_key_id is not the other slot of this message")
        await self.messages.prove(received, opened.proof)

        # A forced one must not find out whether there is a duress code, nor take it away.
        kind = CodeKind(wish.kind)
        now = self.clock.now()
        setting = self.phones.slot_setting(received.phone, slot, kind, told=wish.told, now=now)
        work = Work(setting, MalformedMessageError(public="slot_code_key_id is not a code key of this phone"))
        answer = {"code_key_id": rules.text(members, "code_key_id")}
        return await self.messages.conclude(received, answer, None if received.withheld else work)

    async def _activate(self, received: Received, opened: OpenedMessage) -> Answer:
        members = received.message.members
        handover = rules.handover(members)
        if rules.text(members, "device_thumbprint") != received.phone.thumbprint:
            raise MalformedMessageError(public="device_thumbprint is not of this phone's device key")
        proof = opened.proof.of(handover.code_key_id, named=True)
        if not hmac.compare_digest(proof, code_proof(handover.code_key, received.message.compact)):
            raise WrongSignatureError(public="the proof is not by the code key that was handed over")
        enrolment_id = rules.text(members, "enrolment")
        spare_id = rules.slot_id(members, "spare_code_key_id") if "spare_code_key_id" in members else ""
        epoch = await self.enrolments.activations.epoch()
        now = self.clock.now()

        def transaction() -> Transaction[tuple[Answer, str]]:
            phone_id = received.phone.phone_id
            activated = yield from self.enrolments.activations.activating(enrolment_id, phone_id, epoch=epoch, now=now)
            account = activated.account
            if activated.waits_until is not None:
                answer = Answer(200, {**waiting_body(activated.waits_until), "moved": False, "chain": received.chain})
                yield from self.phones.awaiting(
                    received, account.account_id, code_key=handover, answer=answer, now=now, spare_id=spare_id
                )
                return answer, account.account_id
            stopped = yield from self.messages.moving(account.account_id, phone_id, now=now)
            body = {"account": _account(account), "moved": bool(stopped)}
            answer = Answer(200, {**body, "chain": received.chain})
            yield from self.phones.activating(
                received, account.account_id, code_key=handover, answer=answer, now=now, spare_id=spare_id
            )
            return answer, account.account_id

        try:
            answer, account_id = await self.database.transact(transaction)
        except DuplicateError:
            # Somebody made the same person's account at this very moment, by another of their documents: find it now.
            answer, account_id = await self.database.transact(transaction)
        self.database.wakeups.wake(account_wake_key(account_id))
        return answer

    async def _stop(self, received: Received, why: BlockReason, stop: StopReason) -> Answer:
        account_id = received.account_id
        body = {"account": {"state": "blocked", "why": why}}
        answer, now = Answer(200, {**body, "chain": received.chain}), self.clock.now()

        def transaction() -> Transaction[list[str]]:
            # Account before phone: one order of locks everywhere.
            yield from self.messages.blocking_account(account_id, why, actor="person", now=now)
            yield from self.phones.accepting(received, answer, now=now)
            return (yield from self.messages.blocking(account_id, why, stop, actor="person", now=now))

        revoked = await self.database.transact(transaction)
        self.messages.wake_blocked(account_id, revoked)
        return answer

    async def _sim(self, received: Received) -> dict[str, Any]:
        """Whether the operator answers for the SIM; a person who looks has it asked again."""
        phone = received.phone
        state = await self.approvals.watches.complete(phone)
        now = seconds(self.clock.now())
        checked = None if phone.sim_checked_at is None else seconds(phone.sim_checked_at)
        told: dict[str, Any] = {"state": state, "checked_at": checked if state is phone.sim_state else now}
        if state is SimState.REDUCED and not await self.approvals.watches.is_proven(received.account_id):
            told["number_proven"] = False
        return told

    async def _name(self, account_id: str) -> str:
        facts = await self.attributes.facts(account_id)
        return facts.given_name or facts.family_name

    def _admit(self, received: Received) -> None:
        """See that a phone may still claim and approve, by what is known of it and what it says of itself now."""
        phone = received.phone
        self.admission.check(received.message.members.get("device"), phone.app_version, model=phone.model)

    async def _accept_with_account(self, received: Received) -> Answer:
        account = as_on_phone(await self.people.account(received.account_id), received)
        return await self.messages.accept(received, {"account": _account(account)})

    async def _signed(self, body: str, expected_type: str, handler: Handler) -> Answer:
        return await self.messages.exchange(self.phones.read(body), expected_type, handler)

    @property
    def _watch_key(self) -> bytes:
        return self.keystore.working_key("phone")


def _account(account: Account) -> dict[str, Any]:
    return {"state": account.state, "why": account.why}
