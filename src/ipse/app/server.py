"""The process: two listeners in one event loop, jobs, an orderly stop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager

import structlog
import uvicorn
from starlette.types import ASGIApp

from ipse.app.composition import Scheme, build_scheme
from ipse.app.keystores import open_keystore
from ipse.app.safety import check_database
from ipse.kernel.clock import SystemClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import Address, Settings
from ipse.storage.database import open_database
from ipse.storage.migrations import pending

log = structlog.get_logger("ipse.app")
_GRACE_SECONDS = 3
_JOB_SECONDS = 30
_BACKLOG = 4096


class _Server(uvicorn.Server):
    """A server whose signals are the process's business."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


async def serve(settings: Settings, *, lifeline: int | None = None, ready: Callable[[], None] | None = None) -> None:
    """Serve until told to stop by a signal, or by the other end of the pipe `lifeline` closing.

    Raises:
        SettingsError, DatabaseUnavailableError: it cannot begin; says why.
    """
    keystore = open_keystore(settings.keystore)
    database = await open_database(settings.database, connections=settings.database_connections)
    try:
        if missing := await pending(database):
            log.error("migrations.pending", names=missing, mend="ipse migrate")
            message = f"the database lacks {len(missing)} migrations; run: ipse migrate"
            raise SystemExit(message)
        await check_database(settings, database)
        scheme = await build_scheme(settings, keystore, database, clock=SystemClock(), ids=RandomIds())
        await _run(scheme, settings, lifeline, ready)
    finally:
        await database.close()


async def _run(scheme: Scheme, settings: Settings, lifeline: int | None, ready: Callable[[], None] | None) -> None:
    servers = [_server(scheme.application, settings), _server(scheme.app_application, settings)]
    sockets = [_listen(settings.listen), _listen(settings.app_listen)]

    def stop() -> None:
        # Parked waits end now: uvicorn would wait for them before telling the application anything.
        scheme.database.wakeups.close()
        for server in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    if lifeline is not None:
        _stop_with(lifeline, stop)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(_running(scheme.jobs))
        stack.push_async_callback(scheme.close)
        log.info("serving", issuer=settings.issuer, app=settings.app_origin, environment=settings.environment)
        if ready is not None:
            loop.call_later(0.05, ready)
        await asyncio.gather(
            *(server.serve(sockets=[listener]) for server, listener in zip(servers, sockets, strict=True))
        )


def _server(application: ASGIApp, settings: Settings) -> _Server:
    return _Server(
        uvicorn.Config(
            application,
            loop="uvloop",
            http="httptools",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            backlog=_BACKLOG,
            timeout_graceful_shutdown=_GRACE_SECONDS,
            ssl_certfile=settings.tls_certificate,
            ssl_keyfile=settings.tls_key,
        )
    )


def _listen(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address.host, address.port))
    listener.listen(_BACKLOG)
    listener.setblocking(False)  # noqa: FBT003 - the standard library's own signature
    return listener


def _stop_with(lifeline: int, stop: Callable[[], None]) -> None:
    """Stop when the pipe's other end closes: a process that started us is gone."""
    loop = asyncio.get_running_loop()

    def readable() -> None:
        if not os.read(lifeline, 1):
            loop.remove_reader(lifeline)
            stop()

    loop.add_reader(lifeline, readable)


@contextlib.asynccontextmanager
async def _running(jobs: list[tuple[str, Callable[[], Awaitable[object]]]]) -> AsyncIterator[None]:
    async def repeat() -> None:
        while True:
            await asyncio.sleep(_JOB_SECONDS)
            for name, job in jobs:
                try:
                    await job()
                except Exception as error:  # noqa: BLE001 - one failing job must not stop the others
                    log.warning("job.failed", job=name, error=type(error).__name__)

    task = asyncio.get_running_loop().create_task(repeat())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
