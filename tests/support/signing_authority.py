"""An authority for signatures, small enough for one process: people's certificates, OCSP, CRL and time stamps.

It is what the certification service is to the scheme, and answers what a validation asks (`ocsp`, `crl`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID
from pyhanko.sign.signers import SimpleSigner
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from ipse.kernel.errors import PlatformError
from ipse.standards.sandbox_mark import POLICY, UNIT

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
DAY = timedelta(days=1)
OCSP_URL = "http://authority.example/ocsp"
CRL_URL = "http://authority.example/root.crl"


class SilentAuthority(PlatformError):
    """It does not answer."""

    code = "evidence_not_answered"
    status = 503
    title = "Nobody answers"


@dataclass(frozen=True)
class Holder:
    """A certificate, its key and who issued it."""

    certificate: x509.Certificate
    key: Key

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def loaded(self) -> asn1_x509.Certificate:
        return asn1_x509.Certificate.load(self.der)

    @property
    def private(self) -> asn1_keys.PrivateKeyInfo:
        return asn1_keys.PrivateKeyInfo.load(self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


@dataclass
class Authority:
    """A root, an issuing authority below it, and a time-stamping one."""

    now: datetime
    marked: bool = True
    name: str = "tests"
    answers: bool = True
    revoked: dict[int, tuple[datetime, x509.ReasonFlags]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    root: Holder = field(init=False)
    issuing: Holder = field(init=False)
    stamping: Holder = field(init=False)

    def __post_init__(self) -> None:
        self.root = self._make(f"Root of {self.name}", None, authority=True)
        self.issuing = self._make(f"Issuing of {self.name}", self.root, authority=True)
        # pyHanko's time-stamping service knows RSA alone.
        key = rsa.generate_private_key(65537, 2048)
        self.stamping = self.issue(f"Time of {self.name}", key=key, stamping=True, key_usage="digital_signature")

    @property
    def anchors(self) -> tuple[bytes, ...]:
        """As `settings.signing.certification.authorities` names them."""
        return self.issuing.der, self.root.der

    def issue(
        self,
        name: str,
        *,
        key: Key | None = None,
        days: tuple[float, float] = (-400, 400),
        key_usage: str = "content_commitment",
        stamping: bool = False,
        by: Holder | None = None,
    ) -> Holder:
        """A certificate of a person."""
        return self._make(name, by or self.issuing, key=key, days=days, key_usage=key_usage, stamping=stamping)

    def stamper(self, at: datetime | None = None, by: Holder | None = None) -> DummyTimeStamper:
        """The time-stamping service, whose clock stands at a moment."""
        holder = by or self.stamping
        return DummyTimeStamper(
            holder.loaded, holder.private, certs_to_embed=self.store(), fixed_dt=(at or self.now).replace(microsecond=0)
        )

    def signer(self, holder: Holder) -> SimpleSigner:
        """PyHanko's signer with a person's key."""
        return SimpleSigner(signing_cert=holder.loaded, signing_key=holder.private, cert_registry=self.store())

    def store(self) -> SimpleCertificateStore:
        """The certificates between a person and the root, and the root."""
        store = SimpleCertificateStore()
        store.register_multiple([self.issuing.loaded, self.root.loaded])
        return store

    def revoke(self, holder: Holder, at: datetime, reason: x509.ReasonFlags = x509.ReasonFlags.key_compromise) -> None:
        """From then on."""
        self.revoked[holder.certificate.serial_number] = (at.replace(microsecond=0), reason)

    async def ocsp(self, certificate: bytes, issuer: bytes) -> bytes:
        """What is said now of a certificate."""
        self.asked.append("ocsp")
        if not self.answers:
            raise SilentAuthority
        return self.ocsp_response(x509.load_der_x509_certificate(certificate), self.now)

    def ocsp_response(self, certificate: x509.Certificate, at: datetime) -> bytes:
        """What was said of a certificate at a moment."""
        found = self.revoked.get(certificate.serial_number)
        if found is not None and found[0] > at:
            found = None
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=certificate,
            issuer=self.issuing.certificate,
            algorithm=hashes.SHA256(),
            cert_status=ocsp.OCSPCertStatus.GOOD if found is None else ocsp.OCSPCertStatus.REVOKED,
            this_update=at.replace(microsecond=0),
            next_update=at.replace(microsecond=0) + DAY,
            revocation_time=None if found is None else found[0],
            revocation_reason=None if found is None else found[1],
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, self.issuing.certificate)
        response = builder.sign(self.issuing.key, hashes.SHA256())
        return response.public_bytes(Encoding.DER)

    async def crl(self, url: str) -> bytes:
        """The root's list."""
        self.asked.append("crl")
        if not self.answers or url != CRL_URL:
            raise SilentAuthority
        return self.crl_list(self.now)

    def crl_list(self, at: datetime) -> bytes:
        """The root's list as of a moment."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.root.certificate.subject)
            .last_update(at.replace(microsecond=0))
            .next_update(at.replace(microsecond=0) + DAY)
        )
        for serial, (when, reason) in self.revoked.items():
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when)
            builder = builder.add_revoked_certificate(
                entry.add_extension(x509.CRLReason(reason), critical=False).build()
            )
        return builder.sign(self.root.key, hashes.SHA256()).public_bytes(Encoding.DER)

    async def timestamp(self, digest: bytes) -> bytes:
        """Not asked by a validation."""
        raise SilentAuthority

    def _make(
        self,
        name: str,
        by: Holder | None,
        *,
        authority: bool = False,
        key: Key | None = None,
        days: tuple[float, float] = (-400, 400),
        key_usage: str = "content_commitment",
        stamping: bool = False,
    ) -> Holder:
        key = key or ec.generate_private_key(ec.SECP256R1())
        subject = [x509.NameAttribute(NameOID.COUNTRY_NAME, "BE"), x509.NameAttribute(NameOID.COMMON_NAME, name)]
        if self.marked:
            subject.append(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, UNIT))
        start = (self.now + timedelta(days=days[0])).replace(microsecond=0)
        end = (self.now + timedelta(days=days[1])).replace(microsecond=0)
        if authority:
            start, end = self.now - 4000 * DAY, self.now + 4000 * DAY
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name(subject))
            .issuer_name(by.certificate.subject if by else x509.Name(subject))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(_usage(authority=authority, key_usage=key_usage), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        for extension, critical in self._extensions(by, authority=authority, stamping=stamping):
            builder = builder.add_extension(extension, critical=critical)
        return Holder(builder.sign(by.key if by else key, hashes.SHA256()), key)

    def _extensions(self, by: Holder | None, *, authority: bool, stamping: bool) -> list[tuple[Any, bool]]:
        found: list[tuple[Any, bool]] = []
        if self.marked:
            found.append((x509.CertificatePolicies([x509.PolicyInformation(POLICY, None)]), False))
        if stamping:
            found.append((x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True))
        if by is not None and authority:
            point = x509.DistributionPoint([x509.UniformResourceIdentifier(CRL_URL)], None, None, None)
            found.append((x509.CRLDistributionPoints([point]), False))
        elif by is not None:
            place = x509.UniformResourceIdentifier(OCSP_URL)
            access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, place)
            found.append((x509.AuthorityInformationAccess([access]), False))
        return found


def _usage(*, authority: bool, key_usage: str) -> x509.KeyUsage:
    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    on = {"key_cert_sign", "crl_sign", "digital_signature"} if authority else {key_usage}
    return x509.KeyUsage(**{name: name in on for name in names})


def now() -> datetime:
    """The moment that tests of signed files take as theirs: pyHanko signs with the machine's clock."""
    return datetime.now(UTC).replace(microsecond=0)
