"""Addresses under `/envelopes`: parse, call one service method, render. `desk` holds what all pages share."""

from __future__ import annotations

from ipse.envelopes.http.desk import Desk
from ipse.envelopes.http.envelope import EnvelopePages
from ipse.envelopes.http.files import Files
from ipse.envelopes.http.home import Home
from ipse.envelopes.http.invitations import Invitations
from ipse.envelopes.http.placing import Places
from ipse.envelopes.model import INVITATION, PAGE
from ipse.envelopes.service import Envelopes
from ipse.kernel.ids import Ids
from ipse.sessions.service import Sessions
from ipse.web.pages import Pages
from ipse.web.routes import Caller, Endpoint, Route

_ONE = PAGE + "/{envelope}"
_DOCUMENT = _ONE + "/documents/{document}"


def routes(envelopes: Envelopes, sessions: Sessions, pages: Pages, ids: Ids) -> list[Route]:
    """All routes."""
    desk = Desk(envelopes, sessions, pages, ids)
    home, one, places = Home(desk), EnvelopePages(desk), Places(desk)
    files, invitations = Files(desk), Invitations(desk)

    def route(path: str, endpoint: Endpoint, method: str = "GET") -> Route:
        return Route(path, desk.told(endpoint), (method,), caller=Caller.BROWSER, limit="page")

    def picture(path: str, endpoint: Endpoint) -> Route:
        return Route(path, desk.told(endpoint), caller=Caller.BROWSER, limit="static")

    return [
        route(PAGE, home.page),
        route(PAGE, home.bring, "POST"),
        route(INVITATION, invitations.page),
        route(INVITATION, invitations.accept, "POST"),
        route(INVITATION + "/{token}", invitations.open),
        route(_ONE, one.page),
        route(_ONE, one.change, "POST"),
        route(_ONE + "/documents", one.add, "POST"),
        route(_ONE + "/sign", one.sign, "POST"),
        route(_ONE + "/go-on", one.go_on),
        route(_ONE + "/decline", one.decline, "POST"),
        route(_ONE + "/withdraw", one.withdraw, "POST"),
        route(_ONE + "/remind", one.remind, "POST"),
        route(_ONE + "/delete", one.delete, "POST"),
        route(_ONE + "/all", files.all),
        route(_ONE + "/record", files.record),
        route(_ONE + "/record.json", files.record_data),
        route(_DOCUMENT, places.page),
        route(_DOCUMENT, places.place, "POST"),
        route(_DOCUMENT + "/file", files.file),
        picture(_DOCUMENT + "/pages/{page}/{width}", files.picture),
    ]
