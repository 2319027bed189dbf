"""The wiring: one function builds a scheme out of settings, keys, a database, a clock and randomness."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp

from ipse.actions.events import ADDRESSED
from ipse.actions.service import Actions, Approvals, Messages
from ipse.actions.service.requests import account_wake_key
from ipse.app.attestations import open_admission
from ipse.app.cards import open_cards
from ipse.app.certificates import outgoing_context, partner_authorities
from ipse.app.registry import open_registry
from ipse.app.second_channel import build_delivery
from ipse.attributes import http as attributes_http
from ipse.attributes.jobs import tell_of_ends
from ipse.attributes.service import Attributes
from ipse.broker import http as broker_http
from ipse.broker import jobs as broker_jobs
from ipse.broker.model import DOOR as BROKER
from ipse.broker.service import Broker, build_broker
from ipse.eid.service import Cards
from ipse.enrolment import http as enrolment_http
from ipse.enrolment import jobs as enrolment_jobs
from ipse.enrolment.clients import Banks
from ipse.enrolment.service import Enrolments
from ipse.enrolment.service import Rows as EnrolmentRows
from ipse.enrolment.service.registrars import Registrars
from ipse.fallback import http as fallback_http
from ipse.fallback.service import Fallback, build_fallback
from ipse.fingerprints.service import Fingerprints
from ipse.fraud.service import build_fraud
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids
from ipse.kernel.keystore import Keystore
from ipse.kernel.settings import Settings
from ipse.keyring.model import Plan
from ipse.keyring.service import KeyRing
from ipse.lab import http as lab_http
from ipse.lab.service import LabDesk
from ipse.mobile import http as mobile_http
from ipse.mobile.events import DELETED, PHONE_MOVED
from ipse.mobile.http.fallbacks import fallback_operations
from ipse.mobile.http.panic import panic_operations
from ipse.mobile.http.pushes import push_operations
from ipse.mobile.http.recovery import recovery_operations
from ipse.mobile.service import Mobile
from ipse.mobile.service.moves import forget_pairings
from ipse.notices import TOLD
from ipse.notices.model import WAKING
from ipse.notices.service import Delivery, Notices
from ipse.oidc import http as oidc_http
from ipse.oidc.service import Provider, build_provider
from ipse.oidc.service.backchannel import forget_ended
from ipse.panic import http as panic_http
from ipse.panic.service import Panic
from ipse.partners import http as partners_http
from ipse.partners.service import PartnerDesk, Partners
from ipse.people.model import BlockReason
from ipse.people.service import People
from ipse.phones.model import StopReason
from ipse.phones.service import Phones
from ipse.portal import BLOCK_ASKED
from ipse.portal import http as portal_http
from ipse.portal.service import Blocking
from ipse.push.service import Push
from ipse.signin import http as signin_http
from ipse.signin.service import SignIn
from ipse.sim import http as sim_http
from ipse.sim import jobs as sim_jobs
from ipse.sim.events import BOUND, READY
from ipse.sim.service import Sims, build_sims
from ipse.standards import jose
from ipse.storage.database import Database
from ipse.storage.outbox import Event, Handler, Outbox
from ipse.web.application import Application
from ipse.web.assets import routes as asset_routes
from ipse.web.edge import Edge
from ipse.web.outgoing import Outgoing
from ipse.web.pages import Pages
from ipse.web.routes import Caller, Route

PAGES = (
    "ipse.signin",
    "ipse.enrolment",
    "ipse.oidc",
    "ipse.broker",
    "ipse.attributes",
    "ipse.fallback",
    "ipse.portal",
    "ipse.panic",
)
_ABANDONED_SECONDS = 86_400
_NEWS_SECONDS = 86_400
"""How long a phone that is off may still be told of news of its identity."""
Job = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Scheme:
    """A running scheme: two applications, its jobs, and what to close at the end."""

    settings: Settings
    database: Database
    application: ASGIApp
    app_application: ASGIApp
    routes: list[Route]
    jobs: list[tuple[str, Job]]
    partners: Partners
    people: People
    messages: Messages
    keys: KeyRing
    outbox: Outbox
    close: Job


@dataclass(frozen=True)
class _Given:
    """What a scheme is built from."""

    settings: Settings
    keystore: KeyRing
    database: Database
    clock: Clock
    ids: Ids


@dataclass(frozen=True)
class _Features:
    """The services below the front doors."""

    people: People
    partners: Partners
    phones: Phones
    attributes: Attributes
    actions: Actions
    messages: Messages
    approvals: Approvals
    enrolments: Enrolments
    sims: Sims
    cards: Cards | None
    banks: Banks
    registrars: Registrars
    desk: PartnerDesk
    provider: Provider
    broker: Broker
    lab: LabDesk | None
    delivery: Delivery
    blocking: Blocking
    fallback: Fallback
    push: Push
    panic: Panic


async def build_scheme(settings: Settings, keystore: Keystore, database: Database, *, clock: Clock, ids: Ids) -> Scheme:
    """Build everything. Nothing is read from anywhere else.

    Raises:
        KeyError: the keystore lacks a key.
        SettingsError: the database's keys belong to another keystore.
    """
    ring = KeyRing(database, keystore, clock, Plan.of(settings))
    await ring.load()
    given = _Given(settings, ring, database, clock, ids)
    features = _features(given)
    await features.sims.operators.all()  # their caps count from the first claim on
    pages = Pages(name=settings.name, ids=ids, packages=PAGES, incident=settings.incident)
    routes = _routes(given, features, pages)

    async def close() -> None:
        await features.banks.close()
        await features.sims.network.close()
        await features.provider.pings.close()
        await features.desk.close()
        if features.cards is not None:
            await features.cards.close()

    application = Application(routes, pages.error_page)
    app_application = Application(mobile_http.app_routes(settings.base_url))
    return Scheme(
        settings=settings,
        database=database,
        application=_edge(_in_a_lab(application, features.lab), settings.base_url, given),
        app_application=_edge(app_application, settings.app_origin, given),
        routes=routes,
        jobs=_jobs(given, features),
        partners=features.partners,
        people=features.people,
        messages=features.messages,
        keys=ring,
        outbox=Outbox(database, clock, _handlers(features)),
        close=close,
    )


def _features(given: _Given) -> _Features:
    settings, keystore, database, clock, ids = given.settings, given.keystore, given.database, given.clock, given.ids
    people = People(database, keystore, clock, ids)
    phones = Phones(database, keystore, clock, ids)
    attributes = Attributes(database, people.person_key, clock)
    actions = _actions(given, people)
    lab = None if settings.lab is None else LabDesk(settings.lab, actions, settings.app_origin, clock)
    notices = Notices(keystore, ids)
    fingerprints = Fingerprints(database, clock, settings.app_origin)
    messages = Messages(database, people, phones, clock, settings.tries, notices, settings.lifetimes.quiet)
    registrars = Registrars(database, clock, settings.environment)
    banks = Banks(
        redirect_uri=settings.base_url + "/enrolment/return",
        signing=lambda: jose.private_keys(keystore.held_keys("registrar").current)[0],
        clock=clock,
        ids=ids,
    )
    rows = EnrolmentRows(
        database=database,
        settings=settings,
        keystore=keystore,
        registrars=registrars,
        banks=banks,
        clock=clock,
        ids=ids,
    )
    cards = open_cards(settings, clock=clock, ids=ids)
    sims = build_sims(settings, people=people, phones=phones, stop=_stopping(messages))
    enrolments = Enrolments.around(
        rows, people=people, attributes=attributes, messages=messages, sims=sims, cards=cards
    )
    desk = _partner_desk(given)
    provider = _provider(given, desk, actions, lab)
    broker = build_broker(
        settings,
        keystore=keystore,
        desk=desk,
        people=people,
        actions=actions,
        signing=lambda: provider.keys.signing,
        proofs=replace(
            provider.proofs, bases=tuple(base.removesuffix(oidc_http.VERSION) for base in provider.proofs.bases)
        ),
        ids=ids,
    )
    return _Features(
        people=people,
        partners=desk.partners,
        phones=phones,
        attributes=attributes,
        actions=actions,
        messages=messages,
        approvals=Approvals(actions, messages, attributes, settings.name, settings.issuer, sims.watches, fingerprints),
        enrolments=enrolments,
        sims=sims,
        cards=cards,
        banks=banks,
        registrars=registrars,
        desk=desk,
        provider=provider,
        broker=broker,
        lab=lab,
        blocking=Blocking.around(messages, attributes, settings.fraud, keystore=keystore, ids=ids),
        delivery=build_delivery(settings, notices, people, attributes, database, clock=clock, ids=ids),
        push=Push(database, keystore, clock, ids, Outgoing(settings.environment), settings.push, phones.is_active),
        fallback=build_fallback(
            actions, attributes, notices, cards, enrolments, scheme=settings.name, origin=settings.base_url
        ),
        panic=Panic(database, people, keystore, messages, notices, clock, ids, settings.panic),
    )


def _actions(given: _Given, people: People) -> Actions:
    settings, keystore, database, clock, ids = given.settings, given.keystore, given.database, given.clock, given.ids
    guards = build_fraud(
        settings.fraud, database=database, keystore=keystore, clock=clock, ids=ids, person_key=people.person_key
    )
    return Actions(database, people, keystore, clock, ids, settings.lifetimes, guards=guards, **_lab_limits(settings))


def _partner_desk(given: _Given) -> PartnerDesk:
    settings = given.settings
    return PartnerDesk.around(
        open_registry(settings, given.database, given.keystore, given.clock),
        ids=given.ids,
        authorities=partner_authorities(settings),
        outgoing=Outgoing(settings.environment, context=outgoing_context(settings)),
    )


def _routes(given: _Given, features: _Features, pages: Pages) -> list[Route]:
    """Every front door, each declaring its own routes."""
    settings, database, provider = given.settings, given.database, features.provider
    signin = SignIn(
        actions=features.actions,
        wakeups=database.wakeups,
        pages=pages,
        endings={"oidc": provider.authorizations, BROKER: features.broker.sessions},
        app_origin=settings.app_origin,
        clock=given.clock,
        ids=given.ids,
    )
    if features.lab is not None:
        signin.plain, signin.began = features.lab.switches.plain_pages, features.lab.began
    signin.phone_down = settings.incident is not None and settings.incident.phone_down
    mobile = Mobile(
        settings,
        database,
        given.keystore,
        given.clock,
        given.ids,
        features.people,
        features.phones,
        features.messages,
        features.approvals,
        features.enrolments,
        features.attributes,
        open_admission(settings, clock=given.clock),
        features.push.public_key,
    )
    return [
        *oidc_http.routes(provider, signin=signin, pages=pages, ids=given.ids),
        *broker_http.routes(
            features.broker.sessions, features.broker.access, signin=signin, pages=pages, ids=given.ids
        ),
        *signin_http.routes(signin),
        *mobile_http.routes(
            mobile,
            given.ids,
            more={
                **fallback_operations(mobile, features.fallback),
                **push_operations(mobile, features.push),
                **recovery_operations(mobile, features.delivery),
                **panic_operations(mobile, features.panic),
            },
        ),
        *fallback_http.routes(features.fallback, pages),
        *panic_http.routes(features.panic, pages),
        *enrolment_http.routes(features.enrolments, pages),
        *sim_http.routes(features.sims.subscriptions),
        *partners_http.routes(features.desk, given.ids, features.provider.proofs),
        *attributes_http.routes(pages, claim_prefix=settings.claim_prefix, registrars=features.registrars.active),
        *portal_http.routes(features.blocking, pages),
        *asset_routes(pages.assets),
        *([] if features.lab is None else lab_http.routes(features.lab)),
        Route("/healthz", _health(database), caller=Caller.PUBLIC, limit="static"),
        Route("/", _front(settings), caller=Caller.PUBLIC, limit="page"),
    ]


def _jobs(given: _Given, features: _Features) -> list[tuple[str, Job]]:
    clock = given.clock
    return [
        ("actions.expire", features.actions.expire),
        ("people.rewrap", features.people.rewrap),
        (
            "phones.delete_abandoned",
            lambda: features.phones.delete_abandoned(before=clock.now() - _ABANDONED_SECONDS * SECOND),
        ),
        ("keyring.follow_schedule", given.keystore.follow_schedule),
        ("oidc.send_pings", features.provider.pings.send_due),
        ("oidc.forget_pushed", features.provider.pushed.requests.forget),
        ("oidc.forget_backchannel", lambda: forget_ended(given.database, clock)),
        ("partners.forget_replays", features.desk.replays.forget),
        ("partners.forget_refusals", features.desk.log.forget),
        ("partners.forget_tokens", features.desk.tokens.forget),
        ("fraud.forget", features.actions.fraud.forget),
        ("broker.delete_old", lambda: broker_jobs.delete_old(features.broker.sessions)),
        ("enrolment.finish_waiting", features.enrolments.waiting.finish_due),
        ("attributes.tell_of_ends", lambda: tell_of_ends(features.attributes, features.messages.notices)),
        ("fallback.forget", features.fallback.visits.forget),
        ("fallback.forget_invitations", features.fallback.passkeys.forget),
        ("mobile.forget_pairings", lambda: forget_pairings(given.database, clock)),
        ("notices.forget", features.delivery.forget),
        ("panic.forget_guesses", features.panic.forget_guesses),
        ("sim.look_again", lambda: sim_jobs.look_again(features.sims)),
        ("sim.follow_subscriptions", lambda: sim_jobs.follow_subscriptions(features.sims)),
        ("sim.forget_proofs", lambda: sim_jobs.forget_proofs(features.sims)),
        ("enrolment.delete_abandoned", lambda: enrolment_jobs.delete_abandoned(features.enrolments)),
    ]


def _handlers(features: _Features) -> Mapping[str, Mapping[str, Handler]]:
    """Who hears of what, by event and by a name of the handler that must not change."""
    return {
        ADDRESSED: {"push.wake": lambda event: _wake(features, event)},
        TOLD: {
            "notices.send": lambda event: features.delivery.send(event.payload["notice"]),
            "push.wake": lambda event: _wake_told(features, event),
        },
        PHONE_MOVED: {"sim.look": lambda event: features.sims.watches.look_at(event.payload["account"])},
        DELETED: {
            "sim.end": lambda event: _end_watch(features, event.payload["account"]),
            "fraud.forget": lambda event: features.actions.fraud.browsers.forget_all(event.payload["account"]),
            "fallback.forget": lambda event: features.fallback.setups.forget_all(event.payload["account"]),
            "push.forget": lambda event: features.push.forget_account(event.payload["account"]),
            "fingerprints.forget": lambda event: features.approvals.fingerprints.forget_account(
                event.payload["account"]
            ),
        },
        BLOCK_ASKED: {"portal.look": lambda event: features.blocking.look(event.payload["block"])},
        READY: {"sim.tell": lambda event: _woken(features, event.payload["account"])},
        BOUND: {"sim.follow": lambda event: features.sims.subscriptions.follow(event.payload["account"])},
    }


async def _wake(features: _Features, event: Event) -> None:
    """A request that was to reach one person: wake their phone, if it did."""
    if event.payload["account"]:
        features.push.wake_soon(event.payload["account"], until=event.payload["until"])


async def _wake_told(features: _Features, event: Event) -> None:
    """News of an identity: its phones look, those that have just been stopped, too."""
    if event.payload.get("kind") in WAKING:
        until = event.at + _NEWS_SECONDS * SECOND
        features.push.wake_soon(event.payload["account"], until=until, stopped=True)


async def _end_watch(features: _Features, account_id: str) -> None:
    """The number of a person who is gone: forgotten, and no more events wanted."""
    watches, now = features.sims.watches, features.people.clock.now()
    await features.people.database.transact(lambda: watches.ending(account_id, now=now))


async def _woken(features: _Features, account_id: str) -> None:
    """Have an open app of this person look again."""
    features.messages.database.wakeups.wake(account_wake_key(account_id))


def _stopping(messages: Messages) -> Callable[[str], Awaitable[None]]:
    """Stop an identity whose SIM was changed, at once and in every process."""
    return lambda account_id: messages.block(account_id, BlockReason.SIM_CHANGED, StopReason.BLOCKED, actor="system")


def _in_a_lab(application: ASGIApp, lab: LabDesk | None) -> ASGIApp:
    """The application, with the layer around it that only a lab has."""
    return application if lab is None else lab_http.LabLayer(application, lab)


def _provider(given: _Given, desk: PartnerDesk, actions: Actions, lab: LabDesk | None) -> Provider:
    provider = build_provider(
        given.settings,
        keystore=given.keystore,
        database=given.database,
        clock=given.clock,
        ids=given.ids,
        desk=desk,
        actions=actions,
    )
    return provider if lab is None else _told_by(lab, provider)


def _told_by(lab: LabDesk, provider: Provider) -> Provider:
    """The provider, saying of itself and of logins what the lab's switches make of them."""
    speaker = replace(provider.tokens.speaker, authenticated_at=lab.authenticated_at)
    metadata = provider.metadata | lab.metadata(provider.metadata)
    return replace(provider, metadata=metadata, tokens=replace(provider.tokens, speaker=speaker))


def _lab_limits(settings: Settings) -> dict[str, int]:
    """How often one person may be asked, where a lab says so."""
    most = settings.lab.requests_per_person if settings.lab else None
    return {} if most is None else {"most_recent": most}


def _edge(application: ASGIApp, origin: str, given: _Given) -> Edge:
    return Edge(
        application,
        origin=origin,
        limits=given.settings.limits,
        trusted_proxies=given.settings.trusted_proxies,
        certificate_proxies=given.settings.certificate_proxies,
        clock=given.clock,
        ids=given.ids,
    )


def _health(database: Database) -> Callable[[Request], Awaitable[Response]]:
    async def health(_request: Request) -> Response:
        await database.rows("select 1 as one")
        return Response("ok\n", media_type="text/plain")

    return health


def _front(settings: Settings) -> Callable[[Request], Awaitable[Response]]:
    async def front(_request: Request) -> Response:
        return RedirectResponse(settings.issuer + "/.well-known/openid-configuration", 303)

    return front
