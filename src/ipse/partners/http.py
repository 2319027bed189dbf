"""The request log for a partner's developer: `GET /v2/partner/log`, with an access token of the partner itself."""

from __future__ import annotations

import hmac
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ipse.kernel import clock as times
from ipse.kernel.errors import PlatformError
from ipse.kernel.ids import Ids
from ipse.partners.errors import LogQueryMalformed, LogTokenRefused, LogTokenScope
from ipse.partners.model import PartnerToken, Refusal
from ipse.partners.service import PartnerDesk
from ipse.partners.service.log import KEPT
from ipse.standards.client_certificates import CertificateError, read_certificate
from ipse.standards.oauth import OAuthFormError, access_token, challenge_header
from ipse.web.certificates import SCOPE_KEY
from ipse.web.problems import new_reference, note, problem
from ipse.web.routes import Caller, Route

PATH: Final = "/v2/partner/log"
SCOPE: Final = "partner.log"
"""What the access token must be issued for."""
REALM: Final = "ipse"
_DIGITS: Final = re.compile(r"\d{1,4}")
_PARAMETERS: Final = frozenset({"since", "limit"})

CheckKey = Callable[[Request, str, PartnerToken], Awaitable[bool]]
"""Whether the request proves the key that its token is bound to (DPoP): request, token, what the token allows."""


class Line(msgspec.Struct, frozen=True):
    """One refusal as the developer reads it."""

    at: str
    service: str
    endpoint: str
    check: str
    error: str
    description: str
    source: str
    kid: str
    times: int


@dataclass(frozen=True)
class LogEndpoint:
    """Reads the newest refusals of the partner whose token it is."""

    desk: PartnerDesk
    ids: Ids
    check_key: CheckKey | None = None

    async def lines(self, request: Request) -> Response:
        """The newest refusals first; `since` (a time) and `limit` (1 to 1000, 100 if not said) narrow them."""
        try:
            partner_id = await self._partner(request)
            since, limit = _query(request)
        except PlatformError as error:
            return self._refusal(error)
        found = await self.desk.log.lines(partner_id, after=since, most=limit)
        body = msgspec.json.encode({"refusals": [_line(refusal) for refusal in found]})
        return Response(body, headers={"Cache-Control": "no-store"}, media_type="application/json")

    async def _partner(self, request: Request) -> str:
        try:
            sent = access_token(request.headers.get("authorization"))
        except OAuthFormError as error:
            raise LogTokenRefused(str(error)) from error
        if sent is None:
            raise LogTokenRefused("no access token")
        scheme, token = sent
        known = await self.desk.tokens.read(token)
        if known is None:
            raise LogTokenRefused("unknown or expired")
        if not await self._is_senders(request, scheme, token, known):
            raise LogTokenRefused("bound to a key or certificate that was not proven")
        if SCOPE not in known.scope.split():
            raise LogTokenScope
        return known.partner_id

    async def _is_senders(self, request: Request, scheme: str, token: str, known: PartnerToken) -> bool:
        kind, _, thumbprint = known.binding.partition(":")
        if kind == "jkt":
            return scheme == "DPoP" and self.check_key is not None and await self.check_key(request, token, known)
        if scheme != "Bearer":
            return False
        return not kind or (kind == "x5t#S256" and hmac.compare_digest(_certificate(request), thumbprint))

    def _refusal(self, error: PlatformError) -> Response:
        reference = new_reference(self.ids)
        note(error, reference)
        response = problem(error, reference)
        if error.status in {401, 403}:
            members = {} if error.detail == "no access token" else {"error": error.code}
            response.headers["WWW-Authenticate"] = challenge_header("Bearer", realm=REALM, **members)
        return response


def routes(desk: PartnerDesk, ids: Ids, check_key: CheckKey | None = None) -> list[Route]:
    """The addresses of this feature."""
    return [Route(PATH, LogEndpoint(desk, ids, check_key).lines, caller=Caller.PARTNER, limit="partner")]


def _certificate(request: Request) -> str:
    """The thumbprint of the connection's certificate; empty without one."""
    der = request.scope.get(SCOPE_KEY)
    try:
        return "" if der is None else read_certificate(der).thumbprint
    except CertificateError:
        return ""


def _query(request: Request) -> tuple[int, int]:
    """Since when, in microseconds, and how many."""
    query = request.query_params
    if len(query.multi_items()) != len(query) or not query.keys() <= _PARAMETERS:
        raise LogQueryMalformed("only since and limit, each once")
    limit = query.get("limit", "100")
    if not _DIGITS.fullmatch(limit) or not 1 <= int(limit) <= KEPT:
        raise LogQueryMalformed(f"limit is 1 to {KEPT}")
    try:
        since = times.read(query["since"]) if "since" in query else 0
    except ValueError as error:
        raise LogQueryMalformed("since is a time such as 2026-11-21T23:00:00Z") from error
    return since, int(limit)


def _line(refusal: Refusal) -> Line:
    return Line(
        at=times.text(refusal.at),
        service=refusal.service_code,
        endpoint=refusal.endpoint,
        check=refusal.check,
        error=refusal.error,
        description=refusal.description,
        source=refusal.source,
        kid=refusal.kid,
        times=refusal.times,
    )
