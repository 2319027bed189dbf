"""The REST API's addresses: parse, call one service method, render."""

from __future__ import annotations

from ipse.broker.http.authenticate import AuthenticateEndpoint
from ipse.broker.http.openapi import DocumentEndpoints
from ipse.broker.http.sessions import SessionEndpoints
from ipse.broker.model import AUTHENTICATE, PATH, SESSIONS
from ipse.broker.service import Access, Sessions
from ipse.kernel.ids import Ids
from ipse.signin.service import SignIn
from ipse.web.pages import Pages
from ipse.web.routes import Caller, Route


def routes(sessions: Sessions, access: Access, *, signin: SignIn, pages: Pages, ids: Ids) -> list[Route]:
    """All routes of the REST API."""
    api, documents = SessionEndpoints(sessions, access), DocumentEndpoints(access.origin, pages)
    authenticate = AuthenticateEndpoint(sessions, signin, ids)
    partner, public = Caller.PARTNER, Caller.PUBLIC
    return [
        Route(SESSIONS, api.create, ("POST",), caller=partner, limit="partner"),
        Route(SESSIONS + "/{session}", api.read, caller=partner, limit="partner"),
        Route(SESSIONS + "/{session}/cancel", api.cancel, ("POST",), caller=partner, limit="partner"),
        Route(AUTHENTICATE + "/{reference}", authenticate.open, caller=Caller.BROWSER, limit="page"),
        Route(PATH + "/openapi.json", documents.description, caller=public, limit="static"),
        Route(PATH + "/docs", documents.page, caller=public, limit="page"),
    ]
