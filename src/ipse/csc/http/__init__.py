"""The CSC API's addresses: parse, call one service method, render."""

from __future__ import annotations

from ipse.csc.http.answers import Answers
from ipse.csc.http.authorize import AuthorizeEndpoint
from ipse.csc.http.described import Described
from ipse.csc.http.methods import Methods
from ipse.csc.http.tokens import TokenEndpoints
from ipse.csc.model import PATHS, Version
from ipse.csc.service import Csc
from ipse.kernel.ids import Ids
from ipse.signin.service import SignIn
from ipse.web.pages import Pages
from ipse.web.routes import Caller, Endpoint, Route

NOT_OFFERED = {
    Version.ONE: (
        "auth/login",
        "credentials/authorize",
        "credentials/extendTransaction",
        "credentials/sendOTP",
        "signatures/timestamp",
    ),
    Version.TWO: (
        "auth/login",
        "credentials/authorize",
        "credentials/authorizeCheck",
        "credentials/extendTransaction",
        "credentials/getChallenge",
    ),
}
"""Methods of the specifications that answer 501."""


def routes(csc: Csc, *, signin: SignIn, pages: Pages, ids: Ids) -> list[Route]:
    """All routes of both versions."""
    answers, authorize = Answers(csc.ground.desk.log), AuthorizeEndpoint(csc.rounds, signin, pages, ids)
    described = Described(csc.ground.settings, pages)
    found: list[Route] = []
    for version, path in ((Version.ONE, PATHS["1"]), (Version.TWO, PATHS["2"])):
        methods, tokens = Methods(csc, version, answers), TokenEndpoints(csc, version, answers)

        def posted(name: str, endpoint: Endpoint, at: str = path) -> Route:
            return Route(f"{at}/{name}", endpoint, ("POST",), caller=Caller.PARTNER, limit="partner")

        found += [
            Route(f"{path}/info", described.info(version), ("POST",), caller=Caller.PUBLIC, limit="static"),
            Route(f"{path}/oauth2/authorize", authorize.at(version), caller=Caller.BROWSER, limit="page"),
            posted("oauth2/token", tokens.redeem),
            posted("auth/revoke", methods.revoke),
            posted("credentials/list", methods.listed),
            posted("credentials/info", methods.info),
            posted("signatures/signHash", methods.sign_hash),
            *(posted(name, answers.not_implemented) for name in NOT_OFFERED[version]),
        ]
        if version is Version.TWO:
            found += [
                posted("oauth2/pushed_authorize", tokens.push),
                posted("oauth2/revoke", tokens.revoke),
                posted("signatures/prepareDoc", methods.prepare_doc),
                posted("signatures/signDoc", methods.sign_doc),
                posted("signatures/signPolling", methods.polled),
                posted("signatures/timestamp", methods.timestamp),
            ]
    return found
