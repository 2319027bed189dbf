"""The process: a public listener and one for registration, lists and certificates that renew themselves, a stop."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec
import structlog
import uvicorn
from starlette.types import ASGIApp

from ipse.certification import ceremony, keys, store
from ipse.certification.applicants import read_clients
from ipse.certification.authority import Authority
from ipse.certification.errors import NotReadyError
from ipse.certification.http import Counting, Public, Registration
from ipse.certification.keys import PrivateKey, PublicKey
from ipse.certification.lists import Lists
from ipse.certification.profiles import Issuing, Pair, moment
from ipse.certification.responder import Responder
from ipse.certification.settings import CertificationSettings, Tls
from ipse.certification.timestamps import TimeStamps
from ipse.kernel.clock import Clock, SystemClock
from ipse.kernel.ids import Ids, RandomIds
from ipse.kernel.limits import TokenBuckets
from ipse.kernel.settings import Address, Environment, SettingsError
from ipse.process.connections import BoundedProtocol
from ipse.process.memory import keep_memory_private
from ipse.process.servers import Server, bound, stop_when_told
from ipse.process.times import kernel_clock_is_synchronised
from ipse.storage.database import Database, open_database
from ipse.storage.errors import DatabaseUnavailableError
from ipse.storage.migrations import migrate, pending

log = structlog.get_logger("ipse.certification")
HISTORY: Final = "ipse.certification.migrations"
_TICK_SECONDS: Final = 30
_GRACE_SECONDS: Final = 3
_CONNECTIONS: Final = 400


class Patient(BoundedProtocol):
    """One connection, which ends sooner when a request does not arrive."""

    seconds = 15.0


@dataclass
class OwnPair:
    """One of the service's own keys with a certificate that holds, renewed in time."""

    authority: Authority
    kind: str
    key: PrivateKey
    days: int
    renew_at: float
    """What part of it may be left when it is renewed."""
    _held: Pair | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def pair(self) -> Pair:
        """Key and certificate."""
        held = self._held
        if held is not None and self._is_fresh(held):
            return held
        async with self._turn:
            self._held = await self.authority.own(self.kind, self.key, days=self.days, renew_at=self.renew_at)
            return self._held

    def _is_fresh(self, held: Pair) -> bool:
        certificate = held.certificate
        length = certificate.not_valid_after_utc - certificate.not_valid_before_utc
        return moment(self.authority.clock.now()) < certificate.not_valid_after_utc - length * self.renew_at


@dataclass(frozen=True)
class Service:
    """Everything put together."""

    settings: CertificationSettings
    database: Database
    authority: Authority
    public: Public
    registration: Registration
    own: tuple[OwnPair, ...]

    async def keep_up(self) -> None:
        """Lists and own certificates that are due."""
        await self.authority.lists.keep_up()
        for each in self.own:
            await each.pair()


@asynccontextmanager
async def composed(settings: CertificationSettings, clock: Clock, ids: Ids) -> AsyncIterator[Service]:
    """The service, with a list that says how things are now.

    Raises:
        SettingsError: keys or certificates cannot be used, or are not of this environment.
        NotReadyError: the database does not answer.
    """
    folder = Path(settings.folder)
    root, issuing = (ceremony.read_certificate(folder / name) for name in (ceremony.ROOT, ceremony.ISSUING))
    ceremony.check_anchors(settings, root, issuing)
    clients = read_clients(Path(settings.clients))
    passphrase = keys.read_passphrase(settings.keys.passphrase)
    places = (settings.keys.issuing, settings.keys.responder, settings.keys.timestamps)
    opened = [await asyncio.to_thread(keys.open_key, place, passphrase) for place in places]
    public = issuing.public_key()
    if not isinstance(public, PublicKey) or keys.digest_of(public) != keys.digest_of(opened[0].public_key()):
        raise SettingsError("keys.issuing is not the key of issuing.pem")
    database = await opened_database(settings, clock)
    try:
        by = Issuing(settings, Pair(opened[0], issuing))
        authority = Authority(database, by, Lists(database, by, clock), clock, ids)
        answers = OwnPair(authority, "responder", opened[1], settings.responder_days, 0.5)
        stamps = OwnPair(authority, "timestamps", opened[2], settings.timestamp_days, 0.2)
        is_right = kernel_clock_is_synchronised if settings.environment is Environment.PRODUCTION else _always
        service = Service(
            settings,
            database,
            authority,
            Public(
                folder,
                authority,
                Responder(database, by, answers.pair, clock),
                TimeStamps(by, stamps.pair, clock, ids, is_right),
                Counting(
                    TokenBuckets(msgspec.structs.asdict(settings.limits), clock),
                    settings.trusted_proxies,
                    settings.own_addresses,
                ),
            ),
            Registration(authority, root, clients),
            (answers, stamps),
        )
        await authority.lists.make()  # a crash may have come between a change and its list
        await service.keep_up()
        yield service
    finally:
        await database.close()


async def opened_database(settings: CertificationSettings, clock: Clock) -> Database:
    """Its database. A sandbox's is brought up to date; in production the operator does.

    Raises:
        SettingsError: its address is none.
        NotReadyError: it does not answer, or lacks migrations.
    """
    try:
        database = await open_database(settings.database, connections=4)
    except DatabaseUnavailableError as error:
        raise NotReadyError(f"the database cannot be opened ({error}); start it, or mend database") from error
    except ValueError as error:
        raise SettingsError(str(error)) from error
    try:
        await _migrated(settings, database, clock)
        if (broken := await store.first_broken(database)) is not None:
            log.error("audit.broken", line=broken)
    except BaseException:
        await database.close()
        raise
    return database


async def _migrated(settings: CertificationSettings, database: Database, clock: Clock) -> None:
    if settings.is_sandbox:
        await migrate(database, now=clock.now(), package=HISTORY)
    elif missing := await pending(database, package=HISTORY):
        raise NotReadyError(f"the database lacks {len(missing)} migrations; run: ipse certification init")


async def serve(
    settings: CertificationSettings, *, lifeline: int | None = None, ready: Callable[[], None] | None = None
) -> None:
    """Serve until told to stop by a signal, or by the other end of the pipe `lifeline` closing.

    Raises:
        SettingsError: settings, keys or certificates cannot be used.
        NotReadyError: the database does not answer.
    """
    if settings.environment is Environment.PRODUCTION:
        keep_memory_private()
    if any(place.startswith("file:") for place in (settings.keys.issuing, settings.keys.timestamps)):
        log.warning("keys.in.files", told="KEYS LIE IN FILES: for sandbox and lab only, production refuses them")
    with bound(settings.listen, NotReadyError) as public, _bound_for(settings) as registration:
        await _serve(settings, public, registration, lifeline=lifeline, ready=ready)


async def _serve(
    settings: CertificationSettings,
    public: socket.socket,
    registration: socket.socket,
    *,
    lifeline: int | None,
    ready: Callable[[], None] | None,
) -> None:
    async with composed(settings, SystemClock(), RandomIds()) as service:
        tls = None if settings.registration.startswith("unix:") else settings.tls
        servers = [_server(service.public.application()), _server(service.registration.application(), tls)]

        def stop() -> None:
            for server in servers:
                server.should_exit = True

        stop_when_told(stop, lifeline)
        loop = asyncio.get_running_loop()
        keeping = loop.create_task(_keep_up(service))
        log.info("serving", public=settings.public_url, registration=settings.registration)
        if ready is not None:
            loop.call_later(0.05, ready)
        try:
            places = ([public], [registration])
            await asyncio.gather(*(server.serve(sockets=place) for server, place in zip(servers, places, strict=True)))
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)


async def _keep_up(service: Service) -> None:
    while True:
        await asyncio.sleep(_TICK_SECONDS)
        try:
            await service.keep_up()
        except Exception as error:  # noqa: BLE001 - tried again soon; answers go on meanwhile
            log.warning("keep_up.failed", error=type(error).__name__)


def _bound_for(settings: CertificationSettings) -> AbstractContextManager[socket.socket]:
    """Where registration listens."""
    if settings.registration.startswith("unix:"):
        return _bound_path(Path(settings.registration.removeprefix("unix:")))
    parts = urlsplit(settings.registration)
    return bound(Address(parts.hostname or "127.0.0.1", parts.port or 443), NotReadyError)


@contextmanager
def _bound_path(path: Path) -> Iterator[socket.socket]:
    """A socket that its owner alone may open. The public port is ours already, so an old one is nobody's."""
    if path.exists() and not path.is_socket():
        raise SettingsError(f"registration: {path} is something else than a socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        try:
            path.unlink(missing_ok=True)
            listener.bind(str(path))
            path.chmod(0o660)
        except OSError as error:
            raise NotReadyError(f"cannot listen on {path}: {error.strerror}") from error
        yield listener


def _server(application: ASGIApp, tls: Tls | None = None) -> Server:
    config = uvicorn.Config(
        application,
        http=Patient,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    config.load()
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(tls.certificate, tls.key)
        except (ssl.SSLError, OSError) as error:
            raise SettingsError("tls: certificate and key are missing, or do not belong together") from error
        config.ssl = context
    return Server(config)


def _always() -> bool:
    return True
