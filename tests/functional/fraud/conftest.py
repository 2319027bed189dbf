"""A scheme with banks, a table of places, a partner, people with soft phones, and browsers from anywhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ipse.kernel.fraud import Fraud
from ipse.partners.model import AuthMethod, Partner, Preset, Service, ServiceType, preset_algorithms
from ipse.softphone import Activation, SoftPhone
from tests.functional.enrolment.conftest import keystore, stage
from tests.functional.enrolment.party import Stage
from tests.functional.fraud.scene import CODE, PARTNERS, PLACES, Scene

__all__ = ["keystore", "stage"]


@pytest.fixture
def guards() -> dict[str, Any]:
    """Settings against scams that a test changes."""
    return {}


@pytest.fixture
def more_settings(tmp_path: Path, guards: dict[str, Any]) -> dict[str, Any]:
    table = tmp_path / "places.csv"
    table.write_text(PLACES)
    return {"fraud": Fraud(places=str(table), **guards)}


@pytest.fixture
async def scene(stage: Stage) -> AsyncIterator[Scene]:
    for client_id in PARTNERS:
        await _register(stage, client_id)
    with SoftPhone(clock=stage.clock, address="127.0.0.8") as phone:
        wanted = Activation(base=stage.base, bank="bank-vesta", person="ada", code=CODE)
        await asyncio.to_thread(phone.activate, wanted)
        played = Scene(stage, phone)
        yield played
        await played.close()


async def _register(stage: Stage, client_id: str) -> None:
    algorithms = preset_algorithms(Preset.MIGRATING, AuthMethod.CLIENT_SECRET_POST, encryption_key_type=None)
    name = f"Partner {client_id}"
    partner = Partner(client_id, name, "active", AuthMethod.CLIENT_SECRET_POST, None, algorithms)
    partners = stage.scheme.partners
    await partners.register_partner(partner, secret=f"a secret of the partner {client_id}, 256 bits", actor="test")
    for kind, pausing in (("LOGIN", False), ("PAUSED", True)):
        text = dict.fromkeys(("nl", "fr", "de", "en"), kind)
        service = Service(
            code=f"{client_id.upper()}_{kind}",
            partner_id=client_id,
            type=ServiceType.AUTHENTICATION,
            state="active",
            name=text,
            purpose=text,
            redirect_uris=(f"http://127.0.0.1:9/{client_id}/back",),
            contract={},
            pause_during_calls=pausing,
        )
        await partners.register_service(service, actor="test")
