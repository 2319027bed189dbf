"""The back-channel authentication endpoint (OpenID CIBA Core 1.0 §7)."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ipse.kernel.errors import PlatformError
from ipse.oidc.errors import InvalidClient, OAuthError, PolledTooEarly
from ipse.oidc.http.clients import prove
from ipse.oidc.http.errors import json_answer, read_parameters, refusal
from ipse.oidc.rules.client_proofs import ClientProof, Endpoint
from ipse.oidc.rules.discovery_sessions import INTERVAL
from ipse.oidc.service import Provider
from ipse.oidc.service.authentication import PartnerAuthentication
from ipse.partners.service import RequestLog

_encoder = msgspec.json.Encoder()


class BackchannelEndpoint:
    """Where partners' servers ask a person's phone."""

    def __init__(self, provider: Provider) -> None:
        self._clients = BackchannelClients(provider.authentication, provider.request_log, Endpoint.BACKCHANNEL)
        self._backchannel = provider.backchannel

    async def begin(self, request: Request) -> Response:
        """A request; the answer says how to wait for its result."""
        seen = Seen()
        try:
            form = await read_parameters(request)
            client = await self._clients.prove(request, form, seen)
            return json_answer(_encoder.encode(await self._backchannel.begin(client, form)))
        except PlatformError as error:
            return self._clients.refused(error, seen)


class Seen:
    """Who turned out to ask, for the request log."""

    partner_id: str = ""
    kid: str = ""


class BackchannelClients:
    """Proves partners at the endpoints of the back channel, and tells their developers what was refused."""

    def __init__(self, authentication: PartnerAuthentication, request_log: RequestLog, at: Endpoint) -> None:
        self._authentication = authentication
        self._log = request_log
        self._at = at

    async def prove(self, request: Request, form: dict[str, str], seen: Seen) -> ClientProof:
        """Prove the partner. Raises as `PartnerAuthentication.prove`."""
        client = await prove(self._authentication, request, form, at=self._at)
        seen.partner_id, seen.kid = client.partner.partner_id, client.kid or ""
        return client

    def refused(self, error: PlatformError, seen: Seen) -> Response:
        """A refusal as CIBA Core §13 wants it: 401 for a partner that has not proven itself."""
        if isinstance(error, OAuthError) and seen.partner_id:
            check = error.check or error.code
            self._log.refused(
                seen.partner_id, "", self._at, check, error.code, error.public, source="backchannel", kid=seen.kid
            )
        response = refusal(error)
        if isinstance(error, InvalidClient):
            response.status_code = 401
        if isinstance(error, PolledTooEarly):
            response.headers["Retry-After"] = str(INTERVAL)
        return response
