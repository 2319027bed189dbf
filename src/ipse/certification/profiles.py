"""What stands in each kind of certificate (RFC 5280; ETSI EN 319 412-1, -2, -5; EN 319 422 for time stamps).

A person's certificate commits and does nothing else: its key usage is nonRepudiation alone (type A of EN 319 412-2
§4.3.2), so that nobody can be logged in with it. Nothing in it says qualified unless the settings do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from asn1crypto import core
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from ipse.certification.keys import PrivateKey, PublicKey, hash_of
from ipse.certification.requests import name_of
from ipse.certification.settings import CertificationSettings, Qualified
from ipse.kernel.clock import SECOND
from ipse.standards import sandbox_mark
from ipse.standards.certification import Subject

ROOT_FILE: Final = "root.cer"
ISSUING_FILE: Final = "issuing.cer"
ROOT_LIST: Final = "root.crl"
ISSUING_LIST: Final = "issuing.crl"

_ARC: Final = sandbox_mark.POLICY.dotted_string
SANDBOX_PERSON: Final = f"{_ARC}.1"
"""Policy of a sandbox's certificates for people."""
SANDBOX_SHORT_TERM: Final = f"{_ARC}.2"
"""Policy of its short-term certificates."""
SANDBOX_TIMESTAMP: Final = f"{_ARC}.3"
"""Policy of its time stamps."""
_ANY_POLICY: Final = x509.ObjectIdentifier("2.5.29.32.0")
SHORT_TERM: Final = x509.ObjectIdentifier("0.4.0.194121.2.1")
"""validity-assured-short-term (EN 319 412-1 §5.2)."""
NO_REVOCATION: Final = x509.ObjectIdentifier("2.5.29.56")
"""noRevAvail (RFC 9608)."""
STATEMENTS: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3")
"""qcStatements (RFC 3739 §3.2.6)."""
_NULL: Final = b"\x05\x00"


@dataclass(frozen=True, slots=True)
class Validity:
    """From when, until when, whole seconds UTC."""

    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Pair:
    """A key and its certificate."""

    key: PrivateKey
    certificate: x509.Certificate


@dataclass(frozen=True, slots=True)
class Issuing:
    """Who issues, and what its certificates say of it."""

    settings: CertificationSettings
    pair: Pair

    @property
    def subject(self) -> x509.Name:
        """Its name."""
        return self.pair.certificate.subject


def moment(microseconds: int) -> datetime:
    """A time as certificates have it: whole seconds."""
    return datetime.fromtimestamp(microseconds // SECOND, UTC)


def validity(now: int, **length: float) -> Validity:
    """From now on for `days`, `hours`, `seconds`."""
    begins = moment(now)
    return Validity(begins, begins + timedelta(**length))


def authority_name(settings: CertificationSettings, common_name: str) -> x509.Name:
    """Of root, issuing authority, responder and time stamps (EN 319 412-3 §4.2.1), marked in a sandbox."""
    parts = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, settings.country),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, settings.organisation),
    ]
    if settings.organisation_identifier:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, settings.organisation_identifier))
    parts += _mark(settings)
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, f"{settings.name} {common_name}")])


def root(settings: CertificationSettings, key: PrivateKey, serial: int, length: Validity) -> x509.Certificate:
    """A root, signed by itself."""
    name = authority_name(settings, "Root")
    built = _begin(name, name, key.public_key(), serial, length)
    built = built.add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
    built = built.add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
    if settings.is_sandbox:
        built = built.add_extension(_policies([_ARC]), critical=False)
    return built.sign(key, hash_of(key))


def issuing(
    settings: CertificationSettings, key: PublicKey, name: x509.Name, above: Pair, serial: int, length: Validity
) -> x509.Certificate:
    """The issuing authority, below a root, for people's certificates and the service's own."""
    built = _begin(name, above.certificate.subject, key, serial, length, above)
    built = built.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    built = built.add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
    policies = [_ARC] if settings.is_sandbox else []
    built = built.add_extension(_policies([*policies, _ANY_POLICY.dotted_string]), critical=False)
    built = _findable(built, settings, ROOT_FILE, ROOT_LIST, online=False)
    return built.sign(above.key, hash_of(above.key))


def responder(by: Issuing, key: PublicKey, serial: int, length: Validity) -> x509.Certificate:
    """Who answers for the issuing authority (RFC 6960 §4.2.2.2); short-lived, and never asked about itself."""
    name = authority_name(by.settings, "OCSP")
    built = _begin(name, by.subject, key, serial, length, by.pair)
    built = built.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), critical=False)
    built = built.add_extension(x509.OCSPNoCheck(), critical=False)
    built = built.add_extension(_usage(digital_signature=True), critical=True)
    return _signed(built, by)


def timestamps(by: Issuing, key: PublicKey, serial: int, length: Validity) -> x509.Certificate:
    """Who signs time stamps, and nothing else (RFC 3161 §2.3)."""
    name = authority_name(by.settings, "Time stamps")
    built = _begin(name, by.subject, key, serial, length, by.pair)
    built = built.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    built = built.add_extension(_usage(digital_signature=True), critical=True)
    policy = [_ARC, SANDBOX_TIMESTAMP] if by.settings.is_sandbox else [by.settings.timestamp_policy]
    built = built.add_extension(_policies(policy), critical=False)
    return _signed(_findable(built, by.settings, ISSUING_FILE, ISSUING_LIST, online=True), by)


def person(
    by: Issuing, subject: Subject, key: PublicKey, serial: int, length: Validity, *, short_term: bool
) -> x509.Certificate:
    """A person, who signs documents with it. `short_term`: says that it is never revoked (EN 319 412-1 §5.2)."""
    name = x509.Name([*name_of(subject), *_mark(by.settings)])
    built = _begin(name, by.subject, key, serial, length, by.pair)
    built = built.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    built = built.add_extension(_usage(content_commitment=True), critical=True)
    built = built.add_extension(_policies(_person_policies(by.settings, short_term=short_term)), critical=False)
    if by.settings.qualified is not None:
        statements = qualified_statements(by.settings.qualified)
        built = built.add_extension(x509.UnrecognizedExtension(STATEMENTS, statements), critical=False)
    if short_term:
        built = built.add_extension(x509.UnrecognizedExtension(SHORT_TERM, _NULL), critical=False)
        built = built.add_extension(x509.UnrecognizedExtension(NO_REVOCATION, _NULL), critical=False)
        built = _findable(built, by.settings, ISSUING_FILE, None, online=False)
    else:
        built = _findable(built, by.settings, ISSUING_FILE, ISSUING_LIST, online=True)
    return _signed(built, by)


def qualified_statements(qualified: Qualified) -> bytes:
    """The statements as DER (EN 319 412-5 §4): compliance, device, disclosure, for signatures of people."""
    statements = [_statement("0.4.0.1862.1.1")]
    if qualified.device:
        statements.append(_statement("0.4.0.1862.1.4"))
    disclosure = [_sequence(core.IA5String(url), core.PrintableString(lang)) for lang, url in _ordered(qualified)]
    statements.append(_statement("0.4.0.1862.1.5", _sequence(*disclosure)))
    statements.append(_statement("0.4.0.1862.1.6", _sequence(core.ObjectIdentifier("0.4.0.1862.1.6.1"))))
    return bytes(_sequence(*statements).dump())


def _ordered(qualified: Qualified) -> list[tuple[str, str]]:
    return sorted(qualified.disclosure.items())


def _person_policies(settings: CertificationSettings, *, short_term: bool) -> Sequence[str]:
    if settings.is_sandbox:
        return [_ARC, SANDBOX_SHORT_TERM if short_term else SANDBOX_PERSON]
    return settings.policies


def _mark(settings: CertificationSettings) -> list[x509.NameAttribute[str]]:
    if not settings.is_sandbox:
        return []
    return [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, sandbox_mark.UNIT)]


def _begin(
    subject: x509.Name, issuer: x509.Name, key: PublicKey, serial: int, length: Validity, above: Pair | None = None
) -> x509.CertificateBuilder:
    issuer_key = above.key.public_key() if above else key
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(serial)
        .not_valid_before(length.begins)
        .not_valid_after(length.ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )


def _signed(built: x509.CertificateBuilder, by: Issuing) -> x509.Certificate:
    return built.sign(by.pair.key, hash_of(by.pair.key))


def _findable(
    built: x509.CertificateBuilder, settings: CertificationSettings, issuer: str, crl: str | None, *, online: bool
) -> x509.CertificateBuilder:
    """Where the issuer's certificate, its list and (`online`) its responder are."""
    place = settings.public_url
    about = [(AuthorityInformationAccessOID.CA_ISSUERS, f"{place}/certificates/{issuer}")]
    if online:
        about.insert(0, (AuthorityInformationAccessOID.OCSP, f"{place}/ocsp"))
    access = [x509.AccessDescription(method, x509.UniformResourceIdentifier(url)) for method, url in about]
    built = built.add_extension(x509.AuthorityInformationAccess(access), critical=False)
    if crl is None:
        return built
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(f"{place}/crl/{crl}")], None, None, None)
    return built.add_extension(x509.CRLDistributionPoints([point]), critical=False)


def _policies(oids: Sequence[str]) -> x509.CertificatePolicies:
    return x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(oid), None) for oid in oids])


def _usage(**uses: bool) -> x509.KeyUsage:
    none: Mapping[str, bool] = dict.fromkeys(
        (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return x509.KeyUsage(**{**none, **uses})


def _statement(oid: str, info: Any = None) -> Any:  # noqa: ANN401 - ASN.1 values
    return _sequence(core.ObjectIdentifier(oid), *([] if info is None else [info]))


def _sequence(*values: Any) -> Any:  # noqa: ANN401 - ASN.1 values of any type
    class Values(core.Sequence):  # type: ignore[misc]  # asn1crypto is not typed
        """Exactly these, in this order."""

        _fields = [(str(number), type(value)) for number, value in enumerate(values)]  # noqa: RUF012

    return Values({str(number): value for number, value in enumerate(values)})
