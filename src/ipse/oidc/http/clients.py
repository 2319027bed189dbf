"""What a request brings of its sender: credentials in the body, a header, a certificate, a proof of possession."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from ipse.kernel.errors import PlatformError
from ipse.oidc.errors import (
    AccessDenied,
    AuthorizationPending,
    ExpiredToken,
    InvalidClient,
    InvalidDpopProof,
    OAuthError,
    UseDpopNonce,
)
from ipse.oidc.rules.client_proofs import ClientProof, Endpoint
from ipse.oidc.service.authentication import PartnerAuthentication
from ipse.oidc.service.dpop import Proofs
from ipse.partners.service import RequestLog
from ipse.standards.client_certificates import CertificateError, ClientCertificate, read_certificate
from ipse.standards.dpop import Proof

_ORDINARY = (AccessDenied, AuthorizationPending, ExpiredToken, UseDpopNonce)
"""Refusals that belong to the protocol's course: there is nothing in them for a developer to mend."""


def certificate_of(request: Request) -> ClientCertificate | None:
    """The certificate of the sender's connection, which a named proxy has handed on; None without one.

    Raises:
        InvalidClient: what the proxy says is a certificate is none.
    """
    der = request.scope.get("ipse.client_certificate")
    try:
        return None if der is None else read_certificate(der)
    except CertificateError as error:
        raise InvalidClient(str(error)) from error


async def prove(
    authentication: PartnerAuthentication, request: Request, form: Mapping[str, str], *, at: Endpoint
) -> ClientProof:
    """Prove the partner that sends a request whose body is `form`. Raises as `PartnerAuthentication.prove`."""
    return await authentication.prove(
        form, at=at, authorization=request.headers.get("authorization"), certificate=certificate_of(request)
    )


async def read_proof(
    authentication: PartnerAuthentication, proofs: Proofs, request: Request, form: Mapping[str, str], *, path: str
) -> Proof | None:
    """The proof of possession of a request to the address `path` behind the issuer. Raises as `Proofs.read`."""
    try:
        return proofs.read(request.headers.getlist("dpop"), method="POST", path=path)
    except InvalidDpopProof as error:
        error.partner_id = await authentication.claimed(form)
        raise


def with_nonce(answer: Response, request: Request, proofs: Proofs) -> Response:
    """The answer, with the nonce for the next proof where this request came with one (RFC 9449 §8)."""
    if "dpop" in request.headers:
        answer.headers["DPoP-Nonce"] = proofs.nonce
    return answer


def note_refusal(log: RequestLog, error: PlatformError, client: ClientProof | None, *, at: str) -> None:
    """Tell the partner's developer why its server was refused; nothing where nobody knows whose it is.

    The answer is given a reference in either case: whether a partner exists does not show (R-35).
    """
    if not isinstance(error, OAuthError) or type(error) in _ORDINARY:
        return
    partner_id, kid = (client.partner.partner_id, client.kid) if client else (error.partner_id, error.kid)
    error.reference = log.refused(
        partner_id, error.service_code, str(at), error.check, error.code, error.detail or error.public,
        kid=kid or "",
    )  # fmt: skip
