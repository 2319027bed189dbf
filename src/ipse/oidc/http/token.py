"""Token and revocation endpoints: where partners' servers prove themselves."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ipse.kernel.errors import PlatformError
from ipse.oidc.errors import InvalidRequest, UnsupportedTokenType
from ipse.oidc.http.clients import prove
from ipse.oidc.http.errors import json_answer, read_parameters, refusal
from ipse.oidc.rules.client_proofs import Endpoint
from ipse.oidc.service import Provider

_encoder = msgspec.json.Encoder()


class TokenEndpoints:
    """RFC 6749 §3.2 and RFC 7009."""

    def __init__(self, provider: Provider) -> None:
        self._authentication = provider.authentication
        self._tokens = provider.tokens

    async def redeem(self, request: Request) -> Response:
        """A code for tokens."""
        try:
            form = await read_parameters(request)
            client = await prove(self._authentication, request, form, at=Endpoint.TOKEN)
            return json_answer(_encoder.encode(await self._tokens.redeem(client.partner, form)))
        except PlatformError as error:
            return refusal(error)

    async def revoke(self, request: Request) -> Response:
        """An access token is not wanted any more; the answer is 200 for unknown ones too (RFC 7009 §2.2)."""
        try:
            form = await read_parameters(request)
            client = await prove(self._authentication, request, form, at=Endpoint.REVOCATION)
            if "token" not in form:
                raise InvalidRequest("token is missing")
            if form.get("token_type_hint", "access_token") == "refresh_token":
                raise UnsupportedTokenType
            await self._tokens.revoke(client.partner, form["token"])
        except PlatformError as error:
            return refusal(error)
        return json_answer(b"{}")
