"""The end of an identity: everything about its person goes, and no partner knows them again.

The app and the person's portal come here, each after the code was right; what follows elsewhere is news.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ipse.actions.service import Messages
from ipse.actions.service.requests import account_wake_key
from ipse.attributes.service import Attributes
from ipse.audit.service import auditing
from ipse.enrolment.service.activations import given_up_contacts
from ipse.notices.model import Contact, NoticeKind
from ipse.people.errors import AccountBlockedError
from ipse.people.events import DELETED
from ipse.people.service import People
from ipse.storage.publishing import publishing
from ipse.storage.statement import Transaction

ACT: Final = "account.delete"
"""The act of its line in the audit log: from there it is known who was deleted, whatever is restored."""


@dataclass(frozen=True)
class Leaving:
    """What the last notice needs of somebody who is about to be gone."""

    account_id: str
    language: str
    contacts: Sequence[Contact]


@dataclass(frozen=True)
class Deletions:
    """Use cases of leaving."""

    people: People
    attributes: Attributes
    messages: Messages

    async def leaving(self, account_id: str) -> Leaving:
        """What must be known before a deletion. Raises as `Attributes.facts`."""
        account = await self.people.account(account_id)
        contacts = given_up_contacts(await self.attributes.facts(account_id), None)
        return Leaving(account_id, account.language, contacts)

    async def delete(self, account_id: str) -> None:
        """Delete an identity whose person has approved that with the code.

        Raises:
            AccountBlockedError: it was deleted before.
        """
        leaving, now = await self.leaving(account_id), self.people.clock.now()

        def deleting() -> Transaction[list[str]]:
            yield from self.archiving(leaving, now=now)
            return (yield from self.ending(account_id, now=now))

        self.after(account_id, await self.people.database.transact(deleting))

    async def again(self, account_id: str, *, actor: str) -> bool:
        """Delete somebody whom a restored backup has brought back (T-18); whether they were there. Nobody is told."""
        now = self.people.clock.now()

        def deleting() -> Transaction[list[str] | None]:
            if not (yield from self.people.archiving(account_id, why="by_person", now=now)):
                return None
            yield from self._gone(account_id, actor=actor, now=now)
            return (yield from self.ending(account_id, now=now))

        revoked = await self.people.database.transact(deleting)
        if revoked is not None:
            self.after(account_id, revoked)
        return revoked is not None

    def archiving(self, leaving: Leaving, *, now: int) -> Transaction[None]:
        """Inside a transaction: the account's part, with its notice, audit line and news.

        Raises:
            AccountBlockedError: it was deleted before.
        """
        account_id = leaving.account_id
        if not (yield from self.people.archiving(account_id, why="by_person", now=now)):
            raise AccountBlockedError(why="deleted")
        yield from self._gone(account_id, actor="person", now=now)
        told = {"language": leaving.language}
        yield from self.messages.notices.telling(
            account_id, NoticeKind.DELETED, now=now, facts=told, before=leaving.contacts
        )

    def _gone(self, account_id: str, *, actor: str, now: int) -> Transaction[None]:
        yield from self.attributes.forgetting(account_id)
        yield from auditing(now, actor=actor, act=ACT, subject=account_id)
        yield from publishing(self.people.ids.identifier(), DELETED, {"account": account_id}, now=now)

    def ending(self, account_id: str, *, now: int) -> Transaction[list[str]]:
        """Inside the same transaction, after the account: phones and requests. Gives the ids of those revoked."""
        return (yield from self.messages.erasing(account_id, now=now))

    def after(self, account_id: str, revoked: list[str]) -> None:
        """After commit: forget the key in this process, and wake whoever waits."""
        self.people.forget_key(account_id)
        self.messages.wake_blocked(account_id, revoked)
        self.people.database.wakeups.wake(account_wake_key(account_id))
