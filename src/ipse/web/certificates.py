"""The certificate of a client's TLS connection: what a named proxy says about it, and nobody else (RFC 9440 §4)."""

from __future__ import annotations

from typing import Final

from starlette.types import Scope

from ipse.kernel.addresses import is_named
from ipse.standards.client_certificates import CertificateError, read_header

SCOPE_KEY: Final = "ipse.client_certificate"
_CERTIFICATE: Final = b"client-cert"
_HEADERS: Final = (_CERTIFICATE, b"client-cert-chain")


def take_certificate(scope: Scope, certificate_proxies: tuple[str, ...]) -> None:
    """Put the certificate as DER bytes into the scope, and take both headers of RFC 9440 out of the request.

    They are taken out whoever sent them: from a connection that is not a named proxy's they are a forgery and count
    nothing; from a proxy's, nobody below needs to know how the certificate came. The connection's own address counts,
    never what `X-Forwarded-For` says.

    Raises:
        CertificateError: a named proxy sent two, or something that is no certificate header.
    """
    headers = scope["headers"]
    if not any(name in _HEADERS for name, _ in headers):
        return
    values = [value for name, value in headers if name == _CERTIFICATE]
    scope["headers"] = [header for header in headers if header[0] not in _HEADERS]
    client = scope.get("client")
    if not certificate_proxies or not client or not is_named(client[0], certificate_proxies):
        return
    if len(values) > 1:
        raise CertificateError("Client-Cert was sent twice")
    if values and values[0]:
        scope[SCOPE_KEY] = read_header(values[0])
