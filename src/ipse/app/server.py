"""The process: its listeners in one event loop, jobs, an orderly stop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import os
import socket
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

import structlog
import uvicorn
from starlette.types import ASGIApp

from ipse.app.certificates import server_context
from ipse.app.composition import Job, Scheme, build_scheme
from ipse.app.keystores import open_keystore
from ipse.app.metrics import Exposition
from ipse.app.safety import check_database
from ipse.app.traces import tracing
from ipse.audit.service import Audit
from ipse.kernel.clock import SECOND, Clock, SystemClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import Address, Environment, Metrics, Settings, SettingsError
from ipse.process.connections import BoundedProtocol
from ipse.process.memory import keep_memory_private
from ipse.process.servers import Server, stop_when_told
from ipse.storage.database import Database, open_database
from ipse.storage.errors import DatabaseUnavailableError
from ipse.storage.measured import MeasuredDatabase
from ipse.storage.migrations import pending
from ipse.telemetry import metrics
from ipse.telemetry.spans import span
from ipse.web.addresses import by_local_socket

log = structlog.get_logger("ipse.app")
_GRACE_SECONDS = 3
_JOB_SECONDS = 30
_BACKLOG = 4096


class NotReadyError(Exception):
    """The scheme cannot start now; the same settings may do when the cause is mended. Says what to mend."""


class PortTakenError(NotReadyError):
    """Somebody else listens there."""

    def __init__(self, address: Address) -> None:
        super().__init__(f"port {address.port} on {address.host} is taken")
        self.address = address


class Face(StrEnum):
    """An origin that a process serves."""

    ISSUER = "issuer"
    APP = "app"
    STAFF = "staff"


async def serve(
    settings: Settings,
    *,
    lifeline: int | None = None,
    ready: Callable[[], None] | None = None,
    only: Collection[Face] = (),
) -> None:
    """Serve until told to stop by a signal, or by the other end of the pipe `lifeline` closing.

    `only` are the origins that this process serves, where another one serves the others; none named: all.

    Raises:
        SettingsError: the settings or keys cannot be used, or are not safe here.
        NotReadyError: a port is taken, the database does not answer or lacks migrations.
    """
    with contextlib.ExitStack() as sockets:
        # Ports first: a second start by mistake then costs no call to a security module.
        listeners = {face: sockets.enter_context(_bound(address)) for face, address in _faces(settings, only).items()}
        watched = (
            None if settings.metrics is None else sockets.enter_context(_bound(_watched(settings.metrics, listeners)))
        )
        if settings.environment is Environment.PRODUCTION:
            keep_memory_private()
        sockets.enter_context(tracing(settings))
        keystore = open_keystore(settings.keystore, completing=settings.environment is not Environment.PRODUCTION)
        database = MeasuredDatabase(await _open(settings))
        try:
            await check_database(settings, database, keystore)
            head = await Audit(database).head()
            log.info("audit.head", head=str(head))  # kept with the logs, outside the database
            scheme = await build_scheme(settings, keystore, database, clock=SystemClock(), ids=RandomIds())
            collect_garbage_seldom()
            await _run(scheme, settings, listeners, watched, lifeline=lifeline, ready=ready)
        finally:
            await database.close()


def collect_garbage_seldom() -> None:
    """Leave alone what lives as long as the process, and look through the rest less often than Python does by itself.

    Requests leave few cycles behind; looking for them after every 700 new objects costs a tenth of each login.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


async def _open(settings: Settings) -> Database:
    """Open the database, and see that it has its tables."""
    try:
        database = await open_database(settings.database, connections=settings.database_connections)
    except DatabaseUnavailableError as error:
        raise NotReadyError(f"the database cannot be opened ({error}); start it, or mend database") from error
    except ValueError as error:
        raise SettingsError(str(error)) from error
    try:
        missing = await pending(database)
    except DatabaseUnavailableError as error:
        await database.close()
        raise NotReadyError(f"the database cannot be read ({error}); grant its role what it needs") from error
    if missing:
        await database.close()
        raise NotReadyError(f"the database lacks {len(missing)} migrations, first {missing[0]}; run: ipse migrate")
    return database


async def _run(
    scheme: Scheme,
    settings: Settings,
    listeners: Mapping[Face, socket.socket],
    watched: socket.socket | None,
    *,
    lifeline: int | None,
    ready: Callable[[], None] | None,
) -> None:
    applications = {
        Face.ISSUER: scheme.application,
        Face.APP: scheme.app_application,
        Face.STAFF: scheme.staff_application,
    }
    places: list[list[socket.socket] | None] = [[listener] for listener in listeners.values()]
    served = [applications[face] for face in listeners]
    servers = [_server(application, settings) for application in served if application is not None]
    if settings.listen_unix is not None and Face.ISSUER in listeners:
        servers.append(_server(by_local_socket(scheme.application), settings, path=_free(settings.listen_unix)))
        places.append(None)

    if watched is not None:
        servers.append(_server(Exposition(scheme), settings, secure=False))
        places.append([watched])

    def stop() -> None:
        # Parked waits end now: uvicorn would wait for them before telling the application anything.
        scheme.database.wakeups.close()
        for server in servers:
            server.should_exit = True

    stop_when_told(stop, lifeline)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(_running(scheme))
        stack.push_async_callback(scheme.close)
        log.info("serving", issuer=settings.issuer, app=settings.app_origin, environment=settings.environment)
        if ready is not None:
            asyncio.get_running_loop().call_later(0.05, ready)
        await asyncio.gather(*(server.serve(sockets=place) for server, place in zip(servers, places, strict=True)))


def _faces(settings: Settings, only: Collection[Face]) -> dict[Face, Address]:
    """What this process listens at.

    Raises:
        SettingsError: an origin is named that the settings do not have.
    """
    found = {Face.ISSUER: settings.listen, Face.APP: settings.app_listen}
    if settings.staff is not None:
        found[Face.STAFF] = settings.staff.listen
    for face in only:
        if face not in found:
            raise SettingsError(f"there is no {face} origin to serve; add the table [{face}] to the settings")
    return {face: address for face, address in found.items() if not only or face in only}


def _watched(metrics: Metrics, listeners: Mapping[Face, socket.socket]) -> Address:
    """Where this process is measured: one that serves the app's or the staff's origin alone, one or two ports on."""
    first = next(place for place, face in enumerate(Face) if face in listeners)
    return Address(metrics.listen.host, metrics.listen.port + first)


def _free(path: str) -> str:
    """The path of our socket, where none of an earlier process lies any more: the ports are ours, so it is gone.

    Raises:
        SettingsError: a socket cannot be made there.
    """
    place = Path(path)
    try:
        if place.exists() and not place.is_socket():
            raise SettingsError(f"listen_unix {path} is something else than a socket; name another path")
        place.unlink(missing_ok=True)
    except OSError as error:
        raise SettingsError(f"cannot listen on {path}: {error.strerror}; mend listen_unix") from error
    if not os.access(place.parent, os.W_OK | os.X_OK):
        raise SettingsError(f"cannot listen on {path}: its folder is missing or not ours to write; mend listen_unix")
    return path


def _server(application: ASGIApp, settings: Settings, *, path: str | None = None, secure: bool = True) -> Server:
    """A server for a bound port, or for the socket at `path`, which needs no TLS."""
    config = uvicorn.Config(
        application,
        uds=path,
        loop="uvloop",
        http=BoundedProtocol,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,  # RFC 9110 §6.6.1; FAPI suites look for it
        proxy_headers=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    config.load()
    if settings.tls_certificate and settings.tls_key and path is None and secure:
        config.ssl = server_context(settings.tls_certificate, settings.tls_key)
    return Server(config)


@contextmanager
def _bound(address: Address) -> Iterator[socket.socket]:
    """Hold a port, not listening yet: uvicorn begins when everything is built."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address.host, address.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTakenError(address) from error
            raise SettingsError(
                f"cannot listen on {address.host} port {address.port}: {error.strerror}; "
                "mend listen, app_listen or staff.listen"
            ) from error
        listener.setblocking(False)  # noqa: FBT003 - the standard library's own signature
        yield listener


async def _do(name: str, job: Job, clock: Clock) -> None:
    """Run a job once, whatever comes of it."""
    began, outcome = time.perf_counter(), "done"
    try:
        with span(f"job {name}"):
            await job()
        metrics.JOB_SUCCESS.set(clock.now() / SECOND, name)
    except Exception as error:  # noqa: BLE001 - one failing job must not stop the others
        outcome = "failed"
        log.warning("job.failed", job=name, error=type(error).__name__)
    metrics.JOBS.note(time.perf_counter() - began, name, outcome)


@contextlib.asynccontextmanager
async def _running(scheme: Scheme) -> AsyncIterator[None]:
    """Jobs now and then, keys and switches as they change, and news as it comes."""

    async def repeat() -> None:
        while True:
            await asyncio.sleep(_JOB_SECONDS)
            for name, job in scheme.jobs:
                await _do(name, job, scheme.clock)

    tasks = [
        asyncio.get_running_loop().create_task(work)
        for work in (
            repeat(),
            scheme.keys.keep_up(),
            scheme.outbox.keep_up(),
            scheme.switches.keep_up(),
            *(loop() for loop in scheme.loops),
        )
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
