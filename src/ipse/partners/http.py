"""The request log for a partner's developer: `GET /v2/partner/log`, with an access token of the partner itself."""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ipse.kernel import clock as times
from ipse.kernel.errors import PlatformError
from ipse.partners.errors import LogQueryMalformed, LogTokenRefused, LogTokenScope
from ipse.partners.model import PartnerToken, Refusal
from ipse.partners.service import PartnerDesk
from ipse.partners.service.log import KEPT
from ipse.standards.client_certificates import CertificateError, read_certificate
from ipse.standards.dpop import Proof
from ipse.standards.oauth import OAuthFormError, access_token, challenge_header
from ipse.web.certificates import SCOPE_KEY
from ipse.web.problems import problem, refer
from ipse.web.routes import Caller, Route

PATH: Final = "/v2/partner/log"
SCOPE: Final = "partner.log"
"""What the access token must be issued for."""
REALM: Final = "ipse"
NO_TOKEN: Final = "no access token"
_BEHIND_ISSUER: Final = "/partner/log"
_DIGITS: Final = re.compile(r"\d{1,4}")
_PARAMETERS: Final = frozenset({"since", "limit"})


class Proofs(Protocol):
    """Reads proofs of possession (RFC 9449), as the provider does."""

    @property
    def nonce(self) -> str:
        """The nonce to use from now on."""

    def read(self, headers: Sequence[str], *, method: str, path: str, access_token: str | None = None) -> Proof | None:
        """The proof in these `DPoP` headers, judged. Raises PlatformError."""

    async def use(self, proof: Proof) -> None:
        """Take its single use. Raises PlatformError."""


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
    reference: str


@dataclass(frozen=True)
class LogEndpoint:
    """Reads the newest refusals of the partner whose token it is."""

    desk: PartnerDesk
    proofs: Proofs

    async def lines(self, request: Request) -> Response:
        """The newest refusals first; `since` (a time) and `limit` (1 to 1000, 100 if not said) narrow them."""
        try:
            partner_id = await self._partner(request)
            since, limit = _query(request)
        except PlatformError as error:
            return self._with_nonce(request, self._refusal(request, error))
        found = await self.desk.log.lines(partner_id, after=since, most=limit)
        body = msgspec.json.encode({"refusals": [_line(refusal) for refusal in found]})
        answer = Response(body, headers={"Cache-Control": "no-store"}, media_type="application/json")
        return self._with_nonce(request, answer)

    async def _partner(self, request: Request) -> str:
        try:
            sent = access_token(request.headers.get("authorization"))
        except OAuthFormError as error:
            raise LogTokenRefused(str(error)) from error
        if sent is None:
            raise LogTokenRefused(NO_TOKEN)
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
            return scheme == "DPoP" and await self._proves(request, token, thumbprint)
        if scheme != "Bearer":
            return False
        return not kind or (kind == "x5t#S256" and hmac.compare_digest(_certificate(request), thumbprint))

    async def _proves(self, request: Request, token: str, thumbprint: str) -> bool:
        headers = request.headers.getlist("dpop")
        proof = self.proofs.read(headers, method=request.method, path=_BEHIND_ISSUER, access_token=token)
        if proof is None or not hmac.compare_digest(proof.thumbprint, thumbprint):
            return False
        await self.proofs.use(proof)
        return True

    def _with_nonce(self, request: Request, answer: Response) -> Response:
        if "dpop" in request.headers:
            answer.headers["DPoP-Nonce"] = self.proofs.nonce
        return answer

    def _refusal(self, request: Request, error: PlatformError) -> Response:
        reference = refer(request, error)
        response = problem(error, reference)
        about_the_query = isinstance(error, LogQueryMalformed) or error.status >= 500
        if not about_the_query:
            scheme = "DPoP" if "dpop" in request.headers else "Bearer"
            members = {} if error.detail == NO_TOKEN else {"error": error.code}
            response.headers["WWW-Authenticate"] = challenge_header(scheme, realm=REALM, **members)
            response.status_code = 403 if isinstance(error, LogTokenScope) else 401
        return response


def routes(desk: PartnerDesk, proofs: Proofs) -> list[Route]:
    """The addresses of this feature."""
    return [Route(PATH, LogEndpoint(desk, proofs).lines, caller=Caller.PARTNER, limit="partner")]


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
        reference=refusal.reference,
    )
