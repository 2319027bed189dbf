"""Who calls, and how one who is nobody is told: the challenges of RFC 6750 §3 and RFC 9449 §7.1."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from ipse.broker.errors import (
    InsufficientScope,
    InvalidAccessToken,
    InvalidBody,
    InvalidSignedRequest,
    UnsupportedMedia,
)
from ipse.broker.model import SCOPE, Caller
from ipse.broker.rules.signed import SCHEME
from ipse.broker.service import Access, SentToken
from ipse.kernel.errors import PlatformError
from ipse.standards.client_certificates import CertificateError, read_certificate
from ipse.standards.oauth import OAuthFormError, access_token, challenge_header
from ipse.web import problems
from ipse.web.certificates import SCOPE_KEY
from ipse.web.errors import MalformedForm
from ipse.web.forms import read_body

REALM: Final = "ipse"
SIGNED_TYPE: Final = "application/jose"
_MOST_BYTES: Final = 16_384


class Unproven(Exception):
    """A refusal of the caller itself: `error` says why."""

    def __init__(self, error: PlatformError) -> None:
        super().__init__()
        self.error = error


async def read_caller(access: Access, request: Request) -> tuple[Caller, Any]:
    """Who calls, and the body: as it was signed, or as bytes.

    Raises:
        Unproven: nobody we know; answer with `challenge`.
        InvalidBody, UnsupportedMedia: the body is too large, or of another type.
    """
    octets = await _body(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if (signed := _signed(request, octets, kind)) is not None:
            return await access.by_signature(signed, method=request.method, path=request.scope["path"])
        caller = await access.by_token(_sent(request))
    except PlatformError as error:
        if error.status >= 500:
            raise
        raise Unproven(error) from error
    if octets and kind != "application/json":
        raise UnsupportedMedia
    return caller, octets


def challenge(request: Request, error: PlatformError) -> Response:
    """A refusal of the caller, with what HTTP wants said beside it."""
    reference = problems.refer(request, error)
    response = problems.problem(error, reference)
    if isinstance(error, InvalidSignedRequest):
        response.headers["WWW-Authenticate"] = challenge_header(SCHEME, realm=REALM)
        return response
    if not isinstance(error, InsufficientScope):
        response.status_code = 401
    named = {} if request.headers.get("authorization") is None else {"error": error.code}
    scope = {"scope": SCOPE} if isinstance(error, InsufficientScope) else {}
    scheme = "DPoP" if "dpop" in request.headers else "Bearer"
    response.headers["WWW-Authenticate"] = challenge_header(scheme, realm=REALM, **named, **scope)
    return response


def with_nonce(access: Access, request: Request, response: Response) -> Response:
    """Tell who proves possession the nonce to use from now on (RFC 9449 §8.2)."""
    if "dpop" in request.headers:
        response.headers["DPoP-Nonce"] = access.proofs.nonce
    return response


def _signed(request: Request, octets: bytes, kind: str) -> str | None:
    """The signed request, in the body or in the header; None where there is none."""
    authorization = request.headers.get("authorization")
    if octets and kind == SIGNED_TYPE:
        if authorization is not None:
            raise InvalidSignedRequest("two ways at once")
        return octets.decode("ascii", "replace")
    scheme, _, signed = (authorization or "").partition(" ")
    if scheme.lower() != SCHEME.lower():
        return None
    if octets:
        raise InvalidSignedRequest("a body that was not signed")
    return signed.strip()


def _sent(request: Request) -> SentToken:
    try:
        sent = access_token(request.headers.get("authorization"))
    except OAuthFormError as error:
        raise InvalidAccessToken(str(error)) from error
    if sent is None:
        raise InvalidAccessToken
    return SentToken(
        scheme=sent[0],
        token=sent[1],
        method=request.method,
        path=request.scope["path"],
        proofs=request.headers.getlist("dpop"),
        thumbprint=_thumbprint(request),
    )


def _thumbprint(request: Request) -> str:
    """Of the connection's certificate; empty without one."""
    der = request.scope.get(SCOPE_KEY)
    try:
        return "" if der is None else read_certificate(der).thumbprint
    except CertificateError:
        return ""


async def _body(request: Request) -> bytes:
    try:
        return await read_body(request, most=_MOST_BYTES)
    except MalformedForm as error:
        raise InvalidBody(error.detail, public=f"The body is {error.detail}") from error
