"""Writing notices in the transaction of what they tell, and sending them afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec
import structlog

from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids
from ipse.kernel.keystore import Keystore
from ipse.kernel.sealing import seal, unseal
from ipse.notices import store
from ipse.notices.clients import NotDeliveredError
from ipse.notices.events import TOLD
from ipse.notices.model import (
    KEPT_DAYS,
    WAIT_DAYS,
    Channel,
    Contact,
    NoticeKind,
    Reachable,
    Sender,
    Sending,
    Told,
)
from ipse.notices.rules import Texts, Written, write
from ipse.storage.copies import copied
from ipse.storage.database import Database
from ipse.storage.publishing import publishing
from ipse.storage.statement import Row, Transaction, run

log = structlog.get_logger("ipse.notices")

Reach = Callable[[str], Awaitable[Reachable | None]]
"""Gives a person's first name, language and addresses by account id; None when the person is gone."""

_DAY = 86_400 * SECOND
_FORCED = "duress"
_STUCK_SECONDS = 120


class MailWay(Protocol):
    """Sends mail; raises NotDeliveredError."""

    async def send(self, to: str, *, subject: str, text: str, language: str) -> None:
        """Send one message."""


class SmsWay(Protocol):
    """Sends text messages; raises NotDeliveredError."""

    async def send(self, to: str, text: str) -> None:
        """Send one message."""


class _Sealed(msgspec.Struct, frozen=True):
    """What a notice keeps for its text, and addresses that are given up with the change it tells."""

    facts: dict[str, str]
    before: tuple[Contact, ...] = ()

    @property
    def forced(self) -> bool:
        """Whether it tells of a duress code: then no page and no copy shows it."""
        return self.facts.get("why") == _FORCED


@dataclass(frozen=True)
class Notices:
    """Writes notices: what every change of an identity calls in its own transaction."""

    keystore: Keystore
    ids: Ids

    def telling(
        self,
        account_id: str,
        kind: NoticeKind,
        *,
        now: int,
        facts: Mapping[str, str] | None = None,
        before: Sequence[Contact] = (),
    ) -> Transaction[None]:
        """Write a notice inside the transaction of what it tells.

        `facts` are words that the text needs, such as `why` of a block, and `language` for a person who is about to be
        gone. `before` are addresses that the person gives up with this very change: they are told, too. Both are kept
        sealed until the notice was sent.
        """
        notice_id = self.ids.identifier()
        plain = msgspec.json.encode(_Sealed(dict(facts or {}), tuple(before)))
        sealed = seal(self.key, plain, table="notices_notices", row=notice_id, column="sealed")
        yield from run(store.WRITE, notice_id, account_id, kind, sealed, now)
        yield from publishing(self.ids.identifier(), TOLD, _told(notice_id, account_id, kind, facts), now=now)

    @property
    def key(self) -> bytes:
        """What notices are sealed with."""
        return self.keystore.working_key("notice")


def _told(notice_id: str, account_id: str, kind: NoticeKind, facts: Mapping[str, str] | None) -> dict[str, str]:
    """What others hear of a notice; of a block by duress code nobody but the second channel hears."""
    quiet = (facts or {}).get("why") == _FORCED
    return {"notice": notice_id} if quiet else {"notice": notice_id, "account": account_id, "kind": str(kind)}


@dataclass(frozen=True)
class Delivery:
    """Sends notices, each message once, and keeps what became of it."""

    notices: Notices
    database: Database
    clock: Clock
    reach: Reach
    texts: Mapping[str, Texts]
    sender: Sender
    mail: MailWay | None
    sms: SmsWay | None
    default_language: str = field(default="en")

    async def send(self, notice_id: str) -> None:
        """Send a notice to wherever it has not arrived yet. Doing so again is no harm.

        Raises:
            NotDeliveredError: at least one message was not taken; try again later.
        """
        row = await self.database.row(store.NOTICE, notice_id)
        if row is None:
            return
        now, kind, sealed = self.clock.now(), NoticeKind(row["kind"]), self._opened(row)
        kept = bytes(row["sealed"]) if sealed.forced else b""  # by which it is known not to be shown
        if now - row["created_at"] > WAIT_DAYS * _DAY:
            await self._settle(notice_id, "given_up", kept)
            return
        reachable = await self.reach(row["account_id"])
        language = reachable.language if reachable else sealed.facts.get("language", "")
        written = write(
            kind,
            self.texts.get(language) or self.texts[self.default_language],
            self.sender,
            first_name=reachable.first_name if reachable else "",
            at=row["created_at"],
            facts=sealed.facts,
        )
        contacts = [("now", contact) for contact in (reachable.contacts if reachable else ())]
        known = {contact.address for _, contact in contacts}
        contacts += [("before", contact) for contact in sealed.before if contact.address not in known]
        spoken = language or self.default_language
        # Side by side: all of it ends within one time-out.
        await asyncio.gather(*(self._send_to(notice_id, *to, written=written, language=spoken) for to in contacts))
        if await self.database.rows(store.OPEN_SENDINGS, notice_id):
            raise NotDeliveredError("not everything was taken")
        await self._settle(notice_id, "sent", kept)

    async def say(self, account_id: str, write_in: Callable[[str], tuple[str, str]]) -> frozenset[Channel]:
        """Tell a person something of this very moment, such as a one-time code, by every way they have.

        `write_in` gives a subject and a short text in the person's language. Nothing of it is kept or tried again;
        returns the ways that took it.
        """
        reachable, taken = await self.reach(account_id), set()
        if reachable is None:
            return frozenset()
        subject, text = write_in(reachable.language)
        for contact in reachable.contacts:
            try:
                if contact.channel is Channel.MAIL and self.mail is not None:
                    await self.mail.send(contact.address, subject=subject, text=text, language=reachable.language)
                elif contact.channel is Channel.SMS and self.sms is not None:
                    await self.sms.send(contact.address, text)
                else:
                    continue
            except NotDeliveredError as error:
                log.warning("not_said", channel=contact.channel, reason=error.reason)
                continue
            taken.add(contact.channel)
        return frozenset(taken)

    async def letter(self, to: str, *, subject: str, text: str, language: str) -> bool:
        """A letter that another feature has written, to an address that need not be a person's of ours.

        False where it will never be taken, or no mail is sent here.

        Raises:
            NotDeliveredError: not now; try again.
        """
        if self.mail is None:
            return False
        try:
            await self.mail.send(to, subject=subject, text=text, language=language)
        except NotDeliveredError as error:
            if not error.final:
                raise
            log.warning("letter_not_delivered", reason=error.reason)
            return False
        return True

    async def of(self, account_id: str, *, forced: bool = False) -> list[Told]:
        """What a person was told, newest first; of a duress code only where `forced` asks for it."""
        rows = await self.database.rows(store.OF_ACCOUNT, account_id, self.clock.now() - KEPT_DAYS * _DAY)
        told: dict[str, Told] = {}
        for row in rows:
            if not forced and self._is_forced(row):
                continue
            before = told.get(row["notice_id"])
            sendings = before.sendings if before else ()
            if row["channel"] is not None:
                sent = Sending(Channel(row["channel"]), row["place"], row["state"], row["changed_at"])
                sendings = (*sendings, sent)
            told[row["notice_id"]] = Told(NoticeKind(row["kind"]), row["created_at"], sendings)
        return list(told.values())

    async def copy(self, account_id: str) -> dict[str, Any]:
        """Everything a person was told, to take along; what a notice still holds for its text, opened.

        Nothing that tells of a duress code: whoever forces a person may have them take it.
        """
        rows = [row for row in await self.database.rows(store.COPY, account_id) if not self._is_forced(row)]
        shown = {row["notice_id"] for row in rows}
        held = {row["notice_id"]: msgspec.to_builtins(self._opened(row)) for row in rows if row["sealed"]}
        notices = [{**row, "held": held.get(row["notice_id"])} for row in copied(rows, but=("sealed",))]
        sendings = await self.database.rows(store.COPY_SENDINGS, account_id)
        return {"notices": notices, "sendings": copied(row for row in sendings if row["notice_id"] in shown)}

    def _is_forced(self, row: Row) -> bool:
        return row["kind"] == NoticeKind.BLOCKED and bool(row["sealed"]) and self._opened(row).forced

    def _opened(self, row: Row) -> _Sealed:
        sealed, notice_id = bytes(row["sealed"]), row["notice_id"]
        plain = unseal(self.notices.key, sealed, table="notices_notices", row=notice_id, column="sealed")
        return msgspec.json.decode(plain, type=_Sealed)

    async def forget(self) -> int:
        """Delete what is older than a person can see. A job; returns how many."""
        oldest = self.clock.now() - KEPT_DAYS * _DAY
        await self.database.rows(store.FORGET_SENDINGS, oldest)
        return len(await self.database.rows(store.FORGET, oldest))

    async def forget_account(self, account_id: str) -> None:
        """A person has deleted their identity: only the news of that is still sent, and kept for as long as any."""
        await self.database.rows(store.FORGET_SENDINGS_OF, account_id)
        await self.database.rows(store.FORGET_OF, account_id)

    async def _send_to(self, notice_id: str, place: str, contact: Contact, *, written: Written, language: str) -> None:
        way = self.mail if contact.channel is Channel.MAIL else self.sms
        if way is None:
            return
        now = self.clock.now()
        stuck = now - _STUCK_SECONDS * SECOND
        if await self.database.row(store.TAKE, notice_id, contact.channel, place, now, stuck) is None:
            return  # sent already, given up, or being sent by another process
        state = "sent"
        try:
            if contact.channel is Channel.MAIL and self.mail is not None:
                await self.mail.send(contact.address, subject=written.subject, text=written.mail, language=language)
            elif self.sms is not None:
                await self.sms.send(contact.address, written.sms)
        except NotDeliveredError as error:
            state = "given_up" if error.final else "failed"
            log.warning("notice_not_delivered", notice=notice_id, channel=contact.channel, reason=error.reason)
        await self.database.rows(store.RESULT, notice_id, contact.channel, place, state, self.clock.now())

    async def _settle(self, notice_id: str, state: str, kept: bytes) -> None:
        await self.database.rows(store.SETTLE, notice_id, state, kept, self.clock.now())
