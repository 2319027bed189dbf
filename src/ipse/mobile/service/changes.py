"""What a person changes of their identity as a whole: objecting to an activation elsewhere, deleting it.

And what they were told by their second channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ipse.actions.service.requests import account_wake_key
from ipse.attributes.service import Attributes
from ipse.audit.service import auditing
from ipse.enrolment.service import given_up_contacts
from ipse.kernel.clock import SECOND, seconds
from ipse.mobile import rules
from ipse.mobile.errors import NoSuchWait
from ipse.mobile.events import DELETED
from ipse.mobile.service.exchanges import sealed, signed
from ipse.mobile.service.mobile import Mobile
from ipse.notices.model import NoticeKind, Told
from ipse.notices.service import Delivery
from ipse.people.errors import AccountBlockedError
from ipse.people.model import AccountState
from ipse.phones.model import Answer, Received
from ipse.storage.publishing import publishing
from ipse.storage.statement import Transaction


@dataclass(frozen=True)
class Changes:
    """Use cases of the whole identity."""

    mobile: Mobile
    delivery: Delivery

    @property
    def _attributes(self) -> Attributes:
        return self.mobile.attributes

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
            told = [each for each in await self.delivery.of(received.account_id) if not self._hidden(each, received)]
            return await self.mobile.messages.accept(received, {"notices": [_entry(each) for each in told]})

        return await signed(self.mobile.messages, body, "notices", handler)

    def _hidden(self, told: Told, received: Received) -> bool:
        """Whether this phone must not show it: the block by the very duress code that keeps the phone quiet."""
        quiet = (received.quiet_until or 0) - self.mobile.messages.quiet_seconds * SECOND
        return received.withheld and told.kind is NoticeKind.BLOCKED and told.created_at >= quiet

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
        language = (await mobile.people.account(account_id)).language
        facts = await self._attributes.facts(account_id)
        contacts = given_up_contacts(facts, None)
        revoked: list[str] = []

        def archiving() -> Transaction[None]:
            if not (yield from mobile.people.archiving(account_id, why="by_person", now=now)):
                raise AccountBlockedError(why="deleted")
            yield from self._attributes.forgetting(account_id)
            told = {"language": language}
            yield from mobile.messages.notices.telling(
                account_id, NoticeKind.DELETED, now=now, facts=told, before=contacts
            )
            yield from auditing(now, actor="person", act="account.delete", subject=account_id)
            yield from publishing(mobile.ids.identifier(), DELETED, {"account": account_id}, now=now)

        def ending() -> Transaction[None]:
            revoked[:] = yield from mobile.messages.erasing(account_id, now=now)

        concluded = await mobile.messages.conclude_changing(received, answer, archiving, after=ending)
        mobile.people.forget_key(account_id)
        mobile.messages.wake_blocked(account_id, revoked)
        mobile.database.wakeups.wake(account_wake_key(account_id))
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
