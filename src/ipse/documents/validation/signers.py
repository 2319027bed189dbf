"""What a certificate says of its holder, and how far a signature goes."""

from __future__ import annotations

from asn1crypto import x509

from ipse.documents.validation.chains import common_name, micros
from ipse.documents.validation.model import Quality, Signer


def signer_of(certificate: x509.Certificate, quality: Quality) -> Signer:
    """The holder. Serial numbers of persons (such as national numbers) are left out."""
    native = certificate.subject.native
    return Signer(
        name=common_name(certificate.subject),
        organisation=_first(native.get("organization_name")),
        country=_first(native.get("country_name")),
        pseudonym=bool(native.get("pseudonym")),
        issuer=common_name(certificate.issuer),
        valid_from=micros(certificate.not_valid_before),
        valid_until=micros(certificate.not_valid_after),
        fingerprint=certificate.sha256.hex(),
        quality=quality,
    )


def baseline(*, named: bool, stamped: bool, evidence: bool, archived: bool) -> str:
    """The baseline level (EN 319 142-1 §6): each needs the one before it."""
    if not named:
        return ""
    if not stamped:
        return "B-B"
    if not evidence:
        return "B-T"
    return "B-LTA" if archived else "B-LT"


def _first(value: object) -> str:
    return str(value[0] if isinstance(value, list) else value or "")
