"""The authorities that signatures of this installation are validated against."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509

from ipse.kernel.settings import Environment, SettingsError
from ipse.standards import sandbox_mark


def read_authorities(path: str, environment: Environment) -> tuple[x509.Certificate, ...]:
    """Issuing authorities and their roots, of this environment alone: a sandbox's are never beside others.

    Raises:
        SettingsError: the file cannot be read, holds something else, or authorities of another environment.
    """
    where = f"signing.certification.authorities {path}"
    try:
        found = tuple(x509.load_pem_x509_certificates(Path(path).read_bytes()))
    except OSError as error:
        raise SettingsError(f"{where} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SettingsError(f"{where} holds something else than certificates in PEM") from error
    if not any(each.subject == each.issuer for each in found):
        raise SettingsError(f"{where} holds no root")
    for each in found:
        if not _is_authority(each):
            raise SettingsError(f"{where} holds a certificate that is no authority's")
        if environment is Environment.PRODUCTION and sandbox_mark.is_marked(each):
            raise SettingsError(f"{where} holds a sandbox's authority, and this is production")
        if environment is not Environment.PRODUCTION and not sandbox_mark.is_fully_marked(each):
            raise SettingsError(f"{where} holds an authority that is not marked as a sandbox's")
    return found


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False
