"""What is switched off: named rightly, once, with its audit line, and known everywhere within five seconds (B-72)."""

from __future__ import annotations

import asyncio

import pytest

from ipse.audit.service import Audit
from ipse.kernel.clock import SystemClock
from ipse.storage.database import Database, open_database
from ipse.switches.errors import AppVersionOff, PhoneModelOff, SwitchRefused
from ipse.switches.model import EVERY, Kind, said_model
from ipse.switches.service import LOOK_SECONDS, Switches

ACTOR = {"because": "case 12", "actor": "staff:ann"}


async def test_off_and_on_again_with_a_line_each(database: Database) -> None:
    switches = Switches(database, SystemClock())
    await switches.turn(Kind.APP_VERSION, " 1.4.2 ", off=True, **ACTOR)
    assert switches.is_off(Kind.APP_VERSION, "1.4.2")
    with pytest.raises(SwitchRefused):
        await switches.turn(Kind.APP_VERSION, "1.4.2", off=True, **ACTOR)
    assert [(each.kind, each.name, each.because) for each in switches.off()] == [("app_version", "1.4.2", "case 12")]
    await switches.turn(Kind.APP_VERSION, "1.4.2", off=False, **ACTOR)
    assert not switches.off()
    with pytest.raises(SwitchRefused):
        await switches.turn(Kind.APP_VERSION, "1.4.2", off=False, **ACTOR)
    lines = [(line.actor, line.act, line.subject) async for line in Audit(database).lines()]
    assert lines == [("staff:ann", f"switch.{way}", "app_version:1.4.2") for way in ("off", "on")]


@pytest.mark.parametrize(
    ("kind", "name"),
    [(Kind.PHONE_MODEL, "  "), (Kind.APP_VERSION, "1 4"), (Kind.SIGNING_KEY, "x"), (Kind.SIGNATURES, "some")],
)
@pytest.mark.parametrize("engine", ["sqlite"])
async def test_no_switch_of_a_name_that_cannot_be(database: Database, kind: Kind, name: str) -> None:
    with pytest.raises(SwitchRefused):
        await Switches(database, SystemClock()).turn(kind, name, off=True, **ACTOR)


async def test_another_process_knows_within_five_seconds_even_when_nobody_wakes_it(database_url: str) -> None:
    here, there = await open_database(database_url), await open_database(database_url)
    try:
        first, second = Switches(here, SystemClock()), Switches(there, SystemClock())
        await second.load()
        following = asyncio.get_running_loop().create_task(second.keep_up())
        await here.transact(lambda: first.turning(Kind.SIGNATURES, EVERY, off=True, **ACTOR))  # and no wake-up
        assert LOOK_SECONDS < 5
        async with asyncio.timeout(5):
            while not second.is_off(Kind.SIGNATURES):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.05)
        following.cancel()
    finally:
        await here.close()
        await there.close()


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a_phone_is_met_by_what_is_attested_and_by_what_it_says(database: Database) -> None:
    switches = Switches(database, SystemClock())
    await switches.turn(Kind.PHONE_MODEL, "Google  Pixel 7", off=True, **ACTOR)
    await switches.turn(Kind.APP_VERSION, "1.4.2", off=True, **ACTOR)
    said = {"manufacturer": "GOOGLE", "deviceModel": "pixel 7"}
    for device, model in ((said, None), ({}, "google pixel 7"), ({"deviceModel": "another"}, "google pixel 7")):
        with pytest.raises(PhoneModelOff):
            switches.check_phone(device=device, model=model, version="1.4.3")
    with pytest.raises(AppVersionOff):
        switches.check_phone(device=None, model=None, version="1.4.2")
    switches.check_phone(device={"manufacturer": "Google"}, model="", version="1.4.3")
    assert [said_model(each) for each in (None, {"deviceModel": 7}, {"deviceModel": "A"})] == ["", "", "a"]
