"""Partners that prove themselves by the certificate of their TLS connection (RFC 8705 §2)."""

from __future__ import annotations

import hmac
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ipse.kernel.clock import seconds
from ipse.partners.model import AuthMethod, Partner
from ipse.partners.service.desk import PartnerDesk
from ipse.standards import jose
from ipse.standards.client_certificates import CertificateError, ClientCertificate, has_subject, is_issued_by

BY_CERTIFICATE: Final = (AuthMethod.TLS_CLIENT_AUTH, AuthMethod.SELF_SIGNED_TLS_CLIENT_AUTH)
"""The ways of partners that can be asked for one."""


async def prove_by_certificate(desk: PartnerDesk, partner: Partner, certificate: ClientCertificate) -> str | None:
    """Prove one of `BY_CERTIFICATE`: by a subject under an authority of ours, or by a key that is registered.

    Returns the `kid` of that key, None for a subject.

    Raises:
        CertificateError: it is not theirs; the text says why.
    """
    if partner.auth_method is AuthMethod.TLS_CLIENT_AUTH:
        if not partner.tls_subject or not has_subject(certificate, partner.tls_subject):
            raise CertificateError("another subject than the registered one")
        if not is_issued_by(certificate, desk.authorities, seconds(desk.partners.clock.now())):
            raise CertificateError("not issued by an authority for partners, or not valid now")
        return None
    try:
        registered = await desk.keys.verification(partner, None)
    except jose.JoseError as error:
        raise CertificateError(error.reason) from error
    for key in registered.keys:
        encoded = key.handle.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        if key.use == "sig" and hmac.compare_digest(encoded, certificate.public_key):
            return key.kid
    raise CertificateError("its key is not registered")
