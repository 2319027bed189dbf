"""The process: one socket, one database, one key store; an orderly start and stop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import structlog
import uvicorn

from ipse.kernel.clock import SystemClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import SettingsError
from ipse.process.memory import keep_memory_private
from ipse.process.servers import Server, stop_when_told
from ipse.signature_activation import migrations, store
from ipse.signature_activation.attestations import open_makers
from ipse.signature_activation.errors import Tampered
from ipse.signature_activation.head_file import HeadFile
from ipse.signature_activation.http import Application
from ipse.signature_activation.keys.file import FileKeys
from ipse.signature_activation.keys.port import Keys
from ipse.signature_activation.lines import Register
from ipse.signature_activation.own_secrets import OwnSecrets, place_of
from ipse.signature_activation.records import Records
from ipse.signature_activation.service import SignatureActivation
from ipse.signature_activation.settings import ActivationSettings
from ipse.storage.database import Database, open_database
from ipse.storage.errors import DatabaseUnavailableError
from ipse.storage.migrations import migrate

log = structlog.get_logger("ipse.signature_activation")
_GRACE_SECONDS = 5
_FORGET_SECONDS = 30


async def prepare(settings: ActivationSettings) -> None:
    """Make keys, secrets and tables where there are none. Again and again without harm.

    Raises:
        SettingsError: the security module or the database refuses.
    """
    settings.database_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = place_of(settings.keys)
    place.make(RandomIds())
    if place.address is not None:
        from ipse.signature_activation.keys.module import ModuleKeys  # noqa: PLC0415 - an extra that some lack

        keys = ModuleKeys(place.address)
        try:
            keys.make_wrapping_key()
        finally:
            keys.close()
    database = await _open_database(settings)
    await database.close()


async def serve(settings: ActivationSettings, *, lifeline: int | None = None) -> None:
    """Serve until told to stop by a signal, or by the other end of the pipe `lifeline` closing.

    Raises:
        SettingsError: settings, keys or database cannot be used, or the database is not the one written last.
    """
    keep_memory_private()
    async with opened(settings) as service:
        with _listening(settings.socket) as listener:
            await _run(service, settings, listener, lifeline)
    log.info("stopped")


@contextlib.asynccontextmanager
async def opened(settings: ActivationSettings) -> AsyncIterator[SignatureActivation]:
    """The service with its database and keys, closed at the end.

    Raises:
        SettingsError: one of them cannot be used.
    """
    secrets = place_of(settings.keys).open()
    makers = open_makers(settings)
    keys = open_keys(settings, secrets)
    clock = SystemClock()
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(keys.close)
        records = await stack.enter_async_context(open_records(settings, secrets))
        try:
            await records.replay()
            await records.note()
        except Tampered as error:
            raise SettingsError(f"{settings.database}: {error}") from error
        threads = ThreadPoolExecutor(settings.threads, thread_name_prefix="keys")
        stack.callback(threads.shutdown)
        yield SignatureActivation(settings, records, keys, makers, secrets.published, secrets.opening(), clock, threads)


@contextlib.asynccontextmanager
async def open_records(
    settings: ActivationSettings, secrets: OwnSecrets, *, alone: bool = True
) -> AsyncIterator[Records]:
    """The database, not replayed yet; `alone` refuses while another process has it."""
    head = HeadFile(settings.database_path.with_suffix(".head"), secrets.audit, alone=alone)
    database = await _open_database(settings)
    try:
        yield Records(database, SystemClock(), secrets.rows, Register(secrets.audit), head)
    finally:
        await database.close()
        head.close()


def open_keys(settings: ActivationSettings, secrets: OwnSecrets) -> Keys:
    """The key store that the settings name; a file with a loud warning."""
    address = place_of(settings.keys).address
    if address is None:
        log.warning(
            "KEYS IN A FILE: whoever can read it can sign for everybody; for development only",
            environment=settings.environment,
        )
        return FileKeys(secrets.wrapping)
    from ipse.signature_activation.keys.module import ModuleKeys  # noqa: PLC0415 - an extra that some lack

    return ModuleKeys(address)


async def _open_database(settings: ActivationSettings) -> Database:
    try:
        database = await open_database(settings.database)
        await database.rows(store.ERASING)
        await migrate(database, now=SystemClock().now(), package=migrations.__name__)
    except (DatabaseUnavailableError, ValueError) as error:
        raise SettingsError(f"the database cannot be opened: {error}") from error
    return database


async def _run(
    service: SignatureActivation, settings: ActivationSettings, listener: socket.socket, lifeline: int | None
) -> None:
    config = uvicorn.Config(
        Application(service),
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    server = Server(config)

    def stop() -> None:
        server.should_exit = True

    stop_when_told(stop, lifeline)
    forgetting = asyncio.get_running_loop().create_task(_forget(service))
    log.info("serving", environment=settings.environment, credentials=len(service.records.register.rows))
    try:
        await server.serve(sockets=[listener])
    finally:
        forgetting.cancel()
        await asyncio.gather(forgetting, return_exceptions=True)


async def _forget(service: SignatureActivation) -> None:
    kept = service.settings.approval_seconds + service.settings.answer_seconds
    while True:
        await asyncio.sleep(_FORGET_SECONDS)
        try:
            await service.records.forget(kept)
        except DatabaseUnavailableError as error:
            log.warning("database.unavailable", error=type(error).__name__)


@contextlib.contextmanager
def _listening(path: str) -> Iterator[socket.socket]:
    """The socket, open to user and group from its first moment. The head file says that no other process has it."""
    place = Path(path)
    before = os.umask(0o117)
    try:
        if place.exists() and not place.is_socket():
            raise SettingsError(f"socket {path} is something else than a socket; name another path")
        place.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(path)
    except OSError as error:
        raise SettingsError(f"cannot listen on {path}: {error.strerror}; mend socket") from error
    finally:
        os.umask(before)
    try:
        listener.setblocking(False)  # noqa: FBT003 - the standard library's own signature
        yield listener
    finally:
        listener.close()
        with contextlib.suppress(OSError):
            place.unlink(missing_ok=True)
