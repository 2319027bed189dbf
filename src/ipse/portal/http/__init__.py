"""Addresses under `/portal`: parse, call one service method, render. `desk` holds what all pages share."""

from __future__ import annotations

from ipse.kernel.ids import Ids
from ipse.portal.http.data import DELETE, Data
from ipse.portal.http.data import PAGE as DATA
from ipse.portal.http.desk import Desk
from ipse.portal.http.history import PAGE as HISTORY
from ipse.portal.http.history import History
from ipse.portal.http.own import Own
from ipse.portal.http.partners import PAGE as PARTNERS
from ipse.portal.http.partners import Partners
from ipse.portal.model import HOME, RETURN
from ipse.portal.service import Portal
from ipse.sessions.service import Sessions
from ipse.signin.service import SignIn
from ipse.web.pages import Pages
from ipse.web.routes import Caller, Endpoint, Route

_ENTRY = HISTORY + "/{action}"
_PARTNER = PARTNERS + "/{partner}"


def routes(portal: Portal, sessions: Sessions, *, signin: SignIn, pages: Pages, ids: Ids) -> list[Route]:
    """All routes of people who are signed in."""
    desk = Desk(portal, sessions, signin, pages, ids)
    own, history, partners, data = Own(desk), History(desk), Partners(desk), Data(desk)

    def route(path: str, endpoint: Endpoint, method: str = "GET") -> Route:
        return Route(path, desk.told(endpoint), (method,), caller=Caller.BROWSER, limit="page")

    return [
        route(HOME, own.overview),
        route(HISTORY, history.page),
        route(HISTORY + ".csv", history.as_table),
        route(HISTORY + ".json", history.for_programs),
        route(_ENTRY, history.entry),
        route(_ENTRY + "/not-me", history.disown, "POST"),
        route(HOME + "/documents", own.documents),
        route(PARTNERS, partners.page),
        route(_PARTNER, partners.one),
        route(_PARTNER, partners.withdraw, "POST"),
        route(HOME + "/notices", own.notices),
        route(DATA, data.page),
        route(DATA, data.open, "POST"),
        route(DATA + "/copy.zip", data.archive),
        route(HOME + "/phone", own.phone),
        route(HOME + "/phone", own.change_phone, "POST"),
        route(HOME + "/access", own.access),
        route(HOME + "/access", own.change_access, "POST"),
        route(HOME + "/block", own.block_page),
        route(HOME + "/block", own.block, "POST"),
        route(DELETE, data.leaving),
        route(DELETE, data.leave, "POST"),
        route(RETURN, data.come_back),
    ]
