"""Our own TLS: the context that servers use, and what is wrong with a certificate before anybody meets it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.settings import Finding, Settings, SettingsError
from ipse.standards.client_certificates import CertificateError, read_authorities

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2: forward secrecy and AEAD only. TLS 1.3 has nothing else."""
_SOON_DAYS = 14


def server_context(certificate: str, key: str) -> ssl.SSLContext:
    """TLS 1.2 and 1.3 as a server.

    Raises:
        ssl.SSLError, OSError: certificate and key are missing or do not belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(certificate, key)
    return context


def partner_authorities(settings: Settings) -> tuple[x509.Certificate, ...]:
    """The authorities that issue partners' certificates.

    Raises:
        SettingsError: their file cannot be read, or holds something else.
    """
    if settings.client_certificate_authorities is None:
        return ()
    try:
        return read_authorities(Path(settings.client_certificate_authorities).read_bytes())
    except (OSError, CertificateError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        message = f"client_certificate_authorities {settings.client_certificate_authorities} cannot be used: {reason}"
        raise SettingsError(message) from error


def outgoing_context(settings: Settings) -> ssl.SSLContext | None:
    """Whom calls to partners trust; None for the usual authorities.

    Raises:
        SettingsError: the file that a lab names cannot be used.
    """
    named = settings.lab.outgoing_authorities if settings.lab else None
    if named is None:
        return None
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(cafile=named)
    except (ssl.SSLError, OSError) as error:
        message = f"lab.outgoing_authorities {named} cannot be used: name a PEM file of certificates"
        raise SettingsError(message) from error
    return context


def certificate_findings(settings: Settings, clock: Clock) -> Iterator[Finding]:
    """Certificates that are missing, do not fit their key or our names, or are not valid now."""
    yield from _authority_findings(settings, clock)
    if not (settings.tls_certificate and settings.tls_key):
        return
    try:
        server_context(settings.tls_certificate, settings.tls_key)
        certificate = x509.load_pem_x509_certificates(Path(settings.tls_certificate).read_bytes())[0]
    except (ssl.SSLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or type(error).__name__
        yield Finding(
            f"tls_certificate {settings.tls_certificate} and tls_key {settings.tls_key} cannot be used: {reason}",
            "name a PEM certificate chain and the private key that belongs to it",
        )
        return
    now = datetime.fromtimestamp(clock.now() / SECOND, UTC)
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        yield Finding(
            f"tls_certificate is valid from {certificate.not_valid_before_utc:%Y-%m-%d} to "
            f"{certificate.not_valid_after_utc:%Y-%m-%d} only",
            "renew it",
        )
    elif (certificate.not_valid_after_utc - now).days < _SOON_DAYS:
        yield Finding(
            f"tls_certificate ends on {certificate.not_valid_after_utc:%Y-%m-%d}", "renew it soon", unsafe=False
        )
    names = _names(certificate)
    staff = "" if settings.staff is None else settings.staff.origin
    for setting, url in (
        ("base_url", settings.base_url),
        ("app_origin", settings.app_origin),
        ("staff.origin", staff),
    ):
        host = urlsplit(url).hostname or ""
        if url.startswith("https://") and not _covered(host, names):
            yield Finding(f"tls_certificate does not name {host} of {setting}", "let it be issued for that name, too")


def _authority_findings(settings: Settings, clock: Clock) -> Iterator[Finding]:
    try:
        authorities = partner_authorities(settings)
    except SettingsError as error:
        yield Finding(str(error), "name a PEM file of the authorities' certificates")
        return
    now = datetime.fromtimestamp(clock.now() / SECOND, UTC)
    for authority in authorities:
        if now > authority.not_valid_after_utc:
            yield Finding(
                f"client_certificate_authorities: {authority.subject.rfc4514_string()} has ended: "
                "no partner gets in by its certificates",
                "put its successor into the file",
                unsafe=False,
            )


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    addresses = [str(address) for address in extension.get_values_for_type(x509.IPAddress)]
    return [*(name.lower() for name in extension.get_values_for_type(x509.DNSName)), *addresses]


def _covered(host: str, names: list[str]) -> bool:
    """RFC 9525 §6.3: exactly, or by a wildcard for the whole first label."""
    return host in names or f"*.{host.partition('.')[2]}" in names
