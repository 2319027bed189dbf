"""Accounts, person keys, subjects.

A person's key encrypts everything that says something about them. It is wrapped under an epoch key, and that under the
keystore's working key: the living are re-wrapped every 30 days and old epoch keys destroyed, so that no backup brings a
deleted person back.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids
from ipse.kernel.keystore import Keystore
from ipse.kernel.sealing import blind_index, seal, unseal
from ipse.people import store
from ipse.people.errors import UnknownAccountError
from ipse.people.model import KEPT_YEARS, Account, AccountState, BlockReason, Enrolled, Renewed, Subject
from ipse.storage.copies import copied
from ipse.storage.database import Database
from ipse.storage.errors import DuplicateError
from ipse.storage.statement import Row, Transaction, one, run

EPOCH_DAYS = 30
_KEPT_KEYS = 10_000
_KEPT_SECONDS = 300
_REWRAP_BATCH = 200
_SETTLED_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class _Epoch:
    epoch: str
    key: bytes
    created_at: int


@dataclass
class People:
    """Use cases of accounts."""

    database: Database
    keystore: Keystore
    clock: Clock
    ids: Ids
    _epochs: dict[str, _Epoch] = field(default_factory=dict)
    _keys: OrderedDict[str, tuple[bytes, int]] = field(default_factory=OrderedDict)

    async def account(self, account_id: str) -> Account:
        """The account. Its row brings the person key along, so `person_key` need not ask again.

        Raises:
            UnknownAccountError: there is none.
        """
        return await self._read(await self.database.row(store.ACCOUNT, account_id))

    async def account_known_to(self, account_id: str, partner_id: str) -> tuple[Account, str | None]:
        """The account with the subject that this partner knows it by, if it does, in one statement.

        Raises:
            UnknownAccountError: there is none.
        """
        row = await self.database.row(store.ACCOUNT_AND_SUBJECT, account_id, partner_id)
        return await self._read(row), row["subject"] if row is not None else None

    async def _read(self, row: Row | None) -> Account:
        if row is None:
            raise UnknownAccountError
        account = store.read_account(row)
        if self._kept_key(account.account_id) is None and account.state is not AccountState.ARCHIVED:
            await self._keep_key(account.account_id, row)
        return account

    async def person_key(self, account_id: str) -> bytes:
        """The 32-byte key of this person. It never changes, so this process keeps it for five minutes.

        Raises:
            UnknownAccountError: there is none, or the person was deleted.
        """
        kept = self._kept_key(account_id)
        if kept is not None:
            return kept
        row = await self.database.row(store.KEY, account_id)
        if row is None:
            raise UnknownAccountError
        return await self._keep_key(account_id, row)

    def _kept_key(self, account_id: str) -> bytes | None:
        kept = self._keys.get(account_id)
        fresh = kept is not None and 0 <= self.clock.now() - kept[1] < _KEPT_SECONDS * SECOND
        return kept[0] if kept is not None and fresh else None

    async def _keep_key(self, account_id: str, row: Row) -> bytes:
        epoch = await self._epoch(row["epoch"])
        key = _unwrap(epoch, account_id, bytes(row["wrapped_key"]))
        self._keys[account_id] = (key, self.clock.now())
        self._keys.move_to_end(account_id)
        while len(self._keys) > _KEPT_KEYS:
            self._keys.popitem(last=False)
        return key

    async def current_epoch(self) -> str:
        """The epoch new person keys are wrapped under, made when there is none or it is 30 days old."""
        newest = await self.database.row(store.NEWEST_EPOCH)
        if newest is not None and self.clock.now() - newest["created_at"] < EPOCH_DAYS * 86_400 * SECOND:
            await self._epoch(newest["epoch"])
            return str(newest["epoch"])
        name, key = self.ids.identifier(), self.ids.octets(32)
        wrapped = seal(self._working_key, key, table="people_epochs", row=name, column="wrapped_key")
        await self.database.rows(store.CREATE_EPOCH, name, wrapped, self.clock.now())
        await self._epoch(name)
        return name

    async def rewrap(self) -> int:
        """Wrap every living person's key under the current epoch, then destroy old epochs. Returns how many moved."""
        current = await self._epoch(await self.current_epoch())
        moved = 0
        while rows := await self.database.rows(store.OLD_KEYS, current.epoch, _REWRAP_BATCH):
            for row in rows:
                old = await self._epoch(row["epoch"])
                key = _unwrap(old, row["account_id"], bytes(row["wrapped_key"]))
                wrapped = _wrap(current, row["account_id"], key)
                await self.database.rows(store.REWRAP, row["account_id"], old.epoch, current.epoch, wrapped)
                moved += 1
        if self.clock.now() - current.created_at > _SETTLED_SECONDS * SECOND:
            # Not at once: an activation that began before the new epoch may still wrap under the old one.
            for row in await self.database.rows(store.DESTROY_EPOCHS, current.epoch, current.created_at):
                self._epochs.pop(row["epoch"], None)
        return moved

    def enrolling(self, enrolled: Enrolled, *, epoch: str, now: int) -> Transaction[tuple[Account, bytes, bool]]:
        """Find or create the one living account of this person, inside the activation's transaction.

        `epoch` comes from `current_epoch`. Returns the account, the person key and whether the account is new.

        Raises:
            DuplicateError: the account was made at this very moment by another of the person's documents; try again,
                and it is found.
        """
        identity = blind_index(self.keystore.working_key("identity"), enrolled.identity)
        phone = self.phone_index(enrolled.phone_number)
        activated = now if enrolled.state is AccountState.ACTIVE else None
        found = yield from self._recognised(enrolled)
        if found is None:
            account_id, key = self.ids.identifier(), self.ids.octets(32)
            wrapped = _wrap(self._epochs[epoch], account_id, key)
            yield from run(
                store.CREATE_ACCOUNT, account_id, enrolled.state, enrolled.why, enrolled.language, enrolled.level,
                identity, phone, epoch, wrapped, now, activated, now, enrolled.evidence_expires_at,
            )  # fmt: skip
        else:
            account_id = found["account_id"]
            key = _unwrap(self._epochs[found["epoch"]], account_id, bytes(found["wrapped_key"]))
            yield from run(
                store.RENEW_ACCOUNT, account_id, enrolled.state, enrolled.why, enrolled.language, enrolled.level,
                phone, activated, now, enrolled.evidence_expires_at,
            )  # fmt: skip
        for index in self._identity_indexes(enrolled):
            known = yield from one(store.KNOW_AGAIN, index, account_id, now)
            if known is None and found is None:
                # Nobody was known by it when we looked: the same person's account is being made by another enrolment.
                raise DuplicateError
        for accepted in enrolled.acceptances:
            yield from run(
                store.ACCEPT, account_id, accepted.kind, accepted.version, accepted.language, accepted.sha256, now
            )
        row = yield from one(store.ACCOUNT, account_id)
        if row is None:  # pragma: no cover - written above
            raise UnknownAccountError
        return store.read_account(row), key, found is None

    def recognising(self, enrolled: Enrolled) -> Transaction[tuple[Account, bytes] | None]:
        """The account and key of a person who enrols again, kept from changing until the transaction ends.

        A national number comes before documents. Call `know_epochs` before.
        """
        found = yield from self._recognised(enrolled)
        if found is None:
            return None
        account = store.read_account(found)
        key = _unwrap(self._epochs[found["epoch"]], account.account_id, bytes(found["wrapped_key"]))
        return account, key

    def _recognised(self, enrolled: Enrolled) -> Transaction[Row | None]:
        indexes = self._identity_indexes(enrolled)
        rows = yield from run(store.IDENTITIES, *(indexes[at] if at < len(indexes) else b"" for at in range(4)))
        by_index = {bytes(row["identity_index"]): row["account_id"] for row in rows}
        for index in indexes:
            if index in by_index:
                return (yield from one(store.HOLD_LIVING, by_index[index]))
        return None

    def _identity_indexes(self, enrolled: Enrolled) -> list[bytes]:
        key = self.keystore.working_key("identity")
        return list(dict.fromkeys(blind_index(key, known) for known in (enrolled.identity, *enrolled.also)))[:4]

    def phone_index(self, number: str) -> bytes:
        """The keyed blind index of a phone number."""
        return blind_index(self.keystore.working_key("phone_number"), number)

    async def accounts_of_number(self, number: str) -> list[Account]:
        """The living accounts that a phone number leads to, latest first."""
        rows = await self.database.rows(store.ACCOUNT_BY_PHONE, self.phone_index(number))
        return [await self._read(row) for row in rows]

    def changing_number(self, account_id: str, number: str, *, now: int) -> Transaction[bool]:
        """Let another number lead to this active account; False when it is not active."""
        return (yield from one(store.CHANGE_NUMBER, account_id, self.phone_index(number), now)) is not None

    def archiving(self, account_id: str, *, why: str, now: int) -> Transaction[bool]:
        """Delete a person: their key, everything that finds them, and the subjects, which never come back.

        False when it was done before. The account stays as a shell without personal data, for the audit.
        """
        if (yield from one(store.ARCHIVE, account_id, b"", why, now)) is None:
            return False
        yield from run(store.FORGET_IDENTITIES, account_id)
        yield from run(store.RETIRE_SUBJECTS, account_id, now)
        yield from run(store.FORGET_ACCEPTANCES, account_id)
        return True

    def holding_blocked(self, account_id: str, *, now: int) -> Transaction[None]:
        """Let the operator's block take the place of any other."""
        yield from run(store.HOLD_BLOCKED, account_id, now)

    def releasing(self, account_id: str, *, now: int) -> Transaction[bool]:
        """Lift the operator's block: the account stays blocked until its person activates it again."""
        return (yield from one(store.RELEASE, account_id, now)) is not None

    def forget_key(self, account_id: str) -> None:
        """After `archiving`: this process forgets the key, too."""
        self._keys.pop(account_id, None)

    def renewing(self, account_id: str, renewed: Renewed, *, now: int) -> Transaction[bool]:
        """Give an active account new evidence, inside the transaction that keeps it; False when it is another person's.

        Phone, code, number and subjects stay untouched.
        """
        key = self.keystore.working_key("identity")
        indexes = [blind_index(key, known) for known in renewed.known_by][:4]
        rows = yield from run(store.IDENTITIES, *(indexes[at] if at < len(indexes) else b"" for at in range(4)))
        by_index = {bytes(row["identity_index"]): row["account_id"] for row in rows}
        if next((by_index[index] for index in indexes if index in by_index), None) != account_id:
            return False
        identity = blind_index(key, renewed.identity)
        values = (account_id, renewed.level, identity, renewed.evidence_expires_at, now)
        if (yield from one(store.RENEW_EVIDENCE, *values)) is None:
            return False
        yield from run(store.KNOW_AGAIN, identity, account_id, now)
        return True

    async def know_epochs(self) -> None:
        """Load every epoch key, so that `enrolling` can open any account's key."""
        for row in await self.database.rows(store.EPOCHS):
            self._remember(row["epoch"], bytes(row["wrapped_key"]), row["created_at"])

    def blocking(self, account_id: str, why: BlockReason, *, now: int) -> Transaction[bool]:
        """Block the account; says whether it was not blocked before. Its phones and requests are the caller's."""
        row = yield from one(store.BLOCK, account_id, why, now)
        return row is not None

    def failing(self, account_id: str) -> Transaction[int]:
        """Count a wrong code of any kind; how many there were in a row (B-22)."""
        row = yield from one(store.FAIL, account_id)
        return int(row["failures"]) if row is not None else 0

    def forgiving(self, account_id: str) -> Transaction[None]:
        """After a right code, or full re-proofing: count from nothing again."""
        yield from run(store.FORGIVE, account_id)

    def setting_language(self, account_id: str, language: str, *, now: int) -> Transaction[None]:
        """Keep the person's language."""
        yield from run(store.SET_LANGUAGE, account_id, language, now)

    async def account_of_subject(self, subject: str, partner_id: str) -> str | None:
        """The active account that this partner knows by a subject; None where there is none."""
        row = await self.database.row(store.ACCOUNT_OF_SUBJECT, subject, partner_id)
        return str(row["account_id"]) if row is not None else None

    async def account_of_number(self, phone_number: str) -> str:
        """The active account with this number (`+32 485694175`); empty where there is none."""
        index = blind_index(self.keystore.working_key("phone_number"), phone_number)
        row = await self.database.row(store.ACCOUNT_OF_NUMBER, index)
        return str(row["account_id"]) if row is not None else ""

    async def account_of_identity(self, identity: str) -> str | None:
        """The living account of whoever this identity makes one, as `Enrolled.identity`; None where there is none."""
        index = blind_index(self.keystore.working_key("identity"), identity)
        row = await self.database.row(store.IDENTITIES, index, b"", b"", b"")
        return str(row["account_id"]) if row is not None else None

    def holding(self, account_id: str) -> Transaction[bool]:
        """Keep an active account from changing until the transaction ends; False when it is not active."""
        return (yield from one(store.HOLD, account_id)) is not None

    async def enrolled(self) -> int:
        """How many people have an identity now, blocked ones included."""
        row = await self.database.row(store.ENROLLED)
        return int(row["people"]) if row is not None else 0

    async def some_accounts(self, after: str) -> tuple[str, str] | None:
        """The bounds of the next accounts, in the order of their ids: after the first, up to the second.

        For work on all accounts that must never take one statement for all of them. None after the last.
        """
        row = await self.database.row(store.SOME_ACCOUNTS, after)
        return (after, row["last"]) if row is not None and row["last"] is not None else None

    async def new_people(self, since: int, until: int) -> int:
        """How many accounts were made in a span of time (microseconds UTC) and became an identity."""
        row = await self.database.row(store.NEW_PEOPLE, since, until)
        return int(row["people"]) if row is not None else 0

    async def subject(self, account_id: str, partner_id: str) -> str:
        """The 36 characters by which this partner knows this person: random, made at first use, kept."""
        for _ in range(2):
            row = await self.database.row(store.SUBJECT, account_id, partner_id)
            if row is not None:
                return str(row["subject"])
            subject = self.ids.code()
            try:
                await self.database.rows(store.CREATE_SUBJECT, subject, account_id, partner_id, self.clock.now())
            except DuplicateError:
                continue  # another request of the same moment made it
            return subject
        raise UnknownAccountError

    async def subjects(self, account_id: str) -> list[Subject]:
        """By what partners know this person, or knew them, oldest first."""
        rows = await self.database.rows(store.SUBJECTS, account_id)
        return [Subject(row["subject"], row["partner_id"], row["created_at"], row["retired_at"]) for row in rows]

    def retiring(self, account_id: str, partner_id: str, *, now: int) -> Transaction[str]:
        """Have one partner not know this person again; by what it did, empty where it did not. It never comes back."""
        row = yield from one(store.RETIRE_SUBJECT, account_id, partner_id, now)
        return "" if row is None else str(row["subject"])

    async def shells_over(self) -> list[str]:
        """Deleted accounts of which nothing needs to stay any more."""
        before = self.clock.now() - KEPT_YEARS * 365 * 86_400 * SECOND
        return [row["account_id"] for row in await self.database.rows(store.SHELLS_OVER, before)]

    async def forget_shell(self, account_id: str) -> None:
        """Delete what is left of a deleted account."""
        await self.database.rows(store.FORGET_SUBJECTS, account_id)
        await self.database.rows(store.FORGET_SHELL, account_id)

    async def copy(self, account_id: str) -> dict[str, Any]:
        """What we keep of an account itself, for its person to take along; a duress code is not told of."""
        account = copied(await self.database.rows(store.COPY, account_id))
        account = [
            {**row, "why": BlockReason.BY_PERSON.value} if row["why"] == BlockReason.DURESS else row for row in account
        ]
        subjects = await self.database.rows(store.SUBJECTS, account_id)
        acceptances = await self.database.rows(store.COPY_ACCEPTANCES, account_id)
        identities = await self.database.rows(store.COPY_IDENTITIES, account_id)
        return {
            "account": account,
            "subjects": copied(subjects),
            "acceptances": copied(acceptances),
            "known_again_since": copied(identities),
        }

    @property
    def _working_key(self) -> bytes:
        return self.keystore.working_key("person")

    async def _epoch(self, name: str) -> _Epoch:
        if name not in self._epochs:
            await self.know_epochs()
        return self._epochs[name]

    def _remember(self, name: str, wrapped: bytes, created_at: int) -> None:
        if name not in self._epochs:
            key = unseal(self._working_key, wrapped, table="people_epochs", row=name, column="wrapped_key")
            self._epochs[name] = _Epoch(name, key, created_at)


def _wrap(epoch: _Epoch, account_id: str, key: bytes) -> bytes:
    return seal(epoch.key, key, table="people_accounts", row=account_id, column="wrapped_key")


def _unwrap(epoch: _Epoch, account_id: str, wrapped: bytes) -> bytes:
    return unseal(epoch.key, wrapped, table="people_accounts", row=account_id, column="wrapped_key")


async def count_active(database: Database) -> int:
    """How many people have an identity that lives."""
    row = await database.row(store.COUNT_ACTIVE)
    return 0 if row is None else int(row["people"])
