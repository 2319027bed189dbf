"""A phone model or a version of the app that is switched off activates, claims and approves nothing (B-72)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ipse.softphone import Activation, Device, Refused, SoftPhone
from ipse.switches.model import Kind
from tests.functional.enrolment.party import Stage
from tests.functional.fraud.scene import CODE, ONE_ENGINE, Scene

pytestmark = ONE_ENGINE
PIXEL = Device(manufacturer="Google", model="Pixel 7")
ACTOR = {"because": "case 12", "actor": "staff:ann"}


async def _activated(stage: Stage, **more: Any) -> str:
    with SoftPhone(clock=stage.clock) as phone:
        wanted = Activation(base=stage.base, bank="bank-lys", person="ada", code=CODE, **more)
        await asyncio.to_thread(phone.activate, wanted)
        return str((await asyncio.to_thread(phone.home))["account"]["state"])


async def test_it_is_not_activated(stage: Stage) -> None:
    switches = stage.scheme.switches
    await switches.turn(Kind.PHONE_MODEL, "Google Pixel 7", off=True, **ACTOR)
    with pytest.raises(Refused) as refused:
        await _activated(stage, device=PIXEL)
    assert refused.value.code == "phone_model_off"
    await switches.turn(Kind.PHONE_MODEL, "Google Pixel 7", off=False, **ACTOR)
    assert await _activated(stage, device=PIXEL) == "active"
    row = await stage.scheme.database.row("select model, app_version from phones_phones where state = 'active'")
    assert (row or {})["model"] == "google pixel 7"


@pytest.mark.parametrize(
    ("kind", "name", "device", "code"),
    [
        (Kind.PHONE_MODEL, "google pixel 7", PIXEL, "phone_model_off"),
        (Kind.APP_VERSION, "2.0.1", Device(app_release="2.0.1"), "app_version_off"),
    ],
)
async def test_it_claims_and_approves_nothing_until_it_is_on_again(
    scene: Scene, kind: Kind, name: str, device: Device, code: str
) -> None:
    """What was claimed before the switch is not approved after it; it can be refused, and approved once it is on."""
    switches, page = scene.stage.scheme.switches, await scene.browser().start()
    phone = SoftPhone(scene.phone.store, clock=scene.stage.clock, device=device)
    with phone:
        request = await asyncio.to_thread(phone.claim, page.qr)
        await switches.turn(kind, name, off=True, **ACTOR)
        with pytest.raises(Refused) as refused:
            await asyncio.to_thread(phone.approve, request, CODE)
        assert refused.value.code == code
        other = await scene.browser().start()
        with pytest.raises(Refused) as refused:
            await asyncio.to_thread(phone.claim, other.qr)
        assert refused.value.code == code
        assert (await asyncio.to_thread(phone.home))["account"]["state"] == "active", "the identity is not blocked"
        await switches.turn(kind, name, off=False, **ACTOR)
        again = await asyncio.to_thread(phone.claim, other.qr)
        assert (await asyncio.to_thread(phone.approve, again, CODE)).outcome == "approved"
