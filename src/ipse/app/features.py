"""The services below the front doors, put together; `composition` gives them addresses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import cached_property

from ipse.actions.service import Actions, Approvals, Messages
from ipse.app.cards import open_cards
from ipse.app.certificates import outgoing_context, partner_authorities
from ipse.app.doors import Doors, open_doors
from ipse.app.given import Given
from ipse.app.portal import open_portal
from ipse.app.registry import open_registry
from ipse.app.second_channel import build_delivery
from ipse.app.signing import Evidence, open_signing
from ipse.app.statistics import open_statistics
from ipse.attributes.service import Attributes
from ipse.broker.service import Broker, build_broker
from ipse.documents.service import Documents
from ipse.eid.service import Cards
from ipse.enrolment.clients import Banks
from ipse.enrolment.service import Enrolments
from ipse.enrolment.service import Rows as EnrolmentRows
from ipse.enrolment.service.registrars import Registrars
from ipse.fallback.service import Fallback, build_fallback
from ipse.fingerprints.service import Fingerprints
from ipse.fraud.service import build_fraud
from ipse.kernel.settings import Settings
from ipse.lab.service import LabDesk
from ipse.notices.service import Delivery, Notices
from ipse.oidc import http as oidc_http
from ipse.oidc.service import Provider, build_provider
from ipse.panic.service import Panic
from ipse.partners.service import PartnerDesk, Partners
from ipse.people.model import BlockReason
from ipse.people.service import People
from ipse.phones.model import StopReason
from ipse.phones.service import Phones
from ipse.portal.service import Blocking, Portal
from ipse.push.service import Push
from ipse.signing.service import Signing
from ipse.sim.service import Sims, build_sims
from ipse.standards import jose
from ipse.statistics.service import Statistics
from ipse.switches.service import Switches
from ipse.web.outgoing import Outgoing


@dataclass(frozen=True)
class Features:
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
    signing: Signing
    documents: Documents | None
    evidence: Evidence | None
    doors: Doors
    switches: Switches
    statistics: Statistics

    @cached_property
    def portal(self) -> Portal:
        """A person's own pages, on nearly everything else."""
        return open_portal(self.doors.given, self)


def build_features(given: Given) -> Features:
    """Put the services together, each with what it needs of those below it."""
    settings, keystore, database, clock, ids = given.settings, given.keystore, given.database, given.clock, given.ids
    people = People(database, keystore, clock, ids)
    phones = Phones(database, keystore, clock, ids)
    attributes = Attributes(database, people.person_key, clock)
    actions = _actions(given, people)
    lab = None if settings.lab is None else LabDesk(settings.lab, actions, settings.app_origin, clock)
    notices = Notices(keystore, ids)
    fingerprints = Fingerprints(database, clock, settings.app_origin)
    messages = Messages(database, people, phones, clock, settings.tries, notices, settings.lifetimes.quiet)
    registrars, banks = Registrars(database, clock, settings.environment), _banks(given)
    cards = open_cards(settings, clock=clock, ids=ids)
    sims = build_sims(settings, people=people, phones=phones, stop=_stopping(messages))
    rows = _enrolment_rows(given, registrars, banks)
    enrolments = Enrolments.around(
        rows, people=people, attributes=attributes, messages=messages, sims=sims, cards=cards
    )
    desk = _partner_desk(given)
    switches = Switches(database, clock)
    parts = open_signing(given, actions, phones, attributes, switches)
    provider = _provider(given, desk, parts.signing, lab)
    delivery = build_delivery(settings, notices, people, attributes, database, clock=clock, ids=ids)
    return Features(
        people=people,
        partners=desk.partners,
        phones=phones,
        attributes=attributes,
        actions=actions,
        messages=messages,
        approvals=_approvals(given, messages, parts.signing, attributes, sims, fingerprints),
        enrolments=enrolments,
        sims=sims,
        cards=cards,
        banks=banks,
        registrars=registrars,
        desk=desk,
        provider=provider,
        broker=_broker(given, desk, people, actions, provider),
        lab=lab,
        blocking=Blocking.around(messages, attributes, settings.fraud, keystore=keystore, ids=ids),
        delivery=delivery,
        push=_push(given, phones),
        fallback=build_fallback(
            actions, attributes, notices, cards, enrolments, scheme=settings.name, origin=settings.base_url
        ),
        panic=Panic(database, people, keystore, messages, notices, clock, ids, settings.panic),
        signing=parts.signing,
        documents=parts.documents,
        evidence=parts.evidence,
        doors=open_doors(given, parts, desk, provider, actions=actions, attributes=attributes, letter=delivery.letter),
        switches=switches,
        statistics=open_statistics(given, people, desk),
    )


def _enrolment_rows(given: Given, registrars: Registrars, banks: Banks) -> EnrolmentRows:
    return EnrolmentRows(
        database=given.database,
        settings=given.settings,
        keystore=given.keystore,
        registrars=registrars,
        banks=banks,
        clock=given.clock,
        ids=given.ids,
    )


def _push(given: Given, phones: Phones) -> Push:
    outgoing = Outgoing(given.settings.environment, peer="push_service")
    return Push(given.database, given.keystore, given.clock, given.ids, outgoing, given.settings.push, phones.is_active)


def _approvals(
    given: Given, messages: Messages, signing: Signing, attributes: Attributes, sims: Sims, fingerprints: Fingerprints
) -> Approvals:
    name, issuer = given.settings.name, given.settings.issuer
    hooks = signing.completing, signing.activation_key
    return Approvals(signing.actions, messages, attributes, name, issuer, sims.watches, fingerprints, *hooks)


def _actions(given: Given, people: People) -> Actions:
    settings, keystore, database, clock, ids = given.settings, given.keystore, given.database, given.clock, given.ids
    guards = build_fraud(
        settings.fraud, database=database, keystore=keystore, clock=clock, ids=ids, person_key=people.person_key
    )
    return Actions(database, people, keystore, clock, ids, settings.lifetimes, guards=guards, **_lab_limits(settings))


def _partner_desk(given: Given) -> PartnerDesk:
    settings = given.settings
    return PartnerDesk.around(
        open_registry(settings, given.database, given.keystore, given.clock),
        ids=given.ids,
        authorities=partner_authorities(settings),
        outgoing=Outgoing(settings.environment, context=outgoing_context(settings)),
    )


def _banks(given: Given) -> Banks:
    """Clients of banks, made when they are needed, with our own key as it is then."""
    return Banks(
        redirect_uri=given.settings.base_url + "/enrolment/return",
        signing=lambda: jose.private_keys(given.keystore.held_keys("registrar").current)[0],
        clock=given.clock,
        ids=given.ids,
    )


def _broker(given: Given, desk: PartnerDesk, people: People, actions: Actions, provider: Provider) -> Broker:
    bases = tuple(base.removesuffix(oidc_http.VERSION) for base in provider.proofs.bases)
    return build_broker(
        given.settings,
        keystore=given.keystore,
        desk=desk,
        people=people,
        actions=actions,
        signing=lambda: provider.keys.signing,
        proofs=replace(provider.proofs, bases=bases),
        ids=given.ids,
    )


def _provider(given: Given, desk: PartnerDesk, signing: Signing, lab: LabDesk | None) -> Provider:
    provider = build_provider(
        given.settings,
        keystore=given.keystore,
        database=given.database,
        clock=given.clock,
        ids=given.ids,
        desk=desk,
        actions=signing.actions,
    )
    if given.settings.signing is not None:
        tokens, authorizations = provider.tokens, provider.authorizations
        provider = replace(
            provider, tokens=replace(tokens, signing=signing), authorizations=replace(authorizations, signs=True)
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


def _stopping(messages: Messages) -> Callable[[str], Awaitable[None]]:
    """Stop an identity whose SIM was changed, at once and in every process."""
    why, stop = BlockReason.SIM_CHANGED, StopReason.SIM_CHANGED
    return lambda account_id: messages.block(account_id, why, stop, actor="system")
