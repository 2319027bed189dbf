"""Accounts, person keys and their epochs, subjects: on both databases."""

from __future__ import annotations

import asyncio
import dataclasses
from base64 import b64encode
from collections.abc import AsyncIterator

import pytest

from ipse.app.keystores import KeyMaterial, LoadedKeystore
from ipse.kernel.clock import FrozenClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.keystore import WORKING_KEY_USES
from ipse.kernel.sealing import UnsealError, unseal
from ipse.people.errors import UnknownAccountError
from ipse.people.model import Acceptance, Account, AccountState, BlockReason, Enrolled
from ipse.people.service import EPOCH_DAYS, People
from ipse.storage.database import Database, open_database
from ipse.storage.statement import Row

DAY = 86_400
ADA = Enrolled(
    language="en",
    level="substantial",
    state=AccountState.ACTIVE,
    why=None,
    identity="BE:85010199916",
    phone_number="+32470000001",
    acceptances=(Acceptance("terms", "1", "en", "0" * 64),),
)


@pytest.fixture(scope="module")
def keystore() -> LoadedKeystore:
    ids = RandomIds()
    return LoadedKeystore(KeyMaterial({use: b64encode(ids.octets(32)).decode() for use in WORKING_KEY_USES}, {}))


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def people(database: Database, keystore: LoadedKeystore, clock: FrozenClock) -> People:
    return People(database, keystore, clock, RandomIds())


@pytest.fixture
async def elsewhere(database_url: str, keystore: LoadedKeystore, clock: FrozenClock) -> AsyncIterator[People]:
    """The same installation in another process: nothing is shared but the database."""
    database = await open_database(database_url)
    yield People(database, keystore, clock, RandomIds())
    await database.close()


async def enrol(people: People, enrolled: Enrolled = ADA) -> tuple[Account, bytes, bool]:
    assert isinstance(people.clock, FrozenClock)
    people.clock.advance(seconds=0.001)
    epoch = await people.current_epoch()
    now = people.clock.now()
    return await people.database.transact(lambda: people.enrolling(enrolled, epoch=epoch, now=now))


async def epochs(database: Database) -> int:
    return len(await database.rows("select epoch from people_epochs"))


def opened(epoch_key: bytes, account_id: str, wrapped: bytes) -> bytes:
    return unseal(epoch_key, wrapped, table="people_accounts", row=account_id, column="wrapped_key")


def epoch_key(keystore: LoadedKeystore, row: Row) -> bytes:
    wrapped = bytes(row["wrapped_key"])
    return unseal(
        keystore.working_key("person"), wrapped, table="people_epochs", row=row["epoch"], column="wrapped_key"
    )


async def test_one_person_has_one_account_and_one_key_for_ever(people: People, elsewhere: People) -> None:
    """B-1: enrolled again, the person is found again; the key never changes."""
    account, key, new = await enrol(people)
    again, same_key, new_again = await enrol(people, dataclasses.replace(ADA, phone_number="+32470000002"))
    assert (new, new_again) == (True, False)
    assert (again.account_id, same_key) == (account.account_id, key)
    assert await people.person_key(account.account_id) == key
    assert await elsewhere.person_key(account.account_id) == key
    other, other_key, _ = await enrol(people, dataclasses.replace(ADA, identity="BE:90020299832"))
    assert other.account_id != account.account_id
    assert other_key != key


async def test_nothing_of_an_identity_is_in_the_clear(people: People, database: Database) -> None:
    await enrol(people)
    row = await database.row("select identity_index, phone_index, wrapped_key from people_accounts")
    assert row is not None
    kept = b"".join(bytes(row[name]) for name in ("identity_index", "phone_index", "wrapped_key"))
    assert b"85010199916" not in kept
    assert b"470000001" not in kept
    assert len(row["identity_index"]) == 32


async def test_what_was_accepted_is_kept_with_version_hash_and_time(people: People, database: Database) -> None:
    """B-3."""
    await enrol(people)
    row = await database.row("select kind, version, language, sha256, accepted_at from people_acceptances")
    assert row is not None
    values = [row[name] for name in ("kind", "version", "language", "sha256", "accepted_at")]
    assert values == ["terms", "1", "en", "0" * 64, people.clock.now()]


async def test_keys_move_to_a_new_epoch_each_month_and_the_old_one_is_destroyed(
    people: People, elsewhere: People, clock: FrozenClock, database: Database
) -> None:
    """A new epoch after 30 days; every living person moves; the old epoch goes, after those who still used it."""
    account, key, _ = await enrol(people)
    first = await people.current_epoch()
    assert await people.rewrap() == 0
    clock.advance(seconds=(EPOCH_DAYS * DAY) - 1)
    assert await people.current_epoch() == first
    clock.advance(seconds=1)
    assert await people.rewrap() == 1
    assert await epochs(database) == 2, "an activation that began before may still wrap under the old one"
    clock.advance(seconds=3601)
    assert await people.rewrap() == 0
    assert await epochs(database) == 1
    assert await people.current_epoch() != first
    assert await elsewhere.person_key(account.account_id) == key
    assert (await enrol(elsewhere))[1] == key


async def test_a_backup_opens_nothing_once_its_epoch_is_destroyed(
    people: People, keystore: LoadedKeystore, clock: FrozenClock, database: Database
) -> None:
    """A deleted person does not come back: what a backup holds of the key opens with no key that exists today."""
    account, key, _ = await enrol(people)
    backup = await database.row("select epoch, wrapped_key from people_accounts")
    old_epoch = await database.row("select epoch, wrapped_key from people_epochs")
    assert backup is not None
    assert old_epoch is not None
    wrapped = bytes(backup["wrapped_key"])
    assert opened(epoch_key(keystore, old_epoch), account.account_id, wrapped) == key, "until then it does open"
    clock.advance(seconds=EPOCH_DAYS * DAY)
    await people.rewrap()
    clock.advance(seconds=3601)
    await people.rewrap()
    remaining = await database.rows("select epoch, wrapped_key from people_epochs")
    assert [row["epoch"] for row in remaining] != [old_epoch["epoch"]]
    for known in (*(epoch_key(keystore, row) for row in remaining), keystore.working_key("person")):
        with pytest.raises(UnsealError):
            opened(known, account.account_id, wrapped)


async def test_many_keys_move_and_two_processes_may_do_it_at_once(
    people: People, elsewhere: People, clock: FrozenClock, database: Database
) -> None:
    kept = {}
    for number in range(30):
        account, key, _ = await enrol(people, dataclasses.replace(ADA, identity=f"BE:{number}"))
        kept[account.account_id] = key
    clock.advance(seconds=EPOCH_DAYS * DAY)
    await people.current_epoch()
    await asyncio.gather(people.rewrap(), elsewhere.rewrap())
    rows = await database.rows("select distinct epoch from people_accounts")
    assert [row["epoch"] for row in rows] == [await people.current_epoch()]
    fresh = People(database, people.keystore, clock, RandomIds())
    assert {account: await fresh.person_key(account) for account in kept} == kept


async def test_a_wrapped_key_opens_only_where_it_was_put(people: People, elsewhere: People) -> None:
    """DESIGN 4: associated data binds it to its row."""
    ada, _, _ = await enrol(people)
    eve, _, _ = await enrol(people, dataclasses.replace(ADA, identity="BE:90020299832"))
    await people.database.rows(
        "update people_accounts set wrapped_key = (select wrapped_key from people_accounts where account_id = $1) "
        "where account_id = $2",
        ada.account_id,
        eve.account_id,
    )
    with pytest.raises(UnsealError):
        await elsewhere.person_key(eve.account_id)


async def test_fifty_first_uses_at_once_make_one_subject(people: People, elsewhere: People, database: Database) -> None:
    """Protocol 1.6: one partner knows one person by one subject, whoever asks first."""
    account, _, _ = await enrol(people)
    subjects = await asyncio.gather(
        *((people, elsewhere)[number % 2].subject(account.account_id, "shop") for number in range(50))
    )
    assert len(set(subjects)) == 1
    assert len(subjects[0]) == 36
    assert subjects[0].isalnum()
    assert subjects[0] == subjects[0].lower()
    rows = await database.rows("select subject from people_subjects")
    assert [row["subject"] for row in rows] == [subjects[0]]


async def test_partners_cannot_compare_their_subjects(people: People) -> None:
    account, _, _ = await enrol(people)
    shop, portal = await people.subject(account.account_id, "shop"), await people.subject(account.account_id, "portal")
    assert shop != portal
    assert shop == await people.subject(account.account_id, "shop")


async def test_a_subject_survives_a_new_activation(people: People) -> None:
    """DESIGN 2: kept through phone and number change."""
    account, _, _ = await enrol(people)
    before = await people.subject(account.account_id, "shop")
    again, _, _ = await enrol(people, dataclasses.replace(ADA, phone_number="+32470000009"))
    assert await people.subject(again.account_id, "shop") == before


async def test_blocking_happens_once_and_a_new_activation_ends_it(people: People, clock: FrozenClock) -> None:
    """B-40: blocked, with why; of two that block at once one is first; only full re-proofing makes it active."""
    account, _, _ = await enrol(people)
    blocked = await asyncio.gather(
        *(
            people.database.transact(
                lambda: people.blocking(account.account_id, BlockReason.WRONG_CODES, now=clock.now())
            )
            for _ in range(5)
        )
    )
    assert sorted(blocked) == [False, False, False, False, True]
    now = await people.account(account.account_id)
    assert (now.state, now.why) == (AccountState.BLOCKED, BlockReason.WRONG_CODES)
    await enrol(people)
    now = await people.account(account.account_id)
    assert (now.state, now.why) == (AccountState.ACTIVE, None)


async def test_nobody_is_told_of_accounts_that_are_not(people: People) -> None:
    with pytest.raises(UnknownAccountError):
        await people.account("nobody")
    with pytest.raises(UnknownAccountError):
        await people.person_key("nobody")


async def test_an_archived_person_has_no_key_and_may_begin_anew(people: People, elsewhere: People) -> None:
    account, _, _ = await enrol(people)
    await people.database.transact(lambda: people.archiving(account.account_id, why="by_person", now=2))
    with pytest.raises(UnknownAccountError):
        await elsewhere.person_key(account.account_id)
    anew, _, new = await enrol(people)
    assert new
    assert anew.account_id != account.account_id
