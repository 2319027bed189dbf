"""Judging signed files put together: whom this installation believes, and who looks at the files."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ipse.app.given import Given
from ipse.app.signing import SigningParts
from ipse.documents.validation.model import Anchors, Quality
from ipse.kernel.settings import Environment, SettingsError
from ipse.kernel.settings.parts import Signing
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
    anchors = Anchors(
        own=parts.evidence.authorities,
        further=tuple(_believed(settings, sandbox=sandbox)),
        sandbox=sandbox,
        quality=Quality(settings.certification.quality),
    )
    return Validations(parts.documents, anchors, parts.evidence, given.clock, settings.papers)


def _believed(settings: Signing, *, sandbox: bool) -> list[bytes]:
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
    return [each.public_bytes(Encoding.DER) for each in found]
