"""Certificates of the sandbox's eID, in the shape of the real ones, with the mark of the sandbox in each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from ipse.standards import sandbox_mark

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
RSA_BITS: Final = 2048
_RSA_EXPONENT: Final = 65537


@dataclass(frozen=True, slots=True)
class Issuer:
    """A key, its certificate, and where one learns about what it issued."""

    name: str
    """As it stands in addresses: `citizen`."""
    key: PrivateKey
    certificate: x509.Certificate
    places: str
    """The address of the sandbox's eID, such as `http://127.0.0.1:8001/eid`."""


@dataclass(frozen=True, slots=True)
class Validity:
    """From when, until when (UTC)."""

    begins: datetime
    ends: datetime


def new_key(*, elliptic: bool) -> PrivateKey:
    """A key as cards of applet 1.8 (P-384) or 1.7 (RSA, 2048 bits) have them."""
    if elliptic:
        return ec.generate_private_key(ec.SECP384R1())
    return rsa.generate_private_key(_RSA_EXPONENT, RSA_BITS)


def name(common_name: str, **more: str) -> x509.Name:
    """A subject of Belgium, marked as the sandbox's. `more`: `surname`, `given_name`, `serial_number`."""
    parts = [(NameOID.COUNTRY_NAME, "BE"), (NameOID.ORGANIZATIONAL_UNIT_NAME, sandbox_mark.UNIT)]
    parts.append((NameOID.COMMON_NAME, common_name))
    optional = (
        (NameOID.SURNAME, "surname"),
        (NameOID.GIVEN_NAME, "given_name"),
        (NameOID.SERIAL_NUMBER, "serial_number"),
    )
    parts += [(oid, more[field]) for oid, field in optional if more.get(field)]
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])


def root(key: PrivateKey, subject: x509.Name, validity: Validity) -> x509.Certificate:
    """A root, signed by itself."""
    built = _builder(key, subject, subject, key, validity).add_extension(_authority(), critical=True)
    return built.add_extension(_usage(issues=True), critical=True).sign(key, hash_of(key))


def authority(key: PrivateKey, subject: x509.Name, validity: Validity, issuer: Issuer) -> x509.Certificate:
    """An authority below a root, for people's certificates alone."""
    built = _issued(key, subject, validity, issuer, online=False)
    built = built.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return built.add_extension(_usage(issues=True), critical=True).sign(issuer.key, hash_of(issuer.key))


def signer(key: PrivateKey, subject: x509.Name, validity: Validity, issuer: Issuer) -> x509.Certificate:
    """Who signs the files of cards."""
    built = _issued(key, subject, validity, issuer, online=False)
    return built.add_extension(_usage(signs=True, commits=True), critical=True).sign(issuer.key, hash_of(issuer.key))


def responder(key: PrivateKey, subject: x509.Name, validity: Validity, issuer: Issuer) -> x509.Certificate:
    """Who answers for an authority which certificates are good (RFC 6960 §4.2.2.2)."""
    built = _issued(key, subject, validity, issuer, online=False)
    built = built.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), critical=True)
    built = built.add_extension(x509.OCSPNoCheck(), critical=False)
    return built.add_extension(_usage(signs=True), critical=True).sign(issuer.key, hash_of(issuer.key))


def authentication(key: PrivateKey, subject: x509.Name, validity: Validity, issuer: Issuer) -> x509.Certificate:
    """What a person logs in with. Elliptic ones, as on newer cards, also name their use; older ones do not."""
    built = _issued(key, subject, validity, issuer, online=True)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        uses = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.EMAIL_PROTECTION]
        built = built.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
    return built.add_extension(_usage(signs=True), critical=True).sign(issuer.key, hash_of(issuer.key))


def non_repudiation(key: PrivateKey, subject: x509.Name, validity: Validity, issuer: Issuer) -> x509.Certificate:
    """What a person signs with."""
    built = _issued(key, subject, validity, issuer, online=True)
    return built.add_extension(_usage(commits=True), critical=True).sign(issuer.key, hash_of(issuer.key))


def hash_of(key: PrivateKey) -> hashes.SHA256 | hashes.SHA384:
    """The hash that goes with a key: SHA-384 with P-384, SHA-256 with RSA."""
    return hashes.SHA384() if isinstance(key, ec.EllipticCurvePrivateKey) else hashes.SHA256()


def _issued(
    key: PrivateKey, subject: x509.Name, validity: Validity, issuer: Issuer, *, online: bool
) -> x509.CertificateBuilder:
    """`online`: whether the responder answers for it."""
    built = _builder(key, subject, issuer.certificate.subject, issuer.key, validity)
    about = [
        x509.AccessDescription(
            AuthorityInformationAccessOID.CA_ISSUERS, _uri(f"{issuer.places}/certificates/{issuer.name}.crt")
        )
    ]
    if online:
        about.insert(0, x509.AccessDescription(AuthorityInformationAccessOID.OCSP, _uri(f"{issuer.places}/ocsp")))
        point = x509.DistributionPoint([_uri(f"{issuer.places}/crl/{issuer.name}.crl")], None, None, None)
        built = built.add_extension(x509.CRLDistributionPoints([point]), critical=False)
    return built.add_extension(x509.AuthorityInformationAccess(about), critical=False)


def _builder(
    key: PrivateKey, subject: x509.Name, issuer: x509.Name, issuer_key: PrivateKey, validity: Validity
) -> x509.CertificateBuilder:
    policy = x509.PolicyInformation(sandbox_mark.POLICY, None)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity.begins)
        .not_valid_after(validity.ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .add_extension(x509.CertificatePolicies([policy]), critical=False)
    )


def _authority() -> x509.BasicConstraints:
    return x509.BasicConstraints(ca=True, path_length=None)


def _uri(text: str) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(text)


def _usage(*, issues: bool = False, signs: bool = False, commits: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs,
        content_commitment=commits,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=issues,
        crl_sign=issues,
        encipher_only=False,
        decipher_only=False,
    )
