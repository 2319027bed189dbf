"""The world as one ASGI application and one server process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp

from ipse.kernel.clock import Clock, SystemClock
from ipse.kernel.ids import Ids, RandomIds
from ipse.sandbox.authority import handing_out
from ipse.sandbox.bank import BANKS, Bank
from ipse.sandbox.bank.assertions import Assertions, SchemeKeys
from ipse.sandbox.bank.http import BankPages
from ipse.sandbox.bank.provider import Memory, Provider
from ipse.sandbox.desk import DESK
from ipse.sandbox.desk.client import DeskClient
from ipse.sandbox.desk.http import DeskPages
from ipse.sandbox.desk.museum import MuseumProgram
from ipse.sandbox.desk.visits import DeskVisits
from ipse.sandbox.drawers import Drawer
from ipse.sandbox.eid.http import PATH as EID_PATH
from ipse.sandbox.eid.http import EidPages
from ipse.sandbox.eid.responder import Responder
from ipse.sandbox.eid.slot import Slot
from ipse.sandbox.house import HOUSE
from ipse.sandbox.house.client import HouseClient
from ipse.sandbox.house.http import HousePages
from ipse.sandbox.house.rooms import HouseMemory
from ipse.sandbox.inboxes import Inboxes
from ipse.sandbox.inboxes.http import InboxPages
from ipse.sandbox.inboxes.smtp import PARTY as INBOXES
from ipse.sandbox.inboxes.smtp import MailServer
from ipse.sandbox.moods import Moods, Moody
from ipse.sandbox.notary import NOTARY
from ipse.sandbox.notary.client import NotaryClient
from ipse.sandbox.notary.http import NotaryPages
from ipse.sandbox.notary.visits import NotaryVisits
from ipse.sandbox.operators import OPERATORS
from ipse.sandbox.operators.oauth import Registered
from ipse.sandbox.operators.telecoms import Ground, Telecoms
from ipse.sandbox.overview import OneName, Overview
from ipse.sandbox.partner import PORTAL, SHOP, PartnerProfile
from ipse.sandbox.partner.client import Identity, RelyingParty
from ipse.sandbox.partner.http import PartnerPages
from ipse.sandbox.partner.visits import Visits
from ipse.sandbox.places import CLIENT_ID, Places
from ipse.sandbox.push import PARTY as PUSH
from ipse.sandbox.push import PushPages, PushService
from ipse.sandbox.sight import Sight
from ipse.sandbox.telephone import TelephonePages
from ipse.sandbox.world import World
from ipse.web.assets import Assets
from ipse.web.assets import routes as assets_routes

_SWEEP_SECONDS = 300
_GRACE_SECONDS = 2
_OFFICES = (HOUSE.id, DESK.id, NOTARY.id)
_TELECOMS = tuple(one.id for one in OPERATORS)


@dataclass(frozen=True, slots=True)
class Stage:
    """What all parties of the world share: nothing but the ground they stand on."""

    world: World
    clock: Clock
    ids: Ids
    moods: Moods
    assets: Assets
    http: httpx.AsyncClient
    keys: SchemeKeys
    inboxes: Inboxes

    def drawer(self, *names: str) -> Drawer:
        """A drawer of its own for one party's one kind of thing."""
        return Drawer(self.world.folder.joinpath("drawers", *names), self.clock, self.ids)

    def sight(self, *form_targets: str) -> Sight:
        """Pages with the world's styles."""
        return Sight.of(self.assets, self.world.places, form_targets)


def application(world: World, *, clock: Clock | None = None, ids: Ids | None = None) -> Starlette:
    """All parties of the world under one roof."""
    stage = _stage(world, clock or SystemClock(), ids or RandomIds())
    routes: list[BaseRoute] = [*Overview(world, stage.clock, stage.moods, stage.sight()).routes()]
    routes += assets_routes(stage.assets)
    for bank in BANKS:
        pages = _bank(stage, bank)
        routes.append(Mount(pages.path, app=Moody(pages.router(), bank.id, stage.moods)))
    for profile in (SHOP, PORTAL):
        partner = _partner(stage, profile)
        routes.append(Mount(partner.path, app=Moody(partner.router(), profile.id, stage.moods)))
    house = _house(stage)
    routes.append(Mount(house.path, app=Moody(house.router(), HOUSE.id, stage.moods)))
    routes.append(Mount(EID_PATH, app=_eid(stage).router()))
    routes += world.maker.routes()
    routes += PushPages(_push(stage), stage.moods).routes()
    desk = _desk(stage)
    routes.append(Mount(desk.path, app=Moody(desk.router(), DESK.id, stage.moods)))
    notary = _notary(stage)
    routes.append(Mount(notary.path, app=Moody(notary.router(), NOTARY.id, stage.moods)))
    telecoms = _telecoms(stage)
    routes += telecoms.routes()
    routes += TelephonePages(world.places.scheme, world.secrets.telephone_token, stage.http, stage.sight()).routes()
    routes += InboxPages(stage.inboxes, stage.moods, stage.sight(), stage.clock, world.secrets.sms_token).routes()

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        sweeping = asyncio.create_task(_sweep(stage))
        telling = asyncio.create_task(telecoms.run())
        yield
        sweeping.cancel()
        telling.cancel()
        await stage.http.aclose()

    one_name = Middleware(OneName, world=world.places.world)
    app = Starlette(routes=routes, lifespan=lifespan, middleware=[one_name])
    app.state.moods = stage.moods
    app.state.telecoms = telecoms
    app.state.mail = MailServer(stage.inboxes, stage.moods)
    return app


def _stage(world: World, clock: Clock, ids: Ids) -> Stage:
    places = world.places
    trust = ssl.create_default_context(cafile=places.authority) if places.authority else True
    http = httpx.AsyncClient(
        verify=trust,
        timeout=httpx.Timeout(10, connect=2),
        trust_env=False,
        # A kept connection that the other side closes looks like a scheme that died; tries would be lost on it.
        limits=httpx.Limits(max_keepalive_connections=0),
    )
    return Stage(
        world=world,
        clock=clock,
        ids=ids,
        moods=Moods(
            parties=(*(bank.id for bank in BANKS), SHOP.id, PORTAL.id, *_OFFICES, INBOXES, PUSH, *_TELECOMS),
            inventive=frozenset((PUSH, *_TELECOMS)),
        ),
        assets=Assets(("ipse.web", "ipse.sandbox")),
        http=http,
        keys=SchemeKeys(places.enrolment_keys, http, clock),
        inboxes=Inboxes(world.folder / "inboxes", clock, ids),
    )


def _telecoms(stage: Stage) -> Telecoms:
    places, secrets = stage.world.places, stage.world.secrets
    ground = Ground(
        places=places,
        client=Registered(CLIENT_ID, (places.number_return,), stage.keys),
        drawer=stage.drawer,
        inboxes=stage.inboxes,
        sight=stage.sight(),
        http=stage.http,
        moods=stage.moods,
        clock=stage.clock,
        ids=stage.ids,
    )
    return Telecoms.of(ground, secrets.operator_keys, secrets.subject_salt)


def _bank(stage: Stage, bank: Bank) -> BankPages:
    places, secrets = stage.world.places, stage.world.secrets
    issuer = places.bank_issuer(bank.id)
    assertions = Assertions(issuer, CLIENT_ID, stage.keys, stage.drawer(bank.id, "assertions"), stage.clock)
    names = ("pushed", "logins", "codes", "spent", "tokens")
    provider = Provider(
        bank=bank,
        issuer=issuer,
        client_id=CLIENT_ID,
        redirect_uri=places.enrolment_return,
        key=secrets.bank_keys[bank.id],
        subject_salt=f"{secrets.subject_salt}|{bank.id}",
        memory=Memory(*(stage.drawer(bank.id, name) for name in names)),
        assertions=assertions,
        clock=stage.clock,
        ids=stage.ids,
    )
    # The answer to the login form leads over the scheme to the app; browsers hold `form-action` against all of it.
    sight = stage.sight(places.scheme, places.app)
    return BankPages(provider, sight, stage.moods, places.secure, f"/banks/{bank.id}")


def _partner(stage: Stage, profile: PartnerProfile) -> PartnerPages:
    world, places = stage.world, stage.world.places
    if profile.auth_method == "client_secret_post":
        identity = Identity(secret=world.secrets.shop_secret)
    else:
        identity = Identity(signing_key=world.secrets.portal_sig, encryption_key=world.secrets.portal_enc)
    party = RelyingParty(
        profile=profile,
        issuer=places.issuer,
        redirect_uri=world.redirect_uris(profile)[0],
        identity=identity,
        http=stage.http,
        clock=stage.clock,
        ids=stage.ids,
    )
    visits = Visits(stage.drawer(profile.id, "started"), stage.drawer(profile.id, "received"), stage.ids)
    return PartnerPages(party, visits, stage.sight(), stage.moods, places.secure)


def _house(stage: Stage) -> HousePages:
    secrets, places = stage.world.secrets, stage.world.places
    client = HouseClient(places.issuer, secrets.house_sig, secrets.house_enc, stage.http, stage.clock, stage.ids)
    drawers = (stage.drawer(HOUSE.id, name) for name in ("keys", "rooms", "waiting"))
    return HousePages(
        client=client,
        memory=HouseMemory(*drawers),
        sight=stage.sight(),
        moods=stage.moods,
        clock=stage.clock,
        ids=stage.ids,
        secure=places.secure,
    )


def _eid(stage: Stage) -> EidPages:
    authorities = stage.world.authorities
    slot, responder = Slot(authorities, stage.clock), Responder(authorities, stage.clock)
    return EidPages(slot, responder, stage.sight(), stage.world.places)


def _push(stage: Stage) -> PushService:
    addresses, phones = stage.drawer(PUSH, "addresses"), stage.drawer(PUSH, "phones")
    return PushService(stage.world.places.world, addresses, phones, stage.clock, stage.ids)


def _desk(stage: Stage) -> DeskPages:
    world, places = stage.world, stage.world.places
    client = DeskClient(
        scheme=places.scheme,
        client_id=DESK.id,
        secret=world.secrets.desk_secret,
        callbacks=world.desk_callbacks,
        http=stage.http,
        clock=stage.clock,
    )
    return DeskPages(
        client=client,
        museum=MuseumProgram(places.issuer, world.secrets.museum_enc, stage.http, stage.clock),
        visits=DeskVisits(stage.drawer(DESK.id, "begun"), stage.drawer(DESK.id, "received")),
        # The answer to the form leads to the scheme.
        sight=stage.sight(places.scheme),
        moods=stage.moods,
        ids=stage.ids,
        secure=places.secure,
    )


def _notary(stage: Stage) -> NotaryPages:
    world, places = stage.world, stage.world.places
    client = NotaryClient(
        scheme=places.scheme,
        secret=world.secrets.notary_secret,
        redirect_uri=world.notary.services[0].redirect_uris[0],
        http=stage.http,
        clock=stage.clock,
        ids=stage.ids,
    )
    return NotaryPages(
        client=client,
        visits=NotaryVisits(stage.drawer(NOTARY.id, "sittings"), stage.drawer(NOTARY.id, "shelves")),
        # The answer to the form leads to the scheme.
        sight=stage.sight(places.scheme),
        moods=stage.moods,
        ids=stage.ids,
        secure=places.secure,
    )


async def _sweep(stage: Stage) -> None:
    """Throw away what has expired, now and then."""
    while True:
        for folder in stage.world.folder.glob("drawers/*/*"):
            Drawer(folder, stage.clock, stage.ids).sweep()
        await asyncio.sleep(_SWEEP_SECONDS)


class _Server(uvicorn.Server):
    """A server whose signals are the process's business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


def run(world: World, *, lifeline: int | None = None) -> None:
    """Serve the world until a signal says stop, or the other end of the pipe `lifeline` closes."""
    asyncio.run(_serve(world, lifeline))


async def _serve(world: World, lifeline: int | None) -> None:
    places = world.places
    app = application(world)
    servers = [_server(app, places, places.port + 1, secure=places.secure)]
    if places.authority:
        servers.append(_server(handing_out(places), places, places.port + 3, secure=False))

    def stop() -> None:
        # Whoever answers slowly answers now, not after draining.
        app.state.moods.closing.set()
        for server in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    if lifeline is not None:
        _stop_with(lifeline, stop)
    async with await app.state.mail.serve("127.0.0.1", places.mail_port):
        await asyncio.gather(*(server.serve() for server in servers))


def _server(app: ASGIApp, places: Places, port: int, *, secure: bool) -> _Server:
    return _Server(
        uvicorn.Config(
            app,
            host=places.listen,
            port=port,
            access_log=False,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
            ssl_certfile=places.tls_certificate if secure else None,
            ssl_keyfile=places.tls_key if secure else None,
        )
    )


def _stop_with(lifeline: int, stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()

    def readable() -> None:
        if not os.read(lifeline, 1):
            loop.remove_reader(lifeline)
            stop()

    loop.add_reader(lifeline, readable)
