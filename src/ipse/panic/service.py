"""Making sheets, taking codes, and the telephone services that bring them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import structlog

from ipse.actions.service import Messages
from ipse.audit.service import auditing
from ipse.fraud.service.limits import SharedLimits
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids, sha256
from ipse.kernel.keystore import Keystore
from ipse.kernel.sealing import blind_index, seal, unseal
from ipse.kernel.settings import Panic as PanicSettings
from ipse.notices.model import NoticeKind
from ipse.notices.service import Notices
from ipse.panic import rules, store
from ipse.panic.errors import TelephoneRefused, TooManyContacts, UnknownSheet
from ipse.panic.model import Holder, NewSheet, Outcome, Sheet, Telephone
from ipse.people.model import BlockReason
from ipse.people.service import People
from ipse.phones.model import StopReason
from ipse.storage.copies import copied
from ipse.storage.database import Database
from ipse.storage.statement import Transaction, one, run

log = structlog.get_logger("ipse.panic")
_TABLE: Final = "panic_sheets"
_WINDOW: Final = 3600 * SECOND
_KEPT: Final = 24 * _WINDOW
_EVERYBODY: Final = "all"


@dataclass(frozen=True)
class Panic:
    """Use cases of sheets and of those who use them."""

    database: Database
    people: People
    keystore: Keystore
    messages: Messages
    notices: Notices
    clock: Clock
    ids: Ids
    settings: PanicSettings
    pause: Callable[[float], Awaitable[object]] = asyncio.sleep

    # --- sheets ----------------------------------------------------------------------------------------------

    def new_sheet(self, contact: str) -> NewSheet:
        """A sheet to be: its code, that of nobody yet."""
        code = rules.code_of(self.ids.octets(16))
        holder = Holder.CONTACT if contact else Holder.PERSON
        sheet, whole = Sheet(self.ids.identifier(), holder, contact, self.clock.now()), rules.whole(code)
        return NewSheet(sheet, whole, rules.groups(whole))

    def making(self, account_id: str, new: NewSheet, key: bytes, *, now: int) -> Transaction[None]:
        """Keep a sheet. The person's own takes the place of the one before; `key` is the person's.

        Raises:
            TooManyContacts: as many as the settings allow have one.
        """
        sheet = new.sheet
        if sheet.holder is Holder.PERSON:
            yield from run(store.VOID_OWN, account_id, now)
        else:
            rows = yield from run(store.SHEETS, account_id)
            if sum(row["holder"] == Holder.CONTACT for row in rows) >= self.settings.contacts:
                raise TooManyContacts
        name = seal(key, sheet.name.encode(), table=_TABLE, row=sheet.sheet_id, column="sealed_name")
        index = self._index(new.code[: rules.CODE_DIGITS])
        yield from run(store.ADD, sheet.sheet_id, account_id, sheet.holder, name, index, now)
        yield from self.notices.telling(account_id, NoticeKind.PANIC_SHEET_MADE, now=now)

    async def sheets(self, account_id: str) -> list[Sheet]:
        """The sheets that count, oldest first."""
        key = await self.people.person_key(account_id)
        found = []
        for row in await self.database.rows(store.SHEETS, account_id):
            sheet_id = row["sheet_id"]
            name = unseal(key, bytes(row["sealed_name"]), table=_TABLE, row=sheet_id, column="sealed_name")
            found.append(Sheet(sheet_id, Holder(row["holder"]), name.decode(), row["made_at"]))
        return found

    async def copy(self, account_id: str) -> list[dict[str, Any]]:
        """Every sheet, also those that count no more, to take along."""
        rows, key = await self.database.rows(store.COPY, account_id), await self.people.person_key(account_id)
        names = {row["sheet_id"]: bytes(row["sealed_name"]) for row in rows if row["sealed_name"] is not None}
        opened = {
            sheet: unseal(key, sealed, table=_TABLE, row=sheet, column="sealed_name").decode()
            for sheet, sealed in names.items()
        }
        return [{**row, "name": opened.get(row["sheet_id"], "")} for row in copied(rows, but=("sealed_name",))]

    def taking_back(self, account_id: str, sheet_id: str, *, now: int) -> Transaction[None]:
        """Make a sheet worth nothing.

        Raises:
            UnknownSheet: none of this person that still counts.
        """
        if (yield from one(store.VOID, sheet_id, account_id, now)) is None:
            raise UnknownSheet

    async def forget_account(self, account_id: str) -> None:
        """A person has deleted their identity: their sheets, and who holds them, are forgotten."""
        await self.database.rows(store.FORGET_SHEETS, account_id)

    # --- codes -----------------------------------------------------------------------------------------------

    async def take(self, typed: str, *, source: str) -> Outcome:
        """Take a code that somebody gives; `source` is where from (an address, a telephone line).

        Every answer but that to a slip takes equally long, and none says whether the code was right.
        """
        code = rules.read(typed)
        if code is None:
            return Outcome.MISTYPED
        answered = asyncio.ensure_future(self.pause(self.settings.answer_milliseconds / 1000))
        try:
            outcome = await self._tried(code, source)
        finally:
            await answered
        return outcome

    async def _tried(self, code: str, source: str) -> Outcome:
        index = self._index(code)
        for bucket, most in ((self._bucket(source), self.settings.guesses), (_EVERYBODY, self.settings.guesses_in_all)):
            now = self.clock.now()
            if await self.database.row(store.GUESS, bucket, now, now - _WINDOW, most) is None:
                log.warning("panic.too_many", bucket=bucket)
                return Outcome.TOO_MANY
        row = await self.database.row(store.BY_CODE, index)
        if row is not None and row["state"] == "active":
            await self._block(str(row["account_id"]), index)
        return Outcome.TAKEN

    async def _block(self, account_id: str, index: bytes) -> None:
        now = self.clock.now()

        def transaction() -> Transaction[list[str]]:
            revoked = yield from self.messages.blocking(
                account_id, BlockReason.PANIC, StopReason.BLOCKED, actor="person", now=now
            )
            yield from run(store.USE, index, now)
            return revoked

        self.messages.wake_blocked(account_id, await self.database.transact(transaction))

    async def forget_guesses(self) -> int:
        """Delete counts that are over. Returns how many."""
        return len(await self.database.rows(store.FORGET_GUESSES, self.clock.now() - _KEPT))

    # --- telephone services ------------------------------------------------------------------------------------

    async def telephone_of(self, token: str) -> str:
        """The id of the telephone service that shows this token.

        Raises:
            TelephoneRefused: of none.
        """
        row = await self.database.row(store.BY_TOKEN, sha256(token)) if token else None
        if row is None:
            raise TelephoneRefused
        return str(row["telephone_id"])

    def _index(self, code: str) -> bytes:
        return blind_index(self.keystore.working_key("panic"), f"code {code}")

    def _bucket(self, source: str) -> str:
        # An address is personal data: kept as what finds it again, and no longer than it counts. It stands for its
        # network: nobody has as many guesses as addresses.
        return blind_index(self.keystore.working_key("panic"), f"source {SharedLimits.network(source)}").hex()


@dataclass(frozen=True)
class Telephones:
    """Setting up and taking away telephone services; for operators."""

    database: Database
    clock: Clock
    ids: Ids

    async def add(self, name: str, *, actor: str, token: str | None = None) -> tuple[Telephone, str]:
        """Set one up. Its token is handed out once."""
        now, token = self.clock.now(), token or self.ids.secret()
        telephone = Telephone(self.ids.identifier(), name, now, None)

        def transaction() -> Transaction[None]:
            yield from run(store.ADD_TELEPHONE, telephone.telephone_id, name, sha256(token), now)
            yield from auditing(now, actor=actor, act="telephone.add", subject=telephone.telephone_id)

        await self.database.transact(transaction)
        return telephone, token

    async def remove(self, telephone_id: str, *, actor: str) -> bool:
        """Refuse its token from now on; says whether it was accepted before."""
        now = self.clock.now()

        def transaction() -> Transaction[bool]:
            if (yield from one(store.REMOVE_TELEPHONE, telephone_id, now)) is None:
                return False
            yield from auditing(now, actor=actor, act="telephone.remove", subject=telephone_id)
            return True

        return await self.database.transact(transaction)

    async def telephones(self) -> list[Telephone]:
        """All that were ever set up."""
        return [store.read_telephone(row) for row in await self.database.rows(store.TELEPHONES)]

    async def knows(self, token: str) -> bool:
        """Whether this token is accepted."""
        return await self.database.row(store.BY_TOKEN, sha256(token)) is not None
