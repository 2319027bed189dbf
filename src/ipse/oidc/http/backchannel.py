"""The back-channel authentication endpoint (OpenID CIBA Core 1.0 §7)."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ipse.kernel.errors import PlatformError
from ipse.oidc.errors import InvalidClient, PolledTooEarly
from ipse.oidc.http.clients import note_refusal, prove
from ipse.oidc.http.errors import json_answer, read_parameters, refusal
from ipse.oidc.rules.client_proofs import ClientProof, Endpoint
from ipse.oidc.rules.discovery_sessions import INTERVAL
from ipse.oidc.service import Provider

_encoder = msgspec.json.Encoder()


class BackchannelEndpoint:
    """Where partners' servers ask a person's phone."""

    def __init__(self, provider: Provider) -> None:
        self._authentication = provider.authentication
        self._backchannel = provider.backchannel
        self._log = provider.request_log

    async def begin(self, request: Request) -> Response:
        """A request; the answer says how to wait for its result."""
        client: ClientProof | None = None
        try:
            form = await read_parameters(request)
            client = await prove(self._authentication, request, form, at=Endpoint.BACKCHANNEL)
            return json_answer(_encoder.encode(await self._backchannel.begin(client, form)))
        except PlatformError as error:
            note_refusal(self._log, error, client, at=Endpoint.BACKCHANNEL)
            return backchannel_refusal(error)


def backchannel_refusal(error: PlatformError) -> Response:
    """A refusal as CIBA Core §13 wants it: 401 for a partner that has not proven itself."""
    response = refusal(error)
    if isinstance(error, InvalidClient):
        response.status_code = 401
    if isinstance(error, PolledTooEarly):
        response.headers["Retry-After"] = str(INTERVAL)
    return response
