"""To a new phone with the old one in hand: the new phone shows a code, the old one brings it and confirms.

    new: pair → (shows the code) → pairing … pairing → take-over
    old:                    meet → hand-over

Each step is one conditional statement. The code works once and for ten minutes (B-6).
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from ipse.actions.service.requests import account_wake_key
from ipse.audit.service import auditing
from ipse.kernel.clock import SECOND, Clock, seconds
from ipse.kernel.sealing import blind_index
from ipse.mobile import rules, store
from ipse.mobile.errors import PairingEnded, UnknownPairing
from ipse.mobile.events import PHONE_MOVED
from ipse.mobile.service.admission import model_of
from ipse.mobile.service.exchanges import sealed, signed
from ipse.mobile.service.mobile import Mobile
from ipse.notices.model import NoticeKind
from ipse.people.model import AccountState
from ipse.phones.errors import MalformedMessageError, WrongSignatureError
from ipse.phones.model import Answer, NewPhone, PhoneState, Received
from ipse.standards.phone_channel import OpenedMessage, code_proof
from ipse.storage.copies import copied
from ipse.storage.database import Database
from ipse.storage.publishing import publishing
from ipse.storage.statement import Transaction, one, run

CODE_SECONDS: Final = 600
"""How long the code of a new phone works, and how long a confirmed one has to take over."""
_KEPT_SECONDS: Final = 86_400


@dataclass(frozen=True)
class Moves:
    """Use cases of a move."""

    mobile: Mobile

    async def pair(self, body: str, *, address: str) -> Answer:
        """A new phone asks for a code to show."""
        mobile = self.mobile
        message = mobile.phones.read(body)
        device_key = mobile.phones.enrolled_key(message, "pair")
        recorded = await mobile.phones.repeat_of_enrol(message)
        if recorded is not None:
            return recorded
        wish = rules.convert(message.unverified_payload(), rules.PairWish)
        # As at an activation: an identity must not move to where it cannot be used.
        mobile.admission.check(wish.device, wish.app.version)
        phone_id, pairing_id, chain = (mobile.ids.identifier() for _ in range(3))
        code, now = rules.pairing_code(mobile.ids.octets(8)), mobile.clock.now()
        until = now + CODE_SECONDS * SECOND
        answer = Answer(
            200,
            {"phone": phone_id, "pairing": pairing_id, "code": code, "expires_at": seconds(until), "chain": chain},
        )
        about = msgspec.json.encode(rules.about_phone(wish.device)).decode()

        def transaction() -> Transaction[None]:
            new = NewPhone(phone_id, device_key, message.kid, wish.app.version, model=model_of(None, wish.device))
            yield from mobile.phones.creating(new, message, chain=chain, answer=answer, now=now)
            indexes = self._index("code", code), self._index("address", address)
            yield from run(store.PAIR, pairing_id, phone_id, indexes[0], about, indexes[1], now, until)

        await mobile.database.transact(transaction)
        return answer

    async def pairing(self, body: str) -> Answer:
        """The new phone asks how far it is."""

        async def handler(received: Received) -> Answer:
            pairing_id = rules.text(received.message.members, "pairing")
            row = await self.mobile.database.row(store.PAIRING, pairing_id, received.phone.phone_id)
            if row is None:
                raise UnknownPairing
            state = row["state"] if row["expires_at"] > self.mobile.clock.now() or row["state"] == "done" else "ended"
            answer: dict[str, Any] = {"state": state, "expires_at": seconds(row["expires_at"])}
            if state == "ended":
                answer["why"] = row["why"] or "expired"
            if state == "confirmed":
                answer |= await self._whose(row["account_id"])
            return await self.mobile.messages.accept(received, answer)

        phones = self.mobile.phones
        return await self.mobile.messages.exchange(phones.read(body), "pairing", handler, state=PhoneState.ENROLLING)

    async def meet(self, body: str, *, address: str) -> Answer:
        """The old phone brings the code: what would move, and where to."""

        async def handler(received: Received) -> Answer:
            members, now = received.message.members, self.mobile.clock.now()
            account = await self.mobile.approvals.active(received)
            code = rules.read_pairing_code(rules.text(members, "code"))
            index, phone_id = self._index("code", code), received.phone.phone_id
            row = await self.mobile.database.row(store.MEET, index, account.account_id, phone_id, now)
            if row is None:
                raise UnknownPairing
            answer = {
                "pairing": row["pairing_id"],
                "about": msgspec.json.decode(row["about"]),
                "same_network": hmac.compare_digest(bytes(row["address_index"]), self._index("address", address)),
                "expires_at": seconds(row["expires_at"]),
                "challenge": received.challenge,
            }
            self._wake_new(row["phone_id"])
            return await self.mobile.messages.accept(received, answer, challenge=received.challenge)

        return await signed(self.mobile.messages, body, "meet", handler)

    async def part(self, body: str) -> Answer:
        """The old phone says no."""

        async def handler(received: Received) -> Answer:
            pairing_id = rules.text(received.message.members, "pairing")
            phone_id, now = received.phone.phone_id, self.mobile.clock.now()
            row = await self.mobile.database.row(store.END, pairing_id, phone_id, "refused", now)
            if row is not None:
                self._wake_new(row["phone_id"])
            return await self.mobile.messages.accept(received, {"ended": row is not None})

        return await signed(self.mobile.messages, body, "part", handler)

    async def hand_over(self, body: str) -> Answer:
        """The old phone confirms, for the code."""
        opened = self.mobile.phones.open_sealed(body)

        async def handler(received: Received) -> Answer:
            pairing_id = rules.text(received.message.members, "pairing")
            await self.mobile.messages.prove(received, opened.proof)
            now = self.mobile.clock.now()
            until = now + CODE_SECONDS * SECOND
            answer = {"pairing": pairing_id, "expires_at": seconds(until)}
            if received.withheld:
                # Under duress the move comes to nothing: the new phone waits until its time is over.
                return await self.mobile.messages.conclude(received, answer)

            def confirming() -> Transaction[None]:
                # The account first, held active: a block that comes now ends the move.
                if not (yield from self.mobile.people.holding(received.account_id)):
                    raise PairingEnded("blocked")
                confirmed = yield from one(store.CONFIRM, pairing_id, received.phone.phone_id, now, until)
                if confirmed is None:
                    raise PairingEnded("expired")

            return await self.mobile.messages.conclude_changing(received, answer, confirming)

        return await sealed(self.mobile.messages, opened, "hand-over", handler)

    async def take_over(self, body: str) -> Answer:
        """The new phone sets its own code; the identity lives there from now on, and no longer on the old one."""
        opened = self.mobile.phones.open_sealed(body)

        async def handler(received: Received) -> Answer:
            return await self._take_over(received, opened)

        exchange = self.mobile.messages.exchange
        return await exchange(opened.message, "take-over", handler, state=PhoneState.ENROLLING)

    async def _take_over(self, received: Received, opened: OpenedMessage) -> Answer:
        mobile, members, now = self.mobile, received.message.members, self.mobile.clock.now()
        phone_id = received.phone.phone_id
        handover, spare_id = read_code_keys(received, opened)
        pairing_id = rules.text(members, "pairing")
        pairing = await mobile.database.row(store.PAIRING, pairing_id, phone_id)
        if pairing is None or pairing["account_id"] is None:
            raise UnknownPairing
        account_id, old_phone_id = pairing["account_id"], pairing["old_phone_id"]
        answer = Answer(
            200, {"account": {"state": AccountState.ACTIVE, "why": None}, "moved": True, "chain": received.chain}
        )

        def transaction() -> Transaction[None]:
            if not (yield from mobile.people.holding(account_id)):
                raise PairingEnded("blocked")
            stopped = yield from mobile.messages.moving(account_id, phone_id, now=now)
            if old_phone_id not in stopped or (yield from one(store.TAKE, pairing_id, phone_id, now)) is None:
                raise PairingEnded("expired")
            yield from mobile.phones.activating(
                received, account_id, code_key=handover, answer=answer, now=now, spare_id=spare_id
            )
            yield from mobile.phones.carrying_sim(old_phone_id, phone_id, now=now)
            yield from mobile.messages.notices.telling(account_id, NoticeKind.PHONE_MOVED, now=now)
            details = {"from": old_phone_id, "to": phone_id}
            yield from auditing(now, actor="person", act="phone.move", subject=account_id, details=details)
            payload = {"account": account_id, "phone": phone_id}
            yield from publishing(mobile.ids.identifier(), PHONE_MOVED, payload, now=now)

        await mobile.database.transact(transaction)
        mobile.database.wakeups.wake(account_wake_key(account_id))
        return answer

    async def _whose(self, account_id: str) -> dict[str, Any]:
        """What the new phone needs: whose identity comes, and what no code may be made of."""
        facts = await self.mobile.attributes.facts(account_id)
        account = await self.mobile.people.account(account_id)
        return {
            "name": facts.given_name or facts.family_name,
            "phone_number": facts.phone_number or facts.stated_phone_number or "",
            "birthdate": facts.birthdate or "",
            "language": account.language,
        }

    def _wake_new(self, phone_id: str) -> None:
        self.mobile.database.wakeups.wake(account_wake_key(phone_id))

    def _index(self, what: str, value: str) -> bytes:
        return blind_index(self.mobile.keystore.working_key("phone"), f"pairing {what}\x00{value}")


async def forget_pairings(database: Database, clock: Clock) -> int:
    """Delete pairings of yesterday. A job; returns how many."""
    return len(await database.rows(store.FORGET, clock.now() - _KEPT_SECONDS * SECOND))


async def copy_pairings(database: Database, account_id: str) -> list[dict[str, Any]]:
    """Where an identity was about to move, for its person to take along."""
    return copied(await database.rows(store.COPY, account_id))


async def forget_pairings_of(database: Database, account_id: str) -> None:
    """A person has deleted their identity: where it moved is forgotten."""
    await database.rows(store.FORGET_OF, account_id)


def read_code_keys(received: Received, opened: OpenedMessage) -> tuple[rules.CodeKeyHandover, str]:
    """The code key that a new phone hands over, proven to be held by both sides, and the id of its second slot.

    Raises:
        MalformedMessageError, WrongSignatureError: refused.
    """
    members = received.message.members
    handover = rules.handover(members)
    if rules.text(members, "device_thumbprint") != received.phone.thumbprint:
        raise MalformedMessageError(public="device_thumbprint is not of this phone's device key")
    proof = opened.proof.of(handover.code_key_id, named=True)
    if not hmac.compare_digest(proof, code_proof(handover.code_key, received.message.compact)):
        raise WrongSignatureError(public="the proof is not by the code key that was handed over")
    spare_id = rules.slot_id(members, "spare_code_key_id") if "spare_code_key_id" in members else ""
    return handover, spare_id
