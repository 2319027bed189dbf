"""The provider's addresses: parse, call one service method, render."""

from __future__ import annotations

from ipse.kernel.ids import Ids
from ipse.oidc.http.authorization import AuthorizationEndpoint
from ipse.oidc.http.backchannel import BackchannelEndpoint
from ipse.oidc.http.discovery import DiscoveryEndpoints
from ipse.oidc.http.discovery_sessions import UserDiscoveryEndpoints
from ipse.oidc.http.pushed import PushedRequestEndpoint
from ipse.oidc.http.token import TokenEndpoints
from ipse.oidc.http.userinfo import UserInfoEndpoints
from ipse.oidc.rules.provider import PATHS, PICTURE_PATH, SESSIONS_PATH
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
    userinfo = UserInfoEndpoints(provider)
    discoveries = UserDiscoveryEndpoints(provider)
    paths = {name: VERSION + path for name, path in PATHS.items()}
    return [
        Route(f"{VERSION}/.well-known/openid-configuration", discovery.metadata, caller=Caller.PUBLIC, limit="partner"),
        Route(
            f"/.well-known/oauth-authorization-server{VERSION}",
            discovery.metadata,
            caller=Caller.PUBLIC,
            limit="partner",
        ),
        Route(paths["jwks_uri"], discovery.keys, caller=Caller.PUBLIC, limit="partner"),
        Route(
            f"{VERSION}/schemas/authorization-details/{{type}}.json",
            discovery.details_schema,
            caller=Caller.PUBLIC,
            limit="partner",
        ),
        Route(
            paths["authorization_endpoint"], authorization.answer, ("GET", "POST"), caller=Caller.PUBLIC, limit="page"
        ),
        Route(paths["token_endpoint"], tokens.redeem, ("POST",), caller=Caller.PARTNER, limit="partner"),
        Route(paths["revocation_endpoint"], tokens.revoke, ("POST",), caller=Caller.PARTNER, limit="partner"),
        Route(
            paths["pushed_authorization_request_endpoint"],
            PushedRequestEndpoint(provider).push,
            ("POST",),
            caller=Caller.PARTNER,
            limit="partner",
        ),
        Route(
            paths["backchannel_authentication_endpoint"],
            BackchannelEndpoint(provider).begin,
            ("POST",),
            caller=Caller.PARTNER,
            limit="partner",
        ),
        Route(VERSION + SESSIONS_PATH, discoveries.begin, ("POST",), caller=Caller.PARTNER, limit="partner"),
        Route(
            f"{VERSION}{SESSIONS_PATH}/{{session_id}}",
            discoveries.poll,
            ("POST",),
            caller=Caller.PARTNER,
            limit="partner",
        ),
        Route(paths["userinfo_endpoint"], userinfo.claims, ("GET", "POST"), caller=Caller.PARTNER, limit="partner"),
        Route(VERSION + PICTURE_PATH, userinfo.picture, caller=Caller.PARTNER, limit="partner"),
    ]
