"""What a person changes of their identity as a whole: objecting to an activation elsewhere, deleting it.

And what they were told by their second channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ipse.enrolment.service.deletions import Deletions
from ipse.kernel.clock import seconds
from ipse.mobile import rules
from ipse.mobile.errors import NoSuchWait
from ipse.mobile.service.exchanges import sealed, signed
from ipse.mobile.service.mobile import Mobile
from ipse.notices.model import Told
from ipse.notices.service import Delivery
from ipse.people.model import AccountState
from ipse.phones.model import Answer, Received
from ipse.storage.statement import Transaction


@dataclass(frozen=True)
class Changes:
    """Use cases of the whole identity."""

    mobile: Mobile
    delivery: Delivery

    async def object(self, body: str) -> Answer:
        """Stop an activation of this identity on another phone: no code, so that nothing holds it up."""

        async def handler(received: Received) -> Answer:
            enrolment_id = rules.text(received.message.members, "enrolment")
            if not await self.mobile.enrolments.waiting.object(received.account_id, enrolment_id):
                raise NoSuchWait
            return await self.mobile.messages.accept(received, {"stopped": True})

        return await signed(self.mobile.messages, body, "object", handler)

    async def told(self, body: str) -> Answer:
        """The security messages that this person was sent."""

        async def handler(received: Received) -> Answer:
            told = await self.delivery.of(received.account_id)
            return await self.mobile.messages.accept(received, {"notices": [_entry(each) for each in told]})

        return await signed(self.mobile.messages, body, "notices", handler)

    async def change_number(self, body: str) -> Answer:
        """Begin to change the phone number: costs the code; the browser then proves the new one."""
        opened = self.mobile.phones.open_sealed(body)

        async def handler(received: Received) -> Answer:
            account = await self.mobile.approvals.active(received)
            changes, now = self.mobile.enrolments.number_changes, self.mobile.clock.now()
            members = received.message.members
            number = rules.text(members, "phone_number") if "phone_number" in members else ""
            prepared = await changes.prepared(account, number)
            await self.mobile.messages.prove(received, opened.proof)
            begun, phone_id = changes.planned(now=now), received.phone.phone_id
            answer = {
                "enrolment": begun.enrolment_id,
                "start_url": begun.start_url,
                "expires_at": seconds(begun.expires_at),
            }
            if received.withheld:
                # Under duress the address leads nowhere, as one that is too old does.
                return await self.mobile.messages.conclude(received, answer)

            def beginning() -> Transaction[None]:
                yield from changes.beginning(account, phone_id, prepared, begun, now=now)

            return await self.mobile.messages.conclude_changing(received, answer, beginning)

        return await sealed(self.mobile.messages, opened, "change-number", handler)

    async def number_return(self, body: str) -> Answer:
        """Take the one-time value of the number step: the identity has the new number from now on."""

        async def handler(received: Received) -> Answer:
            mobile, members, now = self.mobile, received.message.members, self.mobile.clock.now()
            account, changes = await mobile.approvals.active(received), mobile.enrolments.number_changes
            enrolment_id, phone_id = rules.text(members, "enrolment"), received.phone.phone_id
            proven = await changes.present(enrolment_id, phone_id, rules.text(members, "value"))
            key = await mobile.people.person_key(account.account_id)
            body = {"phone_number": proven.facts.phone_number, "chain": received.chain}
            answer = Answer(200, body)

            def transaction() -> Transaction[None]:
                if not received.withheld:  # a duress code was typed since it began: it looks done, too
                    yield from changes.finishing(enrolment_id, phone_id, proven, account.account_id, key, now=now)
                yield from mobile.phones.accepting(received, answer, now=now)

            await mobile.database.transact(transaction)
            return answer

        return await signed(self.mobile.messages, body, "number-return", handler)

    async def delete(self, body: str) -> Answer:
        """Delete the identity: everything about the person goes, and no partner knows them again."""
        opened = self.mobile.phones.open_sealed(body)

        async def handler(received: Received) -> Answer:
            await self.mobile.messages.prove(received, opened.proof)
            answer: dict[str, Any] = {"account": {"state": AccountState.ARCHIVED, "why": "by_person"}}
            if received.withheld:
                return await self.mobile.messages.conclude(received, answer)
            return await self._delete(received, answer)

        return await sealed(self.mobile.messages, opened, "delete-identity", handler)

    async def _delete(self, received: Received, answer: dict[str, Any]) -> Answer:
        mobile, account_id, now = self.mobile, received.account_id, self.mobile.clock.now()
        deletions = Deletions(mobile.people, mobile.attributes, mobile.messages)
        leaving = await deletions.leaving(account_id)
        revoked: list[str] = []

        def ending() -> Transaction[None]:
            revoked[:] = yield from deletions.ending(account_id, now=now)

        concluded = await mobile.messages.conclude_changing(
            received, answer, lambda: deletions.archiving(leaving, now=now), after=ending
        )
        deletions.after(account_id, revoked)
        return concluded


def _entry(told: Told) -> dict[str, Any]:
    """A notice for the app: what, when, by which ways, and whether it arrived."""
    return {
        "kind": told.kind,
        "at": seconds(told.created_at),
        "sent": [
            {"channel": each.channel, "place": each.place, "state": each.state, "at": seconds(each.changed_at)}
            for each in told.sendings
        ],
    }
