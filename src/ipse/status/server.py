"""The process: looks at files, keeps the history, tells receivers, serves pages."""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
import uvicorn
from starlette.types import ASGIApp

from ipse.kernel.clock import SECOND, Clock, SystemClock
from ipse.kernel.ids import Ids, RandomIds
from ipse.kernel.settings import SettingsError
from ipse.process.connections import BoundedProtocol
from ipse.process.servers import Server, bound, stop_when_told
from ipse.status.files import INCIDENTS, FileError, IncidentsFile, read
from ipse.status.http import Programs, StatusPages
from ipse.status.service.documents import Documents, Signer
from ipse.status.service.history import History
from ipse.status.service.receivers import Receivers
from ipse.status.service.watch import Watch
from ipse.status.settings import StatusSettings
from ipse.storage.database import Database, open_database
from ipse.storage.errors import DatabaseUnavailableError
from ipse.storage.migrations import migrate
from ipse.web.application import Application
from ipse.web.assets import routes as asset_routes
from ipse.web.edge import Edge
from ipse.web.help import PACKAGE as HELP
from ipse.web.help import PATH as HELP_PATH
from ipse.web.help import HelpPage
from ipse.web.outgoing import Outgoing
from ipse.web.pages import LINKS, Pages
from ipse.web.routes import Route

log = structlog.get_logger("ipse.status")
HISTORY: Final = "ipse.status.migrations"
_GRACE_SECONDS: Final = 3
_CONNECTIONS: Final = 1000
_SEND_SECONDS: Final = 2
_FORGET_SECONDS: Final = 3600


class NotReadyError(Exception):
    """The process cannot start now; says what to mend."""


@dataclass(frozen=True)
class StatusPage:
    """Everything put together."""

    settings: StatusSettings
    watch: Watch
    documents: Documents
    receivers: Receivers
    application: ASGIApp
    routes: list[Route]

    async def look(self) -> None:
        """Look once, and have told what changed."""
        await self.receivers.tell(await self.watch.look())

    async def forget(self) -> None:
        """Lose what is older than pages show."""
        await self.watch.history.forget(self.watch.clock.now() // SECOND)


@asynccontextmanager
async def composed(settings: StatusSettings, clock: Clock, ids: Ids) -> AsyncIterator[StatusPage]:
    """The status page, after a first look.

    Raises:
        SettingsError: its folder or key cannot be used.
        NotReadyError: its database cannot be opened.
    """
    keep = settings.keep
    try:
        await asyncio.to_thread(os.makedirs, keep, mode=0o700, exist_ok=True)
        database = await open_database(f"sqlite://{keep}/status.db")
    except (OSError, DatabaseUnavailableError) as error:
        raise NotReadyError(f"keep {keep} cannot be used: {error}") from error
    outgoing = Outgoing(settings.environment)
    try:
        await migrate(database, now=clock.now(), package=HISTORY)
        page = await _built(settings, database, outgoing, clock, ids)
        await page.look()
        yield page
    finally:
        await outgoing.close()
        await database.close()


async def _built(
    settings: StatusSettings, database: Database, outgoing: Outgoing, clock: Clock, ids: Ids
) -> StatusPage:
    history = History(database)
    await history.load(clock.now() // SECOND, silent_seconds=settings.silent_seconds)
    signer = Signer.of(Path(settings.keep))
    watch = Watch(settings, clock, history)
    pages = Pages(
        name=settings.name,
        ids=ids,
        packages=("ipse.status", HELP),
        links=_links(settings),
        time_zone=settings.time_zone,
    )
    documents = Documents(settings, history, signer)
    routes = [
        *StatusPages(watch, pages).routes(),
        *Programs(watch, documents, pages).routes(),
        *HelpPage(pages, watch.published, lambda: watch.board.severity.is_down).routes(),
        *asset_routes(pages.assets),
    ]
    application = Edge(
        Application(routes, pages.error_page),
        origin=settings.address,
        limits=settings.limits,
        trusted_proxies=settings.trusted_proxies,
        clock=clock,
        ids=ids,
    )
    receivers = Receivers(settings, database, signer, outgoing, clock, ids)
    return StatusPage(settings, watch, documents, receivers, application, routes)


def _links(settings: StatusSettings) -> dict[str, str]:
    """The scheme's notices, by its public address: they are elsewhere. The help centre is here, too."""
    address = settings.issuer_address
    if not address:
        with contextlib.suppress(FileError):
            published = read(Path(settings.folder) / INCIDENTS, IncidentsFile)
            address = published.address if published else ""
    return {name: address + path for name, path in LINKS.items()} | {"help": HELP_PATH}


async def serve(
    settings: StatusSettings, *, lifeline: int | None = None, ready: Callable[[], None] | None = None
) -> None:
    """Serve until told to stop by a signal, or by the other end of the pipe `lifeline` closing.

    Raises:
        SettingsError: the settings, a folder or a key cannot be used.
        NotReadyError: the port is taken, or its own files cannot be opened.
    """
    with bound(settings.listen, NotReadyError) as listener:
        async with composed(settings, SystemClock(), RandomIds()) as page:
            server = _server(page.application, settings)

            def stop() -> None:
                server.should_exit = True

            stop_when_told(stop, lifeline)
            loop = asyncio.get_running_loop()
            tasks = [
                loop.create_task(_repeat("look", page.look, settings.look_seconds)),
                loop.create_task(_repeat("send", page.receivers.send_due, _SEND_SECONDS)),
                loop.create_task(_repeat("forget", page.forget, _FORGET_SECONDS)),
            ]
            log.info("serving", address=settings.address, folder=settings.folder)
            if ready is not None:
                loop.call_later(0.05, ready)
            try:
                await server.serve(sockets=[listener])
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)


async def _repeat(name: str, work: Callable[[], Awaitable[object]], seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - the next look may do; pages show when the last one was
            log.warning("work.failed", work=name, error=type(error).__name__)


def _server(application: ASGIApp, settings: StatusSettings) -> Server:
    config = uvicorn.Config(
        application,
        http=BoundedProtocol,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_CONNECTIONS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    config.load()
    if settings.tls_certificate and settings.tls_key:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(settings.tls_certificate, settings.tls_key)
        except (ssl.SSLError, OSError) as error:
            raise SettingsError("tls_certificate and tls_key are missing, or do not belong together") from error
        config.ssl = context
    return Server(config)
