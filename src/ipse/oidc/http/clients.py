"""What a request brings of its sender: credentials in the body, a header, a certificate."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request

from ipse.oidc.errors import InvalidClient
from ipse.oidc.rules.client_proofs import ClientProof, Endpoint
from ipse.oidc.service.authentication import PartnerAuthentication
from ipse.standards.client_certificates import CertificateError, ClientCertificate, read_certificate


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
