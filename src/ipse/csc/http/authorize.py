"""The authorization endpoint: where partners send browsers."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from ipse.actions.model import Action
from ipse.csc.errors import InvalidRequest
from ipse.csc.model import Version
from ipse.csc.service.rounds import Rounds
from ipse.kernel.errors import PlatformError
from ipse.kernel.ids import Ids
from ipse.signin.model import Browser
from ipse.signin.service import SignIn
from ipse.web import cookies, problems
from ipse.web.errors import MethodNotAllowed
from ipse.web.pages import Pages
from ipse.web.queries import parse_pairs
from ipse.web.routes import Endpoint

_MOST_BYTES: Final = 16_384
_MOST_PARAMETERS: Final = 64


class AuthorizeEndpoint:
    """The waiting page, or straight back to the partner; what cannot go back is told to the person."""

    def __init__(self, rounds: Rounds, signin: SignIn, pages: Pages, ids: Ids) -> None:
        self._rounds = rounds
        self._signin = signin
        self._pages = pages
        self._ids = ids

    def at(self, version: Version) -> Endpoint:
        """The endpoint of one version."""

        async def authorize(request: Request) -> Response:
            try:
                return await self._begin(request, version)
            except PlatformError as error:
                reference = problems.refer(request, error)
                return problems.with_error_headers(self._pages.error_page(request, error, reference), error)

        return authorize

    async def _begin(self, request: Request, version: Version) -> Response:
        if request.method != "GET":
            raise MethodNotAllowed
        pairs = _pairs(request.scope["query_string"])
        cookie = cookies.browser_hash(request, self._ids)
        browser = Browser(request.headers.get("accept-language", ""), cookie, request.scope["ipse.address"])
        begun = await self._rounds.begin(pairs, version, browser)
        if isinstance(begun, Action):
            return self._signin.start_page(request, begun)
        response = self._signin.leave(request, begun)
        cookies.ensure(request, response, self._ids)
        return response


def _pairs(query: bytes) -> list[tuple[str, str]]:
    if len(query) > _MOST_BYTES:
        raise InvalidRequest(detail="the request is too large")
    try:
        return parse_pairs(query.decode("ascii"), most=_MOST_PARAMETERS)
    except ValueError as error:
        raise InvalidRequest(detail="the query is not urlencoded UTF-8") from error
