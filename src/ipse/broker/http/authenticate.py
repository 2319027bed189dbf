"""Where a partner's page sends the browser."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ipse.actions.errors import StartedElsewhere, UnknownAction
from ipse.broker.service import Sessions
from ipse.kernel.ids import Ids
from ipse.signin.service import SignIn
from ipse.web import cookies
from ipse.web.errors import MethodNotAllowed
from ipse.web.pages import language_of


class AuthenticateEndpoint:
    """The authentication URL: begins the action for the first browser that opens it."""

    def __init__(self, sessions: Sessions, signin: SignIn, ids: Ids) -> None:
        self._sessions = sessions
        self._signin = signin
        self._ids = ids

    async def open(self, request: Request) -> Response:
        """The waiting page; for the same browser again where it is; for any other a word why not.

        Raises:
            MethodNotAllowed: only a look at the headers, which must not take the session from its browser.
        """
        if request.method != "GET":
            raise MethodNotAllowed
        browser = cookies.browser_hash(request, self._ids)
        try:
            opened = await self._sessions.open(
                request.path_params["reference"], browser, language_of(request), address=request.scope["ipse.address"]
            )
        except StartedElsewhere as error:
            return self._signin.notice(request, "foreign", status=error.status)
        except UnknownAction as error:
            return self._signin.notice(request, "unknown", status=error.status)
        if opened.action is None:
            return RedirectResponse(opened.url, 303)
        return self._signin.start_page(request, opened.action)
