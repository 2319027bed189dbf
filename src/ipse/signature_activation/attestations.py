"""Whether a device key is in a phone's hardware, judged here once more: against roots of this process's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ipse.kernel.settings import Environment, SettingsError
from ipse.signature_activation.settings import ActivationSettings
from ipse.standards import key_attestation, phone_channel
from ipse.standards.client_certificates import CertificateError, read_authorities
from ipse.standards.key_attestation import AttestationError, Presented
from ipse.standards.sandbox_mark import is_fully_marked, is_marked


@dataclass(frozen=True)
class Makers:
    """Whose word is believed."""

    roots: Sequence[x509.Certificate]
    revoked: frozenset[int]

    def attest(self, attestation: Mapping[str, Any] | None, device_key: Mapping[str, str], now: int) -> bool:
        """Whether the attestation proves that the key is in hardware; `now` in seconds."""
        if attestation is None or not self.roots or attestation.get("format") != key_attestation.FORMAT:
            return False
        public = phone_channel.public_key(device_key)
        try:
            presented = Presented(
                chain=key_attestation.read_chain(attestation.get("x5c")),
                device_key=public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
                challenge=key_attestation.challenge(str(attestation.get("issuer", ""))),
                roots=self.roots,
                revoked=self.revoked,
                now=datetime.fromtimestamp(now, UTC),
            )
            key_attestation.verify(presented)
        except AttestationError:
            return False
        return True


def open_makers(settings: ActivationSettings) -> Makers:
    """The makers that the settings name.

    Raises:
        SettingsError: the file cannot be read, or holds whom this installation must not believe.
    """
    try:
        revoked = frozenset(int(serial, 16) for serial in settings.revoked)
    except ValueError as error:
        raise SettingsError("revoked holds something else than hexadecimal serial numbers") from error
    if not settings.attestation_roots:
        return Makers((), revoked)
    try:
        roots = read_authorities(Path(settings.attestation_roots).read_bytes())
    except (OSError, CertificateError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SettingsError(f"attestation_roots {settings.attestation_roots} cannot be used: {reason}") from error
    production = settings.environment is Environment.PRODUCTION
    for root in roots:
        name = root.subject.rfc4514_string()
        if production and is_marked(root):
            raise SettingsError(f"attestation_roots: {name} is of a sandbox, where anybody attests anything")
        if not production and not is_fully_marked(root):
            raise SettingsError(f"attestation_roots: {name} does not carry the sandbox's mark")
    return Makers(roots, revoked)
