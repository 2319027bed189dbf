"""UserInfo and picture: what an access token reads."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from ipse.kernel.errors import PlatformError
from ipse.oidc.errors import InvalidRequest
from ipse.oidc.http.errors import no_token, refusal
from ipse.oidc.service.tokens import Tokens
from ipse.standards.oauth import OAuthFormError, bearer_token

_JWT = (b"content-type", b"application/jwt")
_NO_STORE = (b"cache-control", b"no-store")


class UserInfoEndpoints:
    """The access token comes in the `Authorization` header, never in a query or body (RFC 9700 §4.3.2)."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    async def claims(self, request: Request) -> Response:
        """The approved claims as a token signed and encrypted for the partner (OpenID Connect Core §5.3)."""
        try:
            token = _token(request)
            if token is None:
                return no_token()
            response = Response(await self._tokens.userinfo(token))
        except PlatformError as error:
            return refusal(error, bearer=True)
        response.raw_headers += [_JWT, _NO_STORE]
        return response

    async def picture(self, request: Request) -> Response:
        """The approved picture as the registrar gave it."""
        try:
            token = _token(request)
            if token is None:
                return no_token()
            picture = await self._tokens.picture(token)
        except PlatformError as error:
            return refusal(error, bearer=True)
        response = Response(picture.content)
        response.raw_headers += [(b"content-type", picture.media_type.encode("ascii")), _NO_STORE]
        return response


def _token(request: Request) -> str | None:
    if b"access_token=" in request.scope["query_string"]:
        raise InvalidRequest("the access token belongs in the Authorization header")
    try:
        return bearer_token(request.headers.get("authorization"))
    except OAuthFormError as error:
        raise InvalidRequest(str(error)) from error
