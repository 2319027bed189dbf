"""The pushed authorization request endpoint (RFC 9126 §2)."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ipse.kernel.errors import PlatformError
from ipse.oidc.http.clients import note_refusal, prove, read_proof, with_nonce
from ipse.oidc.http.errors import json_answer, read_parameters, refusal
from ipse.oidc.rules.client_proofs import ClientProof, Endpoint
from ipse.oidc.rules.provider import PATHS
from ipse.oidc.service import Provider


class PushedRequestEndpoint:
    """Where partners' servers leave a request before they send its browser."""

    def __init__(self, provider: Provider) -> None:
        self._authentication = provider.authentication
        self._proofs = provider.proofs
        self._pushed = provider.pushed
        self._log = provider.request_log

    async def push(self, request: Request) -> Response:
        """Keep a request; the answer is the address to send its browser with (RFC 9126 §2.2)."""
        client: ClientProof | None = None
        try:
            form = await read_parameters(request)
            path = PATHS["pushed_authorization_request_endpoint"]
            proof = await read_proof(self._authentication, self._proofs, request, form, path=path)
            client = await prove(self._authentication, request, form, at=Endpoint.PUSHED)
            if proof is not None:
                await self._proofs.use(proof)
            pushed = await self._pushed.push(client, form, proof.thumbprint if proof else None)
            answer = {"request_uri": pushed.request_uri, "expires_in": pushed.expires_in}
            response = json_answer(msgspec.json.encode(answer), status=201)
        except PlatformError as error:
            note_refusal(self._log, error, client, at=Endpoint.PUSHED)
            response = refusal(error)
        return with_nonce(response, request, self._proofs)
