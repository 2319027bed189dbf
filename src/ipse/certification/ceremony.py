"""The ceremony: a root is made in the presence of people, certifies the issuing authority, and is taken away.

The root's key is in a token or in a file that opens with the parts of a passphrase, one for each keeper. Afterwards it
is needed for two things alone: a new list of the root, and the next issuing authority.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ipse.certification import keys, profiles
from ipse.certification.keys import PrivateKey, PublicKey, hash_of
from ipse.certification.profiles import Pair, Validity, moment
from ipse.certification.settings import CertificationSettings
from ipse.kernel import clock as clocks
from ipse.kernel.clock import Clock
from ipse.kernel.ids import Ids
from ipse.kernel.settings import Environment, SettingsError
from ipse.standards import sandbox_mark
from ipse.storage.private_files import write_private

ROOT, ISSUING, REQUEST, LIST = "root.pem", "issuing.pem", "issuing.csr", "root.crl"
ROOT_DAYS: Final = 20 * 365
ISSUING_DAYS: Final = 10 * 365
LIST_DAYS: Final = 400
_LEAST_KEEPERS: Final = 2


@dataclass(frozen=True)
class RootKey:
    """The root's key and who keeps it."""

    location: str
    parts: Sequence[bytes]
    """Of the passphrase; none for a key in a token."""

    @property
    def passphrase(self) -> bytes:
        """All parts as one. Raises SettingsError."""
        return b"" if self.location.startswith("pkcs11:") else keys.passphrase_of(self.parts)


@dataclass(frozen=True)
class Ceremony:
    """One, with its witnesses."""

    settings: CertificationSettings
    root: RootKey
    keepers: Sequence[str]
    """Names of those present."""
    clock: Clock
    ids: Ids

    def check(self) -> None:
        """Refuse one that production could not stand by.

        Raises:
            SettingsError: says why.
        """
        in_file = not self.root.location.startswith("pkcs11:")
        if in_file and len(self.root.parts) < 1:
            raise SettingsError("a root in a file needs a passphrase: one part for each keeper")
        if self.settings.environment is not Environment.PRODUCTION:
            return
        if len(set(self.keepers)) < _LEAST_KEEPERS:
            raise SettingsError("a ceremony of production needs two people: name each with --keeper")
        if in_file and len(self.root.parts) < _LEAST_KEEPERS:
            raise SettingsError("a root of production in a file opens with two parts or more, one for each keeper")

    def begin(self) -> Pair:
        """Make the root. Raises SettingsError: there is one already."""
        self.check()
        algorithm = "P-384" if self.settings.algorithm == "P-256" else self.settings.algorithm
        key = keys.make_key(self.root.location, algorithm, self.root.passphrase)
        length = profiles.validity(self.clock.now(), days=ROOT_DAYS)
        return Pair(key, profiles.root(self.settings, key, self._serial(), length))

    def resume(self, certificate: x509.Certificate) -> Pair:
        """Open the root again. Raises SettingsError: another key, another passphrase."""
        self.check()
        key = keys.open_key(self.root.location, self.root.passphrase)
        if keys.digest_of(key.public_key()) != _digest(certificate):
            raise SettingsError("this is not the key of the root's certificate")
        return Pair(key, certificate)

    def certify(self, root: Pair, request: bytes) -> x509.Certificate:
        """Certify the issuing authority.

        Raises:
            SettingsError: the request is none, is not of its key, or names somebody else than the settings do.
        """
        asked = read_authority_request(request)
        expected = profiles.authority_name(self.settings, "").rdns[:-1]
        if tuple(asked.subject.rdns[:-1]) != tuple(expected):
            raise SettingsError("the request is of another organisation than the settings")
        key = asked.public_key()
        if not isinstance(key, PublicKey):
            raise SettingsError("the request is for a key of another kind")
        asked_for = profiles.validity(self.clock.now(), days=ISSUING_DAYS)
        length = Validity(asked_for.begins, min(asked_for.ends, root.certificate.not_valid_after_utc))
        return profiles.issuing(self.settings, key, asked.subject, root, self._serial(), length)

    def revocation_list(
        self, root: Pair, earlier: x509.CertificateRevocationList | None, revoked: Sequence[x509.Certificate] = ()
    ) -> bytes:
        """The root's list (DER): what was on the earlier one, and `revoked` from now on."""
        now = moment(self.clock.now())
        built = x509.CertificateRevocationListBuilder().issuer_name(root.certificate.subject)
        built = built.last_update(now).next_update(now + timedelta(days=LIST_DAYS))
        number = 1
        entries = {} if earlier is None else {entry.serial_number: entry for entry in earlier}
        if earlier is not None:
            number += earlier.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        for certificate in revoked:
            if certificate.issuer != root.certificate.subject:
                raise SettingsError("a certificate of another issuer cannot be revoked here")
            entry = x509.RevokedCertificateBuilder().serial_number(certificate.serial_number).revocation_date(now)
            reason = x509.CRLReason(x509.ReasonFlags.superseded)
            entries.setdefault(certificate.serial_number, entry.add_extension(reason, critical=False).build())
        for each in entries.values():
            built = built.add_revoked_certificate(each)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(root.key.public_key())
        built = built.add_extension(authority, critical=False).add_extension(x509.CRLNumber(number), critical=False)
        return built.sign(root.key, hash_of(root.key)).public_bytes(Encoding.DER)

    def record(self, what: str, made: Sequence[tuple[str, bytes]], certificates: Sequence[x509.Certificate]) -> str:
        """The minutes, to be read aloud and signed by everybody present."""
        place = "a security module" if self.root.location.startswith("pkcs11:") else "an encrypted file"
        parts = f", which opens with {len(self.root.parts)} parts of a passphrase" if self.root.parts else ""
        lines = [
            "RECORD OF A KEY CEREMONY",
            "",
            f"What:          {what}",
            f"When (UTC):    {clocks.text(self.clock.now())}",
            "Where:         ______________________________________________",
            f"Operator:      {self.settings.organisation} ({self.settings.country})",
            f"Environment:   {self.settings.environment}",
            f"Root's key:    in {place}{parts}",
            "",
        ]
        for certificate in certificates:
            lines += [
                f"Certificate:   {certificate.subject.rfc4514_string()}",
                f"  serial       {certificate.serial_number:x}",
                f"  holds        {_day(certificate.not_valid_before_utc)} to {_day(certificate.not_valid_after_utc)}",
                f"  SHA-256      {_spaced(certificate.public_bytes(Encoding.DER))}",
            ]
        lines += ["", "Files, by SHA-256:"]
        lines += [f"  {name:<14} {hashlib.sha256(content).hexdigest()}" for name, content in made]
        lines += [
            "",
            "We have seen this machine without a network, have compared the fingerprints above with its screen, and",
            "know where the root's key, its copies and each part of its passphrase are kept from now on.",
            "",
        ]
        for keeper in self.keepers or ("",):
            lines += [f"{keeper or 'Name':<32} signature ______________________  keeps ______________________", ""]
        return "\n".join(lines)

    def _serial(self) -> int:
        return int.from_bytes(self.ids.octets(16), "big") or 1


def authority_request(settings: CertificationSettings, key: PrivateKey, number: int) -> bytes:
    """What the issuing authority brings to the ceremony, PEM."""
    name = profiles.authority_name(settings, f"Issuing {number}")
    return x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hash_of(key)).public_bytes(Encoding.PEM)


def read_authority_request(pem: bytes) -> x509.CertificateSigningRequest:
    """Read it.

    Raises:
        SettingsError: none, or not signed by its own key.
    """
    try:
        asked = x509.load_pem_x509_csr(pem)
        proven = asked.is_signature_valid
    except ValueError as error:
        raise SettingsError("the request of the issuing authority is no PKCS #10 in PEM") from error
    if not proven:
        raise SettingsError("the request of the issuing authority is not signed by its own key")
    return asked


def read_certificate(path: Path) -> x509.Certificate:
    """The one certificate in a PEM file.

    Raises:
        SettingsError: missing, or something else.
    """
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except FileNotFoundError as error:
        raise SettingsError(f"{path} does not exist; it comes from: ipse certification ceremony") from error
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} holds no certificate") from error


def check_anchors(settings: CertificationSettings, root: x509.Certificate, issuing: x509.Certificate) -> None:
    """Refuse authorities that do not belong together, or to another environment: a sandbox's bear its mark.

    Raises:
        SettingsError: says which.
    """
    try:
        root.verify_directly_issued_by(root)
        issuing.verify_directly_issued_by(root)
    except Exception as error:  # cryptography raises several kinds, all of which mean no
        raise SettingsError("issuing.pem is not certified by root.pem") from error
    for name, certificate in ((ROOT, root), (ISSUING, issuing)):
        if settings.is_sandbox and not sandbox_mark.is_fully_marked(certificate):
            raise SettingsError(f"{name} is not marked as a sandbox's, and this is a {settings.environment}")
        if not settings.is_sandbox and sandbox_mark.is_marked(certificate):
            raise SettingsError(f"{name} is a sandbox's, and this is production")


def keep(folder: Path, name: str, content: bytes) -> None:
    """Write a public file, whole."""
    write_private(folder / name, content, exclusive=False)
    (folder / name).chmod(0o644)


def _digest(certificate: x509.Certificate) -> str:
    key = certificate.public_key()
    return keys.digest_of(key) if isinstance(key, PublicKey) else ""


def _day(when: datetime) -> str:
    return f"{when:%Y-%m-%d}"


def _spaced(octets: bytes) -> str:
    digest = hashlib.sha256(octets).hexdigest().upper()
    return " ".join(digest[at : at + 4] for at in range(0, len(digest), 4))
