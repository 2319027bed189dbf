"""The wiring: one function builds a scheme out of settings, keys, a database, a clock and randomness."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from ipse.actions.service import Messages
from ipse.app.attestations import open_admission
from ipse.app.console import with_console
from ipse.app.features import Features, build_features
from ipse.app.front import front_route
from ipse.app.given import Given
from ipse.app.incidents import IncidentDesk, open_incident_desk
from ipse.app.news import handlers
from ipse.app.outcomes import Outcomes
from ipse.app.partner_portal import with_partner_portal
from ipse.app.portal import forget_shells
from ipse.app.probe_targets import ProbeTargets
from ipse.app.signing import signing_jobs
from ipse.app.staff import StaffParts, open_staff
from ipse.app.statistics import open_public_figures
from ipse.attributes import http as attributes_http
from ipse.attributes.jobs import tell_of_ends
from ipse.audit import jobs as audit_jobs
from ipse.audit.service import Audit
from ipse.broker import http as broker_http
from ipse.broker import jobs as broker_jobs
from ipse.broker.model import DOOR as BROKER
from ipse.enrolment import http as enrolment_http
from ipse.enrolment import jobs as enrolment_jobs
from ipse.fallback import http as fallback_http
from ipse.incidents.service.refusals import Refusals
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids
from ipse.kernel.keystore import Keystore
from ipse.kernel.settings import Environment, Settings
from ipse.keyring.model import Plan
from ipse.keyring.service import KeyRing
from ipse.lab import http as lab_http
from ipse.lab.service import LabDesk
from ipse.mobile import http as mobile_http
from ipse.mobile.http.fallbacks import fallback_operations
from ipse.mobile.http.panic import panic_operations
from ipse.mobile.http.pushes import push_operations
from ipse.mobile.http.recovery import recovery_operations
from ipse.mobile.service import Mobile
from ipse.mobile.service.moves import forget_pairings
from ipse.mobile.service.papers import PaperMessages
from ipse.oidc import http as oidc_http
from ipse.oidc.service.backchannel import forget_ended
from ipse.panic import http as panic_http
from ipse.partners import http as partners_http
from ipse.partners.service import Partners
from ipse.people.service import People
from ipse.portal import DOOR as PORTAL
from ipse.portal import http as portal_http
from ipse.portal.http.block import block_routes
from ipse.signin import http as signin_http
from ipse.signin.service import SignIn
from ipse.sim import http as sim_http
from ipse.sim import jobs as sim_jobs
from ipse.statistics import http as statistics_http
from ipse.statistics import jobs as statistics_jobs
from ipse.statistics.service import Statistics
from ipse.storage.database import Database
from ipse.storage.outbox import Outbox
from ipse.switches.service import Switches
from ipse.web.application import Application
from ipse.web.assets import routes as asset_routes
from ipse.web.edge import Edge
from ipse.web.help import PACKAGE as HELP
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
    "ipse.notices",
    "ipse.envelopes",
    "ipse.validation",
    HELP,
    "ipse.statistics",
)
_ABANDONED_SECONDS = 86_400
Job = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Scheme:
    """A running scheme: two applications, its jobs, and what to close at the end."""

    settings: Settings
    database: Database
    application: ASGIApp
    app_application: ASGIApp
    staff: StaffParts | None
    """None where staff have no origin."""
    staff_application: ASGIApp | None
    routes: list[Route]
    jobs: list[tuple[str, Job]]
    incidents: IncidentDesk
    loops: list[Callable[[], Coroutine[Any, Any, None]]]
    """What goes on as long as the process."""
    partners: Partners
    people: People
    messages: Messages
    keys: KeyRing
    outbox: Outbox
    switches: Switches
    statistics: Statistics
    clock: Clock
    close: Job


async def build_scheme(settings: Settings, keystore: Keystore, database: Database, *, clock: Clock, ids: Ids) -> Scheme:
    """Build everything. Nothing is read from anywhere else.

    Raises:
        KeyError: the keystore lacks a key.
        SettingsError: the database's keys belong to another keystore.
    """
    ring = KeyRing(database, keystore, clock, Plan.of(settings))
    await ring.load()
    given = Given(settings, ring, database, clock, ids)
    features = build_features(given)
    await features.switches.load()
    await features.sims.operators.all()  # their caps count from the first claim on
    pages = Pages(name=settings.name, ids=ids, packages=PAGES, time_zone=settings.time_zone)
    incidents = open_incident_desk(given, _outcomes(given, features), features.delivery.letter)
    incidents.tell(pages)
    await incidents.board.refresh()  # the first visitor is told, too
    routes = _routes(given, features, pages, incidents)
    routes.append(front_route(settings, pages, routes))
    staff = open_staff(given, features.delivery.letter)
    if staff is not None:
        staff = with_partner_portal(
            with_console(staff, given, features),
            given,
            features.desk,
            features.statistics,
            lambda: features.provider.keys.signing,
        )

    async def close() -> None:
        await incidents.refusals.close()
        await features.banks.close()
        await features.sims.network.close()
        await features.provider.pings.close()
        await features.doors.close()
        await features.desk.close()
        await features.push.close()
        if features.cards is not None:
            await features.cards.close()

    application = Application(routes, pages.error_page)
    app_application = Application(mobile_http.app_routes(settings.base_url))
    return Scheme(
        settings=settings,
        database=database,
        application=_edge(_in_a_lab(application, features.lab), settings.base_url, given, incidents.refusals),
        app_application=_edge(app_application, settings.app_origin, given, incidents.refusals),
        staff=staff,
        staff_application=None if staff is None else _staff_application(staff, given, incidents.refusals),
        routes=routes if staff is None else [*routes, *staff.routes()],
        jobs=[*_jobs(given, features), *incidents.jobs(), *([] if staff is None else staff.jobs())],
        incidents=incidents,
        loops=[*incidents.loops(), *_told_to_probes(given, features)],
        partners=features.partners,
        people=features.people,
        messages=features.messages,
        keys=ring,
        outbox=Outbox(database, clock, {**handlers(features), **incidents.news()}),
        switches=features.switches,
        statistics=features.statistics,
        clock=clock,
        close=close,
    )


def _told_to_probes(given: Given, features: Features) -> list[Callable[[], Coroutine[Any, Any, None]]]:
    if not given.settings.status.folder:
        return []
    return [ProbeTargets(given.settings, features.registrars, features.sims.operators, given.clock).keep_up]


def _routes(given: Given, features: Features, pages: Pages, incidents: IncidentDesk) -> list[Route]:
    """Every front door, each declaring its own routes."""
    settings, provider = given.settings, features.provider
    signin, mobile = _signin(given, features, pages), _mobile(given, features, incidents)
    signin.phone_is_down = incidents.phone_is_down
    return [
        *oidc_http.routes(provider, signin=signin, pages=pages, ids=given.ids),
        *broker_http.routes(
            features.broker.sessions, features.broker.access, signin=signin, pages=pages, ids=given.ids
        ),
        *signin_http.routes(signin),
        *features.doors.routes(signin, pages),
        *mobile_http.routes(
            mobile,
            more={
                **fallback_operations(mobile, features.fallback),
                **push_operations(mobile, features.push),
                **recovery_operations(mobile, features.delivery),
                **panic_operations(mobile, features.panic),
            },
            papers=PaperMessages(mobile, features.doors.papers),
        ),
        *fallback_http.routes(features.fallback, pages),
        *panic_http.routes(features.panic, pages),
        *enrolment_http.routes(features.enrolments, pages),
        *sim_http.routes(features.sims.subscriptions),
        *partners_http.routes(features.desk, features.provider.proofs),
        *attributes_http.routes(pages, claim_prefix=settings.claim_prefix, registrars=features.registrars.active),
        *block_routes(features.blocking, pages),
        *portal_http.routes(features.portal, features.doors.sessions, signin=signin, pages=pages, ids=given.ids),
        *incidents.routes(pages),
        *_figures(given, features, pages),
        *asset_routes(pages.assets),
        *([] if features.lab is None else lab_http.routes(features.lab)),
        Route("/healthz", _health(given.database), caller=Caller.PUBLIC, limit="static"),
    ]


def _figures(given: Given, features: Features, pages: Pages) -> list[Route]:
    """The page of figures, where there is one."""
    if not given.settings.statistics.public:
        return []
    test = given.settings.environment is not Environment.PRODUCTION
    return statistics_http.routes(open_public_figures(given, features.statistics), pages, test=test)


def _signin(given: Given, features: Features, pages: Pages) -> SignIn:
    settings = given.settings
    signin = SignIn(
        actions=features.actions,
        wakeups=given.database.wakeups,
        pages=pages,
        endings={
            "oidc": features.provider.authorizations,
            BROKER: features.broker.sessions,
            PORTAL: features.portal.acts,
            **features.doors.endings(),
        },
        app_origin=settings.app_origin,
        clock=given.clock,
        ids=given.ids,
    )
    if features.lab is not None:
        signin.plain, signin.began = features.lab.switches.plain_pages, features.lab.began
    return signin


def _mobile(given: Given, features: Features, incidents: IncidentDesk) -> Mobile:
    settings = given.settings
    return Mobile(
        settings,
        given.database,
        given.keystore,
        given.clock,
        given.ids,
        features.people,
        features.phones,
        features.messages,
        features.approvals,
        features.enrolments,
        features.attributes,
        open_admission(settings, features.switches),
        features.push.public_key,
        incidents.notice,
    )


def _jobs(given: Given, features: Features) -> list[tuple[str, Job]]:
    clock = given.clock
    return [
        ("actions.expire", features.actions.expire),
        *_anchoring(given),
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
        ("partners.note_uses", features.desk.uses.write),
        ("partners.forget_tokens", features.desk.tokens.forget),
        ("fraud.forget", features.actions.fraud.forget),
        *features.doors.jobs(),
        ("broker.delete_old", lambda: broker_jobs.delete_old(features.broker.sessions)),
        ("enrolment.finish_waiting", features.enrolments.waiting.finish_due),
        ("attributes.tell_of_ends", lambda: tell_of_ends(features.attributes, features.messages.notices)),
        ("fallback.forget", features.fallback.visits.forget),
        ("fallback.forget_invitations", features.fallback.passkeys.forget),
        ("mobile.forget_pairings", lambda: forget_pairings(given.database, clock)),
        ("notices.forget", features.delivery.forget),
        ("portal.forget", features.portal.acts.forget),
        ("people.forget_shells", lambda: forget_shells(features)),
        ("panic.forget_guesses", features.panic.forget_guesses),
        *signing_jobs(features.signing),
        ("sim.look_again", lambda: sim_jobs.look_again(features.sims)),
        ("sim.follow_subscriptions", lambda: sim_jobs.follow_subscriptions(features.sims)),
        ("sim.count_answers", lambda: sim_jobs.count_answers(features.sims)),
        ("sim.forget_proofs", lambda: sim_jobs.forget_proofs(features.sims)),
        ("statistics.keep_up", lambda: statistics_jobs.keep_up(features.statistics.folding)),
        ("enrolment.delete_abandoned", lambda: enrolment_jobs.delete_abandoned(features.enrolments)),
    ]


def _anchoring(given: Given) -> list[tuple[str, Job]]:
    """Heads of the audit log, where the settings say to keep them."""
    place, audit = given.settings.audit.anchor, Audit(given.database, given.clock)
    return [("audit.anchor", lambda: audit_jobs.anchor(audit, place))] if place else []


def _outcomes(given: Given, features: Features) -> Outcomes:
    synthetic = given.settings.status.synthetic_partner
    return Outcomes(given.database, features.registrars, features.sims.operators, features.desk.log, synthetic)


def _in_a_lab(application: ASGIApp, lab: LabDesk | None) -> ASGIApp:
    """The application, with the layer around it that only a lab has."""
    return application if lab is None else lab_http.LabLayer(application, lab)


def _staff_application(staff: StaffParts, given: Given, refusals: Refusals) -> ASGIApp:
    application = Application(staff.routes(), staff.pages.error_page)
    return _edge(application, staff.settings.origin, given, refusals)


def _edge(application: ASGIApp, origin: str, given: Given, refusals: Refusals) -> Edge:
    edge = Edge(
        application,
        origin=origin,
        limits=given.settings.limits,
        trusted_proxies=given.settings.trusted_proxies,
        certificate_proxies=given.settings.certificate_proxies,
        clock=given.clock,
        ids=given.ids,
    )
    edge.refused = refusals.note
    return edge


def _health(database: Database) -> Callable[[Request], Awaitable[Response]]:
    async def health(_request: Request) -> Response:
        await database.rows("select 1 as one")
        return Response("ok\n", media_type="text/plain")

    return health
