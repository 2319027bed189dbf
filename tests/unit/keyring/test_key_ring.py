"""Keys in the database of several processes: taken over, rotated once, sealed, deleted; and killed in the middle."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ipse.app.keystores import LoadedKeystore, create_keystore, open_keystore
from ipse.audit.service import Audit
from ipse.kernel.clock import FrozenClock, SystemClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import SettingsError
from ipse.keyring.errors import RotationPendingError, RotationRaceError, UnknownKeySetError
from ipse.keyring.model import KeyState, Plan
from ipse.keyring.rules import SPREAD_SECONDS
from ipse.keyring.service import KeyRing
from ipse.phones.errors import MalformedMessageError
from ipse.phones.service import Phones
from ipse.standards import phone_channel
from ipse.standards.jose import new_private_jwk
from ipse.storage.database import Database, open_database

if TYPE_CHECKING:
    from collections.abc import Mapping

DAY = 86_400
PLAN = Plan(announcement=DAY, overlap=DAY, rotation=90 * DAY)


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory) -> str:
    location = f"file:{tmp_path_factory.mktemp('keys')}/keystore.json"
    create_keystore(location, RandomIds())
    return location


@pytest.fixture(scope="module")
def keystore(location: str) -> LoadedKeystore:
    return open_keystore(location)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
async def ring(database: Database, keystore: LoadedKeystore, clock: FrozenClock) -> KeyRing:
    ring = KeyRing(database, keystore, clock, PLAN)
    await ring.load()
    return ring


@asynccontextmanager
async def another(url: str, keystore: LoadedKeystore, clock: FrozenClock) -> AsyncIterator[KeyRing]:
    """The ring of another process."""
    database = await open_database(url, connections=2)
    try:
        yield KeyRing(database, keystore, clock, PLAN)
    finally:
        await database.close()


def kids(jwks: tuple[Mapping[str, str], ...]) -> list[str]:
    return [jwk["kid"] for jwk in jwks]


async def test_the_keystores_own_keys_are_the_first_generation(
    database_url: str, database: Database, keystore: LoadedKeystore, clock: FrozenClock
) -> None:
    """Also when several processes start at the same moment."""
    async with another(database_url, keystore, clock) as second:
        first = KeyRing(database, keystore, clock, PLAN)
        await asyncio.gather(first.load(), second.load(), first.load(), second.load())
        for use in ("oidc", "registrar", "phone_channel"):
            own = {jwk["kid"]: jwk for jwk in keystore.signing_keys(use)}
            for ring in (first, second):
                held = ring.held_keys(use)
                assert {jwk["kid"]: jwk for jwk in held.held} == own
                assert held.current == held.published == held.held
                assert ring.held_keys(use) is held, "the same object until something changes"


async def test_what_a_keystore_had_retired_before_stays_until_its_time(
    database: Database, keystore: LoadedKeystore, clock: FrozenClock
) -> None:
    """A keystore file of an earlier release, rotated there: the older generation keeps its overlap."""
    older = [new_private_jwk("ES256"), new_private_jwk("ECDH-ES")]
    newer = [new_private_jwk("ES256"), new_private_jwk("ECDH-ES")]

    class Rotated(LoadedKeystore):
        def __init__(self) -> None:
            self.working_key = keystore.working_key  # type: ignore[method-assign]

        def signing_keys(self, use: str) -> list[dict[str, str]]:
            return [*newer, *older] if use == "oidc" else [new_private_jwk("ES256")]

    ring = KeyRing(database, Rotated(), clock, PLAN)
    await ring.load()
    held = ring.held_keys("oidc")
    assert kids(held.current) == kids(tuple(newer))
    assert kids(held.published) == [*kids(tuple(newer)), older[0]["kid"]]
    assert set(kids(held.held)) == set(kids((*newer, *older)))
    clock.advance(seconds=4 * DAY)
    assert set(kids(ring.held_keys("oidc").held)) == set(kids(tuple(newer)))


async def test_a_rotation_is_announced_then_used_and_the_old_keys_end(
    ring: KeyRing, database: Database, clock: FrozenClock
) -> None:
    """S-15, T-22, with the clock at each step; each change is in the audit log."""
    old = set(kids(ring.held_keys("oidc").held))
    rotated = await ring.rotate("oidc", actor="test")
    new = set(rotated.kids)
    assert (len(new), set(rotated.replaced)) == (3, old)

    def seen() -> tuple[set[str], set[str], set[str]]:
        held = ring.held_keys("oidc")
        return set(kids(held.current)), set(kids(held.published)), set(kids(held.held))

    assert seen() == (old, old, old | new)
    with pytest.raises(RotationPendingError, match="announced already and in use from 2026-09-22"):
        await ring.rotate("oidc", actor="test")
    clock.advance(seconds=SPREAD_SECONDS)
    assert seen() == (old, old | new, old | new)
    assert set(kids(ring.held_keys("oidc").published)[:3]) == old, "those in use come first"
    clock.advance(seconds=DAY)
    signing = {jwk["kid"] for jwk in ring.held_keys("oidc").held if jwk["use"] == "sig"}
    assert seen() == (new, new | (old & signing), old | new)
    clock.advance(seconds=DAY)
    assert seen() == (new, new, new | (old - signing))
    clock.advance(seconds=DAY + 3600)
    assert seen() == (new, new, new)
    assert {state for key, state in ring.states("oidc") if key.kid in old} == {KeyState.GONE}
    clock.advance(seconds=3601)
    await ring.follow_schedule()
    assert {key.kid for key, _ in ring.states("oidc")} == new, "the material is deleted"
    lines = [line async for line in Audit(database).lines()]
    assert [line.act for line in lines] == ["keys.rotate", "keys.destroy", "keys.destroy", "keys.destroy"]
    assert (lines[0].actor, lines[0].subject) == ("test", "oidc")
    assert set(rotated.kids) <= set(json.loads(lines[0].details)["kids"])


async def test_in_an_emergency_even_announced_keys_go(ring: KeyRing, clock: FrozenClock) -> None:
    old = set(kids(ring.held_keys("oidc").held))
    announced = await ring.rotate("oidc", actor="test")
    clock.advance(seconds=60)
    urgent = await ring.rotate("oidc", urgent=True, actor="test")
    assert set(urgent.replaced) == old | set(announced.kids)
    clock.advance(seconds=SPREAD_SECONDS)
    held = ring.held_keys("oidc")
    assert set(kids(held.current)) == set(kids(held.published)) == set(kids(held.held)) == set(urgent.kids)


async def test_the_schedule_makes_one_generation_whoever_looks(
    database_url: str, database: Database, ring: KeyRing, keystore: LoadedKeystore, clock: FrozenClock
) -> None:
    """Several servers of one installation, one row that decides; and the next one 90 days later."""
    async with another(database_url, keystore, clock) as second:
        await second.load()
        assert await ring.follow_schedule() == []
        for _ in range(2):
            clock.advance(seconds=90 * DAY)
            made = await asyncio.gather(ring.follow_schedule(), second.follow_schedule(), ring.follow_schedule())
            assert sorted(one.key_set for ones in made for one in ones) == ["oidc", "phone_channel", "registrar"]
            clock.advance(seconds=DAY + SPREAD_SECONDS)
            await asyncio.gather(ring.refresh(), second.refresh())
            for use in ("oidc", "registrar", "phone_channel"):
                assert kids(ring.held_keys(use).held) == kids(second.held_keys(use).held)
        lines = [line async for line in Audit(database).lines() if line.act == "keys.rotate"]
        assert (len(lines), {line.actor for line in lines}) == (6, {"system"})


async def test_of_two_operators_one_rotates(
    database_url: str, ring: KeyRing, keystore: LoadedKeystore, clock: FrozenClock
) -> None:
    async with another(database_url, keystore, clock) as second:
        await second.load()
        both = await asyncio.gather(
            *(one.rotate("registrar", urgent=True, actor="test") for one in (ring, second)), return_exceptions=True
        )
        lost = [one for one in both if isinstance(one, BaseException)]
        # When one has finished before the other reads, both count, one after the other.
        assert all(isinstance(error, RotationRaceError) for error in lost)
        generations = {key.generation for key, _ in ring.states("registrar")}
        assert len(generations) == 3 - len(lost)


async def test_another_process_takes_new_keys_within_seconds(
    database_url: str, ring: KeyRing, keystore: LoadedKeystore, clock: FrozenClock
) -> None:
    """Woken, not restarted."""
    async with another(database_url, keystore, clock) as second:
        await second.load()
        task = asyncio.create_task(second.keep_up())
        await asyncio.sleep(0.1)
        rotated = await ring.rotate("oidc", actor="test")
        began = time.monotonic()
        while not set(rotated.kids) <= set(kids(second.held_keys("oidc").held)):
            assert time.monotonic() - began < 10
            await asyncio.sleep(0.02)
        task.cancel()


async def test_a_set_that_does_not_exist_is_named(ring: KeyRing) -> None:
    with pytest.raises(UnknownKeySetError, match="no key set 'nothing'; there are oidc, registrar, phone_channel"):
        await ring.rotate("nothing", actor="test")


async def test_keys_are_sealed_in_their_place(
    ring: KeyRing, database: Database, keystore: LoadedKeystore, tmp_path: Path, clock: FrozenClock
) -> None:
    """T-2: no private member stands in the database, another keystore opens nothing, no key moves to another set."""
    jwks = [jwk for use in ("oidc", "phone_channel") for jwk in ring.held_keys(use).held]
    rows = await database.rows("select kid, sealed from keyring_keys")
    assert not [row for row in rows if any(jwk["d"].encode() in bytes(row["sealed"]) for jwk in jwks)]
    stranger = f"file:{tmp_path}/other.json"
    create_keystore(stranger, RandomIds())
    with pytest.raises(SettingsError, match="does not open: it is another keystore's, or was changed"):
        await KeyRing(database, open_keystore(stranger), clock, PLAN).load()
    await database.rows("update keyring_keys set key_set = 'oidc' where key_set = 'phone_channel' returning kid")
    with pytest.raises(SettingsError, match="or was changed"):
        await KeyRing(database, keystore, clock, PLAN).load()


async def test_an_app_that_keeps_an_old_configuration_still_reaches_us(
    ring: KeyRing, database: Database, clock: FrozenClock
) -> None:
    """The phone channel's key changes under apps that stay open; after an emergency they fetch the new one."""
    phones = Phones(database, ring, clock, RandomIds())
    device = phone_channel.private_key(new_private_jwk("ES256"))
    compact = phone_channel.sign(device, "p1", {"v": 1})

    def opens(jwks: dict[str, list[dict[str, str]]]) -> bool:
        try:
            phones.open_sealed(phone_channel.seal(jwks["keys"][0], compact, b"proof"))
        except MalformedMessageError:
            return False
        return True

    configurations = [phones.channel_jwks()]
    for _ in range(2):
        await ring.rotate("phone_channel", actor="test")
        for seconds in (1, SPREAD_SECONDS, DAY, DAY):
            clock.advance(seconds=seconds)
            configurations.append(phones.channel_jwks())
            assert all(opens(one) for one in configurations)
    assert len({one["keys"][0]["kid"] for one in configurations}) == 3
    assert {len(one["keys"]) for one in configurations} == {1}
    await ring.rotate("phone_channel", urgent=True, actor="test")
    clock.advance(seconds=SPREAD_SECONDS)
    assert not any(opens(one) for one in configurations)
    assert opens(phones.channel_jwks())


_CHILD = """
import asyncio, sys
from ipse.app.keystores import open_keystore
from ipse.kernel.clock import SystemClock
from ipse.keyring.model import Plan
from ipse.keyring.service import KeyRing
from ipse.storage.database import open_database

async def main():
    database = await open_database(sys.argv[1], connections=2)
    ring = KeyRing(database, open_keystore(sys.argv[2]), SystemClock(), Plan(60, 60, 0))
    await ring.load()
    print("ready", flush=True)
    while True:
        await ring.rotate("registrar", urgent=True, actor="test")

asyncio.run(main())
"""


@pytest.mark.processes
async def test_killed_in_the_middle_a_rotation_happened_wholly_or_not_at_all(
    database_url: str, database: Database, keystore: LoadedKeystore, location: str
) -> None:
    """`kill -9` at any moment: each generation that counts has its keys and its audit line, and the next one works."""
    for milliseconds in (3, 41, 97):
        child = subprocess.Popen([sys.executable, "-c", _CHILD, database_url, location], stdout=subprocess.PIPE)  # noqa: ASYNC220
        assert child.stdout is not None
        await asyncio.to_thread(child.stdout.readline)
        await asyncio.sleep(milliseconds / 1000)
        child.kill()
        await asyncio.to_thread(child.wait)
        child.stdout.close()
    ring = KeyRing(database, keystore, SystemClock(), Plan(60, 60, 0))
    await ring.load()
    rotated = await ring.rotate("registrar", urgent=True, actor="test")
    generations = sorted(key.generation for key, _ in ring.states("registrar"))
    assert generations == list(range(1, len(generations) + 1))
    assert len(generations) > 2, "some were made before a kill"
    audit = Audit(database)
    lines = [line async for line in audit.lines()]
    assert len(lines) == len(generations) - 1
    assert await audit.first_broken() is None
    assert rotated.kids[0] in lines[-1].details
