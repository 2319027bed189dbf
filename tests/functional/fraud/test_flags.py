"""Flags on both databases: what SQL reckons is what Python reckons, and parallel reports all count."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ipse.app.keystores import create_keystore, open_keystore
from ipse.fraud.rules.decay import decayed
from ipse.fraud.service.flags import Flags
from ipse.kernel.clock import FrozenClock
from ipse.kernel.fraud import Fraud
from ipse.kernel.ids import RandomIds
from ipse.storage.database import Database

HALF_LIFE = 3600


@pytest.fixture
def flags(database: Database, tmp_path: Path) -> Flags:
    address = f"file:{tmp_path / 'keystore.json'}"
    create_keystore(address, RandomIds())
    settings = Fraud(half_life_hours=1, reports_warn=2, reports_refuse=3)
    return Flags(settings, database, open_keystore(address), FrozenClock())


async def report(flags: Flags, person: str, network: str = "n") -> None:
    now = flags.clock.now()
    await flags.database.transact(lambda: flags.reporting(person, "shop", network, now=now))


async def pair(flags: Flags) -> float:
    return next(flag.weight for flag in await flags.all() if flag.kind == "pair")


async def test_sql_and_python_reckon_the_same(flags: Flags) -> None:
    clock, expected = flags.clock, 0
    assert isinstance(clock, FrozenClock)
    for turn, pause in enumerate((0, 1, 1800, 3600, 5000, 90, 400_000)):
        clock.advance(seconds=pause)
        expected = decayed(expected, elapsed=pause, half_life=HALF_LIFE) + 1000
        await report(flags, f"person {turn}")
        assert await pair(flags) == expected / 1000


async def test_parallel_reports_all_count_each_person_once(flags: Flags) -> None:
    await asyncio.gather(*(report(flags, f"person {turn % 10}") for turn in range(30)))
    assert await pair(flags) == 10
    assert await flags.warned("shop", "n")
    assert not await flags.warned("shop", "elsewhere")
    assert not await flags.warned("bank", "n")


async def test_requests_without_a_network_need_ten_times_as_much(flags: Flags) -> None:
    """A few people cannot silence a partner's back end for everybody."""
    for turn in range(29):
        await report(flags, f"person {turn}", network="")
    now = flags.clock.now()
    assert not await flags.database.transact(lambda: flags.refusing("shop", "", now=now))
    for turn in (29, 30):
        await report(flags, f"person {turn}", network="")
    assert await flags.database.transact(lambda: flags.refusing("shop", "", now=now))


async def test_what_is_worth_nothing_is_forgotten(flags: Flags) -> None:
    clock = flags.clock
    assert isinstance(clock, FrozenClock)
    await report(flags, "ada")
    clock.advance(seconds=41 * HALF_LIFE)
    await flags.forget()
    assert await flags.all() == []
