"""An installation that serves OpenID Connect over real HTTP, without phones: tests approve in their place."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
import uvicorn
from cryptography import x509
from starlette.applications import Starlette
from starlette.types import ASGIApp

from ipse.actions.service import Actions
from ipse.kernel.clock import SECOND, Clock, SystemClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.keystore import Keystore
from ipse.kernel.settings import Environment, Limit, Limits, Settings
from ipse.oidc import http as oidc_http
from ipse.oidc.service import Provider, build_provider
from ipse.partners.service import PartnerDesk, Partners
from ipse.people.model import AccountState, Enrolled
from ipse.people.service import People
from ipse.signin import http as signin_http
from ipse.signin.service import SignIn
from ipse.storage.database import Database
from ipse.web.assets import routes as asset_routes
from ipse.web.edge import Edge
from ipse.web.pages import Pages
from ipse.web.problems import handlers
from tests.support.approvals import shown_to_a_phone, signed_by_a_phone

PORTS = itertools.cycle(range(18400, 18480))
_GENEROUS = Limit(burst=100_000, per_minute=1_000_000)
_APPROVE = """
update actions_actions set state = 'approved', start = $2, account_id = $3, subject = $4, sealed_shown = $5,
  sealed_approval = $6, decided_at = $7, expires_at = $8, return_hash = $9
where action_id = $1 and state = 'waiting' returning action_id
"""
_REJECT = "update actions_actions set state = 'rejected', decided_at = $2 where action_id = $1 returning action_id"
_ACTION = "select action_id, partner_id, request from actions_actions where handle = $1"


@dataclass(frozen=True)
class Installation:
    """A running installation, and what a phone would do there."""

    settings: Settings
    database: Database
    people: People
    partners: Partners
    actions: Actions
    provider: Provider
    clock: Clock

    @property
    def issuer(self) -> str:
        return self.settings.issuer

    async def new_person(self) -> str:
        """An active account; its id."""
        epoch, now = await self.people.current_epoch(), self.clock.now()
        name = RandomIds().identifier()
        enrolled = Enrolled(
            identity=name,
            phone_number=name,
            language="en",
            level="substantial",
            state=AccountState.ACTIVE,
            why=None,
            acceptances=(),
        )
        account, _, _ = await self.database.transact(lambda: self.people.enrolling(enrolled, epoch=epoch, now=now))
        return account.account_id

    async def approve(
        self,
        handle: str,
        *,
        values: Mapping[str, Any] | None = None,
        declined: frozenset[str] = frozenset(),
        person: str | None = None,
        level: str = "substantial",
    ) -> str:
        """Do what a phone's approval does to the row; returns the subject."""
        action = await self.database.row(_ACTION, handle)
        assert action is not None
        account = person or await self.new_person()
        subject = await self.people.subject(account, action["partner_id"])
        asked = [entry["name"] for entry in msgspec.json.decode(action["request"])["attributes"]]
        known = {name: value for name, value in (values or {}).items() if name in asked}
        shared = tuple(name for name in known if name not in declined)
        key = await self.people.person_key(account)
        waiting = (await self.actions.find(action["action_id"])).action
        shown = shown_to_a_phone(waiting, known, self.actions.confidential(waiting), level=level)
        seal = self.actions.sealed
        now = self.clock.now()
        row = await self.database.row(
            _APPROVE, action["action_id"], "qr", account, subject,
            seal(key, action["action_id"], "sealed_shown", shown),
            seal(key, action["action_id"], "sealed_approval", signed_by_a_phone(shown, shared)),
            now, now + 180 * SECOND, None,
        )  # fmt: skip
        assert row is not None
        return subject

    async def reject(self, handle: str) -> None:
        """Do what a phone's refusal does to the row."""
        action = await self.database.row(_ACTION, handle)
        assert action is not None
        await self.database.rows(_REJECT, action["action_id"], self.clock.now())


def settings_at(port: int, database_url: str) -> Settings:
    """Settings of a sandbox on a loopback port, with limits that tests do not reach."""
    return Settings(
        environment=Environment.SANDBOX,
        base_url=f"http://localhost:{port}",
        app_origin=f"http://localhost:{port + 1}",
        database=database_url,
        keystore="file:/nowhere",
        limits=Limits(page=_GENEROUS, partner=_GENEROUS, wait=_GENEROUS, phone=_GENEROUS),
    )


def build(
    settings: Settings,
    keystore: Keystore,
    database: Database,
    *,
    clock: Clock,
    authorities: tuple[x509.Certificate, ...] = (),
) -> tuple[Installation, ASGIApp]:
    """Provider and sign-in page, wired as the composition root wires them."""
    ids = RandomIds()
    people = People(database, keystore, clock, ids)
    partners = Partners(database, keystore, clock, settings.environment)
    actions = Actions(database, people, keystore, clock, ids, settings.lifetimes)
    provider = build_provider(
        settings,
        keystore=keystore,
        database=database,
        clock=clock,
        ids=ids,
        desk=PartnerDesk.around(partners, ids=ids, authorities=authorities),
        actions=actions,
    )
    pages = Pages(name=settings.name, ids=ids, packages=("ipse.signin",))
    signin = SignIn(
        actions=actions,
        wakeups=database.wakeups,
        pages=pages,
        endings={"oidc": provider.authorizations},
        app_origin=settings.app_origin,
        clock=clock,
        ids=ids,
    )
    routes = [
        *oidc_http.routes(provider, signin=signin, pages=pages, ids=ids),
        *signin_http.routes(signin),
        *asset_routes(pages.assets),
    ]
    application = Starlette(routes=routes, exception_handlers=handlers(pages.error_page))
    edge = Edge(
        application,
        origin=settings.base_url,
        limits=settings.limits,
        trusted_proxies=(),
        certificate_proxies=settings.certificate_proxies,
        clock=clock,
        ids=ids,
    )
    return Installation(settings, database, people, partners, actions, provider, clock), edge


@asynccontextmanager
async def serving(keystore: Keystore, database: Database, *, clock: Clock | None = None) -> AsyncIterator[Installation]:
    """Serve on a port of our range for as long as the context lasts."""
    port = next(port for port in PORTS if is_free(port))
    settings = settings_at(port, "sqlite:///given")
    installation, application = build(settings, keystore, database, clock=clock or SystemClock())
    async with listening(application, port):
        yield installation
    await installation.provider.request_log.close()


def is_free(port: int) -> bool:
    """Whether nobody listens there: another test run may be under way on this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@asynccontextmanager
async def listening(application: ASGIApp, port: int) -> AsyncIterator[None]:
    """Listen with uvicorn in this event loop."""
    server = _Server(
        uvicorn.Config(
            application,
            host="127.0.0.1",
            port=port,
            lifespan="off",
            log_level="error",
            proxy_headers=False,  # as the composition root has it: who is a proxy is for us to say
            timeout_graceful_shutdown=1,
        )
    )
    task = asyncio.create_task(server.serve())
    while not server.started:
        if task.done():
            await task
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await task


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
