"""Which phones are let in: how their key is protected, what they say of themselves, how old the app is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ipse.enrolment.errors import AppTooOldError
from ipse.kernel.clock import SECOND, Clock
from ipse.mobile.errors import AttestationRefused, PhoneRefused
from ipse.mobile.rules import is_older
from ipse.standards import key_attestation, phone_channel
from ipse.standards.key_attestation import AttestationError, Attested, Presented
from ipse.switches.model import phone_model, said_model
from ipse.switches.service import Switches

ATTESTED: Final = "attested"
SOFTWARE: Final = "software"


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """The installation's policy."""

    issuer: str
    roots: Sequence[x509.Certificate]
    """Makers who are believed; none: nobody's attestation is looked at."""
    revoked: frozenset[int]
    refuse_rooted: bool
    minimum_app_version: str
    switches: Switches
    clock: Clock

    def attested(self, attestation: object, device_key: Mapping[str, str]) -> Attested | None:
        """What its hardware says of a phone's key, as far as it was proven; None: it is as good as software's.

        Raises:
            AttestationRefused: a proof was given and does not hold.
        """
        if attestation is None or not self.roots:
            return None
        if not isinstance(attestation, Mapping) or attestation.get("format") != key_attestation.FORMAT:
            raise AttestationRefused(f"format must be {key_attestation.FORMAT}")
        public = phone_channel.public_key(dict(device_key))
        try:
            return key_attestation.verify(
                Presented(
                    chain=key_attestation.read_chain(attestation.get("x5c")),
                    device_key=public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
                    challenge=challenge(self.issuer),
                    roots=self.roots,
                    revoked=self.revoked,
                    now=datetime.fromtimestamp(self.clock.now() / SECOND, UTC),
                )
            )
        except AttestationError as error:
            raise AttestationRefused(str(error)) from error

    def check(self, device: object, app_version: str, *, model: str | None = None) -> None:
        """Judge what a phone says of itself, and the version it was activated with or says it has now.

        `model` is what was attested or said of its model when it was activated.

        Raises:
            PhoneRefused: it is rooted or can be debugged, and the policy does not take such.
            AppTooOldError: the app would show today's requests wrongly.
            PhoneModelOff, AppVersionOff: its model or version was switched off.
        """
        reported = device if isinstance(device, Mapping) else {}
        if self.refuse_rooted and reported.get("rooted") is True:
            raise PhoneRefused("rooted")
        if self.refuse_rooted and reported.get("debugEnabled") is True:
            raise PhoneRefused("debugged")
        release = reported.get("appRelease")
        version = release if isinstance(release, str) and release else app_version
        if is_older(version, self.minimum_app_version):
            raise AppTooOldError(minimum_app_version=self.minimum_app_version)
        self.switches.check_phone(device=device, model=model, version=version)


def challenge(issuer: str) -> bytes:
    """What a key is made for: 32 bytes that name the installation (device protocol section 4)."""
    return key_attestation.challenge(issuer)


def model_of(attested: Attested | None, device: object) -> str:
    """A phone's maker and model, as switches call them: what its hardware says, else what it says itself."""
    told = phone_model(*attested.model) if attested is not None else ""
    return told or said_model(device)
