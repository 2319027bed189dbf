"""Which phones reach `high`, which are refused, and how plainly (B-5), through whole activations."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from ipse.kernel.ids import RandomIds, b64u, sha256
from ipse.phones.service import Phones
from ipse.sandbox.maker import Maker, Wish
from ipse.sandbox.world import World
from ipse.softphone import Activation, Device, Refused, SoftPhone
from ipse.softphone.activation import APP_NAME
from ipse.switches.model import Kind
from tests.functional.enrolment.party import Phone, Stage
from tests.functional.fraud.scene import CODE, ONE_ENGINE, Scene

NUMBER = "+32 400000101"
pytestmark = ONE_ENGINE


async def _activated(stage: Stage, **more: Any) -> dict[str, Any]:
    """Activate a phone, and what it then says of the identity."""
    with SoftPhone(clock=stage.clock) as phone:
        wanted = Activation(base=stage.base, bank="bank-lys", person="ada", code=CODE, **more)
        await asyncio.to_thread(phone.activate, wanted)
        return await asyncio.to_thread(phone.home)


@pytest.mark.parametrize(("attested", "level"), [(True, "high"), (False, "substantial")])
async def test_only_an_attested_phone_reaches_high(stage: Stage, attested: bool, level: str) -> None:
    """At a bank that vouches for `high`: the phone's own key decides the rest."""
    assert (await _activated(stage, attested=attested))["level"] == level
    row = await stage.scheme.database.row("select phone_id from phones_phones")
    assert row is not None
    phones = Phones(stage.scheme.database, stage.scheme.keys, stage.clock, RandomIds())
    kept = (await phones.device(row["phone_id"])).attestation  # for signature activation, which judges it by itself
    assert set(kept or ()) == ({"format", "x5c"} if attested else set())


async def _enrol(stage: Stage, attestation: object) -> None:
    """The first message of an activation, with whatever a phone says of its key."""
    phone = Phone(stage, "ada", "bank-lys", NUMBER)
    configuration = await asyncio.to_thread(phone.writer.configuration, stage.base)

    def compose(state: Any) -> Any:
        return phone.writer.signed(
            state, "enrol", "enrol", device_key=state.key.public(), language="en", phone_number=NUMBER,
            registrar="bank-lys", accepted=configuration.accepted("en"), app={"name": APP_NAME, "version": "1.0.0"},
            device={}, attestation=attestation(state) if callable(attestation) else attestation,
        )  # fmt: skip

    await asyncio.to_thread(phone.channel.exchange, "enrol", compose)


def _said(maker: Maker, stage: Stage, **how: Any) -> Callable[[Any], dict[str, Any]]:
    challenge = b64u(sha256(how.pop("challenge", f"ipse device key attestation v1\n{stage.base}/v2")))
    key = how.pop("key", None)
    return lambda state: maker.attest(Wish(x=(key or state.key).x, y=(key or state.key).y, challenge=challenge, **how))


@pytest.fixture
def maker(stage: Stage, tmp_path: Any) -> Maker:
    """The maker whose root this installation believes."""
    return Maker.load(tmp_path / "world" / "maker")


async def test_a_forged_attestation_is_refused_with_its_reason(stage: Stage, maker: Maker, tmp_path: Any) -> None:
    """Each forgery for what it is; none of them leaves an activation behind."""
    other = Maker.create(tmp_path / "another maker")
    forgeries: dict[str, tuple[object, str]] = {
        "another maker": (_said(other, stage), "the chain is broken"),
        "software": (_said(maker, stage, level=0), "not in secure hardware"),
        "unlocked": (_said(maker, stage, locked=False), "unlocked"),
        "another system": (_said(maker, stage, boot=2), "unlocked"),
        "made for another scheme": (_said(maker, stage, challenge="another"), "attested for something else"),
        "garbage": ({"format": "android-key", "x5c": ["AAAA", "AAAA"]}, "something else than certificates"),
        "another format": ({"format": "apple-appattest"}, "android-key"),
    }
    for name, (attestation, reason) in forgeries.items():
        with pytest.raises(Refused) as refused:
            await _enrol(stage, attestation)
        assert (name, refused.value.code) == (name, "attestation_refused")
        assert reason in str(refused.value.fields["detail"]), (name, refused.value.fields)
    assert await stage.count("select count(*) as n from enrolment_enrolments") == 0


async def test_an_attestation_counts_for_its_own_key_alone(stage: Stage, maker: Maker) -> None:
    """Somebody else's certificate does not make a key a key in hardware."""
    theirs = Phone(stage, "ada", "bank-lys", NUMBER).store.load().key
    with pytest.raises(Refused) as refused:
        await _enrol(stage, _said(maker, stage, key=theirs))
    assert refused.value.code == "attestation_refused"


async def test_an_unsafe_phone_is_refused_when_it_is_activated(stage: Stage) -> None:
    for device, why in ((Device(rooted=True), "rooted"), (Device(debug_enabled=True), "debugged")):
        with pytest.raises(Refused) as refused:
            await _activated(stage, device=device)
        assert (refused.value.code, refused.value.why) == ("phone_refused", why)


async def test_a_phone_that_became_unsafe_or_old_claims_nothing(scene: Scene) -> None:
    """Told plainly at the claim; the request stays open, and a safe, new app claims it."""
    page = await scene.browser().start()
    for device, code in (
        (Device(rooted=True), "phone_refused"),
        (Device(debug_enabled=True), "phone_refused"),
        (Device(app_release="0.9.9"), "app_too_old"),
    ):
        unsafe = SoftPhone(scene.phone.store, clock=scene.stage.clock, device=device)
        with unsafe, pytest.raises(Refused) as refused:
            await asyncio.to_thread(unsafe.claim, page.qr)
        assert refused.value.code == code
    assert refused.value.fields["minimum_app_version"] == "1.0.0"
    assert (await scene.approve(await scene.claim(page.qr))).outcome == "approved"


class TestRevoked:
    """A maker tells that the key in a batch of phones has leaked: `phones.revoked`."""

    @pytest.fixture
    def revoked(self) -> Callable[[World], tuple[str, ...]]:
        return lambda world: (f"{world.maker.batch.serial_number:x}",)

    async def test_phones_of_a_revoked_batch_are_refused(self, stage: Stage) -> None:
        with pytest.raises(Refused) as refused:
            await _activated(stage, attested=True)
        assert refused.value.code == "attestation_refused"
        assert "revoked" in str(refused.value.fields["detail"])


async def test_a_model_that_the_hardware_says_is_switched_off_whatever_the_phone_says(
    stage: Stage, maker: Maker
) -> None:
    """B-72: what is attested counts, where the hardware says it at all."""
    switches = stage.scheme.switches
    await switches.turn(Kind.PHONE_MODEL, "Pixel 8", off=True, because="case 12", actor="staff:ann")
    with pytest.raises(Refused) as refused:
        await _enrol(stage, _said(maker, stage, model="Pixel 8"))
    assert refused.value.code == "phone_model_off"
