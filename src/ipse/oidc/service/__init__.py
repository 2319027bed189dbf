"""Use cases of the provider: begin a request, end it, prove a partner, redeem a code, read what was approved.

`Provider` is all of them, built once by the composition root.
"""

from __future__ import annotations

from dataclasses import dataclass

from ipse.actions.service.requests import Actions
from ipse.kernel.clock import Clock
from ipse.kernel.ids import Ids
from ipse.kernel.keystore import Keystore
from ipse.kernel.settings import Settings
from ipse.oidc.clients import RequestUriClient
from ipse.oidc.model import Vocabulary
from ipse.oidc.rules.provider import PATHS, provider_metadata
from ipse.oidc.rules.tokens import Speaker
from ipse.oidc.service.authentication import PartnerAuthentication
from ipse.oidc.service.authorizations import Authorizations
from ipse.oidc.service.backchannel import Backchannel
from ipse.oidc.service.discovery_sessions import DiscoverySessions
from ipse.oidc.service.dpop import Proofs
from ipse.oidc.service.keys import ProviderKeys
from ipse.oidc.service.pings import Pings
from ipse.oidc.service.pushed import PushedEndpoint, PushedRequests
from ipse.oidc.service.request_objects import RequestObjects
from ipse.oidc.service.responses import Responses
from ipse.oidc.service.tokens import Tokens
from ipse.partners.model import AuthMethod
from ipse.partners.service import PartnerDesk, RequestLog
from ipse.standards.oauth import CIBA
from ipse.storage.database import Database


@dataclass(frozen=True, slots=True)
class Provider:
    """The OpenID provider of one installation."""

    issuer: str
    metadata: dict[str, object]
    keys: ProviderKeys
    authorizations: Authorizations
    pushed: PushedEndpoint
    authentication: PartnerAuthentication
    proofs: Proofs
    tokens: Tokens
    backchannel: Backchannel
    discovery_sessions: DiscoverySessions
    pings: Pings
    request_log: RequestLog


def build_provider(
    settings: Settings,
    *,
    keystore: Keystore,
    database: Database,
    clock: Clock,
    ids: Ids,
    desk: PartnerDesk,
    actions: Actions,
) -> Provider:
    """Put the provider together.

    Raises:
        KeyError: the keystore has no signing key for the provider.
    """
    issuer, vocabulary, partners = settings.issuer, _vocabulary(settings), desk.partners
    keys = ProviderKeys.from_keystore(keystore)
    speaker = Speaker(issuer, vocabulary, issuer + "/picture", settings.lifetimes.token)
    bases = (issuer,) if settings.mtls_issuer is None else (issuer, settings.mtls_issuer)
    proofs = Proofs(bases, keystore.working_key("nonce"), desk.replays, clock)
    request_endpoint = issuer + PATHS["authorization_endpoint"]
    objects = RequestObjects(issuer, request_endpoint, keys, desk, RequestUriClient(desk.outgoing), clock)
    pushed_requests = PushedRequests(database, keystore, actions, clock, ids)
    pings = Pings(actions, desk.outgoing, desk.log, database, keystore, clock)
    backchannel = Backchannel(issuer, vocabulary, desk, actions, pings, database, clock, ids)
    return Provider(
        issuer=issuer,
        metadata=provider_metadata(
            issuer,
            vocabulary,
            signing=list(keys.signing),
            opening=keys.opening,
            certificate_methods=_certificate_methods(settings, desk),
            mtls_issuer=settings.mtls_issuer,
            signs=settings.signing is not None,
        ),
        keys=keys,
        authorizations=Authorizations(
            vocabulary=vocabulary,
            partners=partners,
            actions=actions,
            request_objects=objects,
            pushed=pushed_requests,
            responses=Responses(issuer, keys, desk, clock),
            request_log=desk.log,
        ),
        pushed=PushedEndpoint(vocabulary, partners, objects, pushed_requests),
        authentication=PartnerAuthentication(issuer, keys, desk, clock),
        proofs=proofs,
        tokens=Tokens(
            speaker=speaker,
            keys=keys,
            desk=desk,
            actions=actions,
            proofs=proofs,
            clock=clock,
            back_channels={CIBA: backchannel.redeem},
        ),
        backchannel=backchannel,
        discovery_sessions=DiscoverySessions(settings.app_origin, partners, actions, database, keystore, clock, ids),
        pings=pings,
        request_log=desk.log,
    )


def _certificate_methods(settings: Settings, desk: PartnerDesk) -> list[str]:
    """How partners may authenticate with a certificate here: not at all where no proxy asks them for one."""
    if not settings.certificate_proxies:
        return []
    by_authority = [AuthMethod.TLS_CLIENT_AUTH.value] if desk.authorities else []
    return [AuthMethod.SELF_SIGNED_TLS_CLIENT_AUTH.value, *by_authority]


def _vocabulary(settings: Settings) -> Vocabulary:
    return Vocabulary(settings.claim_prefix, ignores_unknown_scopes=settings.unknown_scopes == "ignore")
