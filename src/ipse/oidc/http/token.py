"""Token and revocation endpoints: where partners' servers prove themselves."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ipse.kernel.errors import PlatformError
from ipse.oidc.errors import InvalidRequest, UnsupportedTokenType
from ipse.oidc.http.clients import note_refusal, prove, read_proof, with_nonce
from ipse.oidc.http.errors import json_answer, read_parameters, refusal
from ipse.oidc.rules.client_proofs import ClientProof, Endpoint
from ipse.oidc.rules.provider import PATHS
from ipse.oidc.rules.senders import Sender
from ipse.oidc.service import Provider

_encoder = msgspec.json.Encoder()


class TokenEndpoints:
    """RFC 6749 §3.2 and RFC 7009."""

    def __init__(self, provider: Provider) -> None:
        self._authentication = provider.authentication
        self._proofs = provider.proofs
        self._tokens = provider.tokens
        self._log = provider.request_log

    async def redeem(self, request: Request) -> Response:
        """A code, an approval or the partner itself for tokens.

        A proof of possession is judged before the partner is: one that only lacks our nonce may come again with the
        same client assertion (RFC 9449 §8).
        """
        client: ClientProof | None = None
        try:
            form = await read_parameters(request)
            path = PATHS["token_endpoint"]
            proof = await read_proof(self._authentication, self._proofs, request, form, path=path)
            client = await prove(self._authentication, request, form, at=Endpoint.TOKEN)
            sender = Sender(proof=proof, thumbprint=client.thumbprint)
            answer = json_answer(_encoder.encode(await self._tokens.answer(client, form, sender)))
        except PlatformError as error:
            note_refusal(self._log, error, client, at=Endpoint.TOKEN)
            answer = refusal(error)
        return with_nonce(answer, request, self._proofs)

    async def revoke(self, request: Request) -> Response:
        """An access token is not wanted any more; the answer is 200 for unknown ones too (RFC 7009 §2.2)."""
        client: ClientProof | None = None
        try:
            form = await read_parameters(request)
            client = await prove(self._authentication, request, form, at=Endpoint.REVOCATION)
            if "token" not in form:
                raise InvalidRequest("token is missing")
            if form.get("token_type_hint", "access_token") == "refresh_token":
                raise UnsupportedTokenType
            await self._tokens.revoke(client.partner, form["token"])
        except PlatformError as error:
            note_refusal(self._log, error, client, at=Endpoint.REVOCATION)
            return refusal(error)
        return json_answer(b"{}")
