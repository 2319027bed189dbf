"""Judging signed files put together: whom this installation believes, and who looks at the files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ipse.app.given import Given
from ipse.app.signing import SigningParts
from ipse.documents.validation.model import Anchors, Quality
from ipse.kernel.settings import Environment, SettingsError
from ipse.kernel.settings.parts import Signing
from ipse.signing.clients.revocation import RevocationClient
from ipse.standards.sandbox_mark import is_marked
from ipse.validation.service import Validations


def open_validation(given: Given, parts: SigningParts) -> Validations | None:
    """Judging, where documents are signed; None elsewhere.

    Raises:
        SettingsError: the further authorities cannot be read, or are not of this environment.
    """
    settings = given.settings.signing
    if settings is None or parts.documents is None or parts.evidence is None:
        return None
    sandbox = given.settings.environment is not Environment.PRODUCTION
    believed = _believed(settings, sandbox=sandbox)
    anchors = Anchors(
        own=parts.evidence.authorities,
        further=tuple(each.public_bytes(Encoding.DER) for each in believed),
        sandbox=sandbox,
        quality=Quality(settings.certification.quality),
    )
    own = [x509.load_der_x509_certificate(each) for each in parts.evidence.authorities]
    # A client of its own: it may ask the further authorities, too, and the signing ones never wait behind strangers.
    revocation = RevocationClient((*own, *believed), given.settings.environment, given.ids)
    ask = replace(parts.evidence, revocation=revocation)
    return Validations(parts.documents, anchors, ask, given.clock, settings.papers, revocation.close)


def _believed(settings: Signing, *, sandbox: bool) -> list[x509.Certificate]:
    if not settings.believed:
        return []
    where = f"signing.believed {settings.believed}"
    try:
        found = x509.load_pem_x509_certificates(Path(settings.believed).read_bytes())
    except OSError as error:
        raise SettingsError(f"{where} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SettingsError(f"{where} holds something else than certificates in PEM") from error
    if any(is_marked(each) is not sandbox for each in found):
        raise SettingsError(f"{where} holds an authority of another environment")
    return found
