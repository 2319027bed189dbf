"""Use cases of the provider: begin a request, end it, prove a partner, redeem a code, read what was approved.

`Provider` is all of them, built once by the composition root.
"""

from __future__ import annotations

from dataclasses import dataclass

from ipse.actions.service.requests import Actions
from ipse.kernel.clock import Clock
from ipse.kernel.keystore import Keystore
from ipse.kernel.settings import Settings
from ipse.oidc.model import Vocabulary
from ipse.oidc.rules.provider import provider_metadata
from ipse.oidc.rules.tokens import Speaker
from ipse.oidc.service.authentication import PartnerAuthentication
from ipse.oidc.service.authorizations import Authorizations
from ipse.oidc.service.keys import ProviderKeys
from ipse.oidc.service.tokens import Tokens
from ipse.partners.service import Partners
from ipse.storage.database import Database


@dataclass(frozen=True, slots=True)
class Provider:
    """The OpenID provider of one installation."""

    issuer: str
    metadata: dict[str, object]
    keys: ProviderKeys
    authorizations: Authorizations
    authentication: PartnerAuthentication
    tokens: Tokens


def build_provider(
    settings: Settings,
    *,
    keystore: Keystore,
    database: Database,
    clock: Clock,
    partners: Partners,
    actions: Actions,
) -> Provider:
    """Put the provider together.

    Raises:
        KeyError: the keystore has no signing key for the provider.
    """
    issuer, vocabulary = settings.issuer, Vocabulary(settings.claim_prefix)
    keys = ProviderKeys.from_keystore(keystore)
    speaker = Speaker(issuer, vocabulary, issuer + "/picture", settings.lifetimes.token)
    return Provider(
        issuer=issuer,
        metadata=provider_metadata(issuer, vocabulary, signing=list(keys.signing)),
        keys=keys,
        authorizations=Authorizations(issuer, vocabulary, partners, actions),
        authentication=PartnerAuthentication(issuer, keys, partners, database, clock),
        tokens=Tokens(speaker, keys, partners, actions, clock),
    )
