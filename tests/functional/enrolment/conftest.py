"""A scheme with the simulated banks beside it, over real HTTP on either database, under a clock that tests move."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import uvicorn

from tests.functional.enrolment.party import Stage

if TYPE_CHECKING:
    from ipse.kernel.keystore import Keystore
    from ipse.storage.database import Database

FIRST_PORT = 18500
LAST_PORT = 18590


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@pytest.fixture(scope="session")
def keystore(tmp_path_factory: pytest.TempPathFactory) -> Keystore:
    from ipse.app.keystores import create_keystore, open_keystore
    from ipse.kernel.ids import RandomIds

    location = f"file:{tmp_path_factory.mktemp('keys') / 'keystore.json'}"
    create_keystore(location, RandomIds())
    return open_keystore(location)


@pytest.fixture
def more_settings() -> dict[str, Any]:
    """What a test's installation is told besides; a function is given the world."""
    return {}


@pytest.fixture
async def stage(
    database: Database, keystore: Keystore, tmp_path: Path, more_settings: dict[str, Any]
) -> AsyncIterator[Stage]:
    """Scheme and banks, serving."""
    from ipse.app.composition import build_scheme
    from ipse.cli.world_files import CARD, eid_trust, register_banks
    from ipse.enrolment.service.registrars import Registrars
    from ipse.kernel.clock import FrozenClock
    from ipse.kernel.ids import RandomIds
    from ipse.kernel.settings import EidTrust, Environment, Limit, Limits, Settings
    from ipse.sandbox.server import application
    from tests.support.worlds import world_in

    sockets = four_ports()
    sockets.pop().close()  # the world's inboxes listen for mail there
    port = sockets[0].getsockname()[1]
    clock, ids = FrozenClock(), RandomIds()
    world = world_in(tmp_path, port)
    told = {name: value(world) if callable(value) else value for name, value in more_settings.items()}
    plenty = Limit(burst=10_000, per_minute=10_000)
    settings = Settings(
        environment=Environment.SANDBOX,
        base_url=f"http://localhost:{port}",
        app_origin=f"http://localhost:{port + 2}",
        database="",
        keystore="",
        eid=msgspec.convert(eid_trust(tmp_path, world), EidTrust),
        **{"limits": Limits(phone=plenty, enrolment=plenty, page=plenty, partner=plenty)} | told,
    )
    registrars = Registrars(database, clock, settings.environment)
    await register_banks(registrars, world, actor="test")
    await registrars.keep(CARD, actor="test")
    scheme = await build_scheme(settings, keystore, database, clock=clock, ids=ids)
    outside = application(world, clock=clock)
    async with contextlib.AsyncExitStack() as stack:
        # As a process ends: first who asks, then the servers, at last what those call others with.
        stack.push_async_callback(scheme.close)
        await stack.enter_async_context(serving(scheme.application, sockets[0]))
        await stack.enter_async_context(serving(outside, sockets[1], lifespan=True))
        played = Stage(scheme=scheme, clock=clock, moods=outside.state.moods, port=port, keystore=keystore)
        stack.push_async_callback(played.close)
        yield played
    sockets[2].close()


@contextlib.asynccontextmanager
async def serving(app: Any, listener: socket.socket, *, lifespan: bool = False) -> AsyncIterator[None]:
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, lifespan="on" if lifespan else "off", timeout_graceful_shutdown=1
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn tells it no other way
        await asyncio.sleep(0.01)
    yield
    server.should_exit = True
    await task


def four_ports() -> list[socket.socket]:
    """Four neighbouring free ports, bound."""
    for first in range(FIRST_PORT, LAST_PORT, 4):
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            sockets = []
            for number in range(first, first + 4):
                listener = stack.enter_context(socket.socket())
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind(("127.0.0.1", number))
                listener.listen()  # until then another test run could bind the same port
                sockets.append(listener)
            stack.pop_all()
            return sockets
    pytest.fail(f"no four free ports between {FIRST_PORT} and {LAST_PORT}")
