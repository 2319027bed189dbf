"""Makers who attest phone keys: open the roots that the settings name, and say what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cryptography import x509

from ipse.kernel.settings import Environment, Finding, Settings, SettingsError
from ipse.mobile.service.admission import Admission
from ipse.standards.client_certificates import CertificateError, read_authorities
from ipse.standards.sandbox_mark import is_fully_marked, is_marked
from ipse.switches.service import Switches

_MEND = "name a PEM file of makers' roots: a sandbox's own in a sandbox, the makers' in production"


def open_admission(settings: Settings, switches: Switches) -> Admission:
    """The policy for phones, with its roots.

    Raises:
        SettingsError: the file cannot be read, or holds what this installation must not believe.
    """
    policy = settings.phones
    return Admission(
        issuer=settings.issuer,
        roots=_roots(settings),
        revoked=_revoked(settings),
        refuse_rooted=policy.refuse_rooted,
        minimum_app_version=settings.minimum_app_version,
        switches=switches,
        clock=switches.clock,
    )


def attestation_findings(settings: Settings) -> Iterator[Finding]:
    """Roots that cannot be used or must not be believed here."""
    try:
        _roots(settings)
        _revoked(settings)
    except SettingsError as error:
        yield Finding(str(error), _MEND)


def _roots(settings: Settings) -> tuple[x509.Certificate, ...]:
    path = settings.phones.attestation_roots
    if not path:
        return ()
    try:
        roots = read_authorities(Path(path).read_bytes())
    except (OSError, CertificateError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SettingsError(f"phones.attestation_roots {path} cannot be used: {reason}") from error
    production = settings.environment is Environment.PRODUCTION
    for root in roots:
        name = root.subject.rfc4514_string()
        if production and is_marked(root):
            raise SettingsError(f"phones.attestation_roots: {name} is of a sandbox, where anybody attests anything")
        if not production and not is_fully_marked(root):
            raise SettingsError(f"phones.attestation_roots: {name} does not carry the sandbox's mark")
    return roots


def _revoked(settings: Settings) -> frozenset[int]:
    return frozenset(_serial(each) for each in settings.phones.revoked)


def _serial(text: str) -> int:
    try:
        return int(text, 16)
    except ValueError as error:
        raise SettingsError(f"phones.revoked: {text!r} is no hexadecimal serial number") from error
