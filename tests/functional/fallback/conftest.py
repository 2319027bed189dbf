"""A scheme and its world with every switch on, and Noor who has prepared herself."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.functional.enrolment.conftest import four_ports, keystore, serving
from tests.functional.fallback.town import MovingClock, Switch, Town

if TYPE_CHECKING:
    from ipse.kernel.keystore import Keystore
    from ipse.storage.database import Database

__all__ = ["keystore"]


@pytest.fixture
async def town(database: Database, keystore: Keystore, tmp_path: Path) -> AsyncIterator[Town]:
    from ipse.app.composition import build_scheme
    from ipse.cli.world_files import CARD, eid_trust, register_banks, register_partners
    from ipse.enrolment.service.registrars import Registrars
    from ipse.kernel.fraud import Fraud, Rate
    from ipse.kernel.ids import RandomIds
    from ipse.kernel.settings import EidTrust, Environment, Limit, Limits, Settings
    from ipse.sandbox.server import application
    from tests.support.worlds import world_in

    sockets = four_ports()
    sockets.pop().close()  # the world's inboxes listen for mail there
    port = sockets[0].getsockname()[1]
    clock, ids = MovingClock(), RandomIds()
    world = world_in(tmp_path, port)
    plenty = Limit(burst=10_000, per_minute=10_000)
    settings = Settings(
        environment=Environment.SANDBOX,
        base_url=f"http://localhost:{port}",
        app_origin=f"http://localhost:{port + 2}",
        database="",
        keystore="",
        eid=msgspec.convert(eid_trust(tmp_path, world), EidTrust),
        limits=Limits(phone=plenty, enrolment=plenty, page=plenty, partner=plenty),
        fraud=Fraud(proofs=Rate(burst=100, per_hour=100)),
    )
    registrars = Registrars(database, clock, settings.environment)
    await register_banks(registrars, world, actor="test")
    await registrars.keep(CARD, actor="test")
    scheme = await build_scheme(settings, keystore, database, clock=clock, ids=ids)
    switches = {"scheme": Switch(scheme.application), "world": Switch(application(world, clock=clock))}
    async with (
        serving(switches["scheme"], sockets[0]),
        serving(switches["world"], sockets[1], lifespan=True),
        contextlib.AsyncExitStack() as stack,
    ):
        stack.push_async_callback(scheme.close)
        found = Town(settings.base_url, f"http://127.0.0.1:{port + 1}", clock, switches)
        found.database = database
        await register_partners(scheme.partners, world)
        await asyncio.to_thread(found.prepare)
        try:
            yield found
        finally:
            found.close()
    sockets[2].close()
