"""The provider's addresses: parse, call one service method, render."""

from __future__ import annotations

from ipse.kernel.ids import Ids
from ipse.oidc.http.authorization import AuthorizationEndpoint
from ipse.oidc.http.discovery import DiscoveryEndpoints
from ipse.oidc.http.token import TokenEndpoints
from ipse.oidc.http.userinfo import UserInfoEndpoints
from ipse.oidc.rules.provider import PATHS
from ipse.oidc.service import Provider
from ipse.signin.service import SignIn
from ipse.web.pages import Pages
from ipse.web.routes import Caller, Route

VERSION = "/v2"
"""The path of the issuer."""


def routes(provider: Provider, *, signin: SignIn, pages: Pages, ids: Ids) -> list[Route]:
    """All routes of the provider."""
    authorization = AuthorizationEndpoint(provider.authorizations, signin, pages, ids)
    discovery, tokens = DiscoveryEndpoints(provider), TokenEndpoints(provider)
    userinfo = UserInfoEndpoints(provider.tokens)
    paths = {name: VERSION + path for name, path in PATHS.items()}
    return [
        Route(f"{VERSION}/.well-known/openid-configuration", discovery.metadata, caller=Caller.PUBLIC, limit="partner"),
        Route(paths["jwks_uri"], discovery.keys, caller=Caller.PUBLIC, limit="partner"),
        Route(
            paths["authorization_endpoint"], authorization.answer, ("GET", "POST"), caller=Caller.PUBLIC, limit="page"
        ),
        Route(paths["token_endpoint"], tokens.redeem, ("POST",), caller=Caller.PARTNER, limit="partner"),
        Route(paths["revocation_endpoint"], tokens.revoke, ("POST",), caller=Caller.PARTNER, limit="partner"),
        Route(paths["userinfo_endpoint"], userinfo.claims, ("GET", "POST"), caller=Caller.PARTNER, limit="partner"),
        Route(f"{VERSION}/picture", userinfo.picture, caller=Caller.PARTNER, limit="partner"),
    ]
