"""How refusals of the provider look: the only place that renders them for partners' servers.

The words are in `error_description` (RFC 6749 §5.2) and, for partners who migrate, also in `detail` (partner protocol,
section 6).
"""

from __future__ import annotations

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response

from ipse.kernel.errors import PlatformError
from ipse.oidc.errors import (
    InvalidClient,
    InvalidDpopProof,
    InvalidRequest,
    InvalidToken,
    OAuthError,
    ServerError,
    UseDpopNonce,
)
from ipse.oidc.rules.senders import Scheme
from ipse.standards.dpop import ALGORITHMS
from ipse.standards.oauth import challenge_header
from ipse.storage.errors import DatabaseUnavailableError
from ipse.web.errors import MalformedForm
from ipse.web.forms import read_form
from ipse.web.problems import HEADER as REFERENCE

REALM = "ipse"
_JSON = (b"content-type", b"application/json")
_NO_STORE = (b"cache-control", b"no-store")

log = structlog.get_logger("ipse.oidc")


def refusal(error: PlatformError) -> Response:
    """A refusal as JSON."""
    check = error.check if isinstance(error, OAuthError) else ""
    log.info("refused", code=error.code, status=error.status, check=check, detail=error.detail)
    reference = error.reference
    if not isinstance(error, OAuthError | DatabaseUnavailableError):
        error = ServerError()
    body = {"error": error.code, "error_description": error.public, "detail": error.public}
    if reference:
        body["reference"] = reference
    response = json_answer(msgspec.json.encode(body), status=error.status)
    if reference:
        response.raw_headers.append((REFERENCE, reference.encode()))
    if isinstance(error, InvalidClient) and error.basic:
        response.status_code = 401
        response.headers["WWW-Authenticate"] = challenge_header("Basic", realm=REALM)
    return response


def resource_refusal(error: PlatformError, scheme: Scheme) -> Response:
    """A refusal at UserInfo and its like, with the challenge of the scheme to use (RFC 6750 §3, RFC 9449 §7.1)."""
    response = refusal(error)
    if isinstance(error, InvalidDpopProof | UseDpopNonce):
        response.status_code = 401
    if response.status_code < 500 and isinstance(error, OAuthError):
        members = {"error": error.code, "error_description": error.public}
        if isinstance(error, InvalidToken) and error.scheme == "DPoP":
            scheme = "DPoP"
        if scheme == "DPoP":
            members["algs"] = " ".join(ALGORITHMS)
        response.headers["WWW-Authenticate"] = challenge_header(scheme, realm=REALM, **members)
    return response


def no_token() -> Response:
    """No authentication at all: a challenge that names no error (RFC 6750 §3.1)."""
    response = refusal(InvalidToken("An access token is needed, in the Authorization header"))
    response.headers["WWW-Authenticate"] = challenge_header("Bearer", realm=REALM)
    return response


def json_answer(body: bytes, *, status: int = 200) -> Response:
    """JSON that nobody keeps."""
    response = Response(body, status_code=status)
    response.raw_headers += [_JSON, _NO_STORE, (b"pragma", b"no-cache")]
    return response


async def read_parameters(request: Request) -> dict[str, str]:
    """The parameters of a request body; those without a value count as absent (RFC 6749 §3.2).

    Raises:
        InvalidRequest: another content type, too large, or a parameter repeated.
    """
    try:
        form = await read_form(request)
    except MalformedForm as error:
        raise InvalidRequest(f"The body could not be read: {error.detail}") from error
    return {name: value for name, value in form.items() if value}
