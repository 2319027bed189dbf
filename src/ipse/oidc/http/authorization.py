"""The authorization endpoint: where partners send browsers."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response

from ipse.actions.model import Action
from ipse.kernel.errors import PlatformError
from ipse.kernel.ids import Ids
from ipse.oidc.errors import InvalidRequest
from ipse.oidc.http.errors import read_parameters
from ipse.oidc.service.authorizations import Authorizations, Resumed
from ipse.signin.model import Browser
from ipse.signin.service import SignIn
from ipse.web import cookies, problems
from ipse.web.errors import MethodNotAllowed
from ipse.web.pages import Pages
from ipse.web.queries import parse_pairs

_MOST_BYTES = 16_384
_MOST_PARAMETERS = 64


class AuthorizationEndpoint:
    """`GET` with a query shows the sign-in page; `POST` answers 303 to the same as a `GET`, so that links work."""

    def __init__(self, authorizations: Authorizations, signin: SignIn, pages: Pages, ids: Ids) -> None:
        self._authorizations = authorizations
        self._signin = signin
        self._pages = pages
        self._ids = ids

    async def answer(self, request: Request) -> Response:
        """Any request; what cannot go back to a partner is told to the person."""
        try:
            if request.method == "POST":
                return await self._as_get(request)
            if request.method != "GET":
                raise MethodNotAllowed
            return await self._begin(request)
        except PlatformError as error:
            reference = problems.refer(request, error)
            return problems.with_error_headers(self._pages.error_page(request, error, reference), error)

    async def _begin(self, request: Request) -> Response:
        pairs = _pairs(request.scope["query_string"])
        cookie_hash = cookies.browser_hash(request, self._ids)
        browser = Browser(request.headers.get("accept-language", ""), cookie_hash, request.scope["ipse.address"])
        begun = await self._authorizations.begin(pairs, browser)
        if isinstance(begun, Action):
            return self._signin.start_page(request, begun)
        if isinstance(begun, Resumed):
            return await self._signin.page(request, begun.handle)
        return see_other(begun.url) if begun.posted is None else self._signin.leave(request, begun)

    async def _as_get(self, request: Request) -> Response:
        parameters = await read_parameters(request)
        query = urlencode(parameters)
        if len(query) > _MOST_BYTES:
            raise InvalidRequest("the request is too large")
        return see_other(f"{request.scope['path']}?{query}")


def see_other(url: str) -> Response:
    """Go there with `GET` (RFC 9700 §4.12: 303, so that no body travels on)."""
    response = Response(status_code=303)
    response.raw_headers.append((b"location", quote(url, safe=":/%#?=@[]!$&'()*+,;").encode()))
    return response


def _pairs(query: bytes) -> list[tuple[str, str]]:
    if len(query) > _MOST_BYTES:
        raise InvalidRequest("the request is too large")
    try:
        return parse_pairs(query.decode("ascii"), most=_MOST_PARAMETERS)
    except ValueError as error:
        raise InvalidRequest("the query is not urlencoded UTF-8") from error
