"""What stands in each certificate, read by another hand than the one that wrote it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.ades.qualified_asn1 import QcStatements

from ipse.certification import profiles
from ipse.certification.keys import new_key
from ipse.certification.profiles import Issuing, Pair, validity
from ipse.certification.settings import CertificationSettings, Keys, Qualified
from ipse.certification.timestamps import TimeStamps
from ipse.kernel.clock import FrozenClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import Environment
from ipse.standards import sandbox_mark
from ipse.standards.certification import Subject
from ipse.standards.timestamps import TimestampAnswer

NOW = 1_790_000_000_500_000
SUBJECT = Subject("BE", "Nora Peeters", "Nora", "Peeters", "PNOBE-85073003328")
PLACE = "http://pki.example.org"
OWN_POLICY = "1.3.6.1.4.1.99999.1.1"


def _settings(**changes: Any) -> CertificationSettings:
    keys = Keys("pkcs11:a", "pkcs11:b", "pkcs11:c")
    told: dict[str, Any] = {
        "environment": Environment.PRODUCTION,
        "public_url": PLACE,
        "database": "sqlite:////tmp/x.db",
        "folder": "/tmp/x",
        "keys": keys,
        "registration": "unix:/tmp/x",
        "clients": "/tmp/clients",
        "organisation": "Example NV",
        "organisation_identifier": "NTRBE-0123456789",
        "policies": (OWN_POLICY, "0.4.0.2042.1.2"),
        "timestamp_policy": f"{OWN_POLICY}.3",
        "trusted_proxies": ("192.0.2.1",),
    }
    return CertificationSettings(**{**told, **changes})


@pytest.fixture(scope="module")
def root_key() -> Any:
    return new_key("P-384")


def _issuing(settings: CertificationSettings, root_key: Any) -> Issuing:
    root = profiles.root(settings, root_key, 11, validity(NOW, days=7300))
    key = new_key("P-256")
    name = profiles.authority_name(settings, "Issuing 1")
    length = validity(NOW, days=3650)
    made = profiles.issuing(settings, key.public_key(), name, Pair(root_key, root), 12, length)
    made.verify_directly_issued_by(root)
    return Issuing(settings, Pair(key, made))


def _person(settings: CertificationSettings, root_key: Any, *, short_term: bool = False) -> x509.Certificate:
    by, key = _issuing(settings, root_key), new_key("P-256")
    made = profiles.person(by, SUBJECT, key.public_key(), 2**127 + 5, validity(NOW, days=1), short_term=short_term)
    made.verify_directly_issued_by(by.pair.certificate)
    return made


def _policies(certificate: x509.Certificate) -> list[str]:
    found = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    return [each.policy_identifier.dotted_string for each in found]


def _has(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> bool:
    return oid in {extension.oid for extension in certificate.extensions}


def test_a_person_is_named_as_the_norm_says_and_their_key_commits_alone(root_key: Any) -> None:
    person = _person(_settings(), root_key)
    assert [(attribute.oid, attribute.value) for attribute in person.subject] == [
        (NameOID.COUNTRY_NAME, "BE"),
        (NameOID.COMMON_NAME, "Nora Peeters"),
        (NameOID.GIVEN_NAME, "Nora"),
        (NameOID.SURNAME, "Peeters"),
        (NameOID.SERIAL_NUMBER, "PNOBE-85073003328"),
    ]
    usage = person.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    read = asn1_x509.Certificate.load(person.public_bytes(Encoding.DER))
    assert read.key_usage_value.native == {"non_repudiation"}
    assert not _has(person, x509.ExtendedKeyUsage.oid)
    assert _policies(person) == [OWN_POLICY, "0.4.0.2042.1.2"]
    assert read.ocsp_urls == [f"{PLACE}/ocsp"]
    assert [point.url for point in read.crl_distribution_points] == [f"{PLACE}/crl/issuing.crl"]
    assert person.not_valid_before_utc.microsecond == 0
    assert person.not_valid_after_utc - person.not_valid_before_utc == timedelta(days=1)
    # Types that EN 319 412-2 and RFC 5280 ask for.
    kinds = {part["type"].native: type(part["value"].chosen).__name__ for name in read.subject.chosen for part in name}
    assert (kinds["country_name"], kinds["serial_number"]) == ("PrintableString", "PrintableString")


def test_nothing_says_qualified_unless_the_operator_does(root_key: Any) -> None:
    assert not _has(_person(_settings(), root_key), profiles.STATEMENTS)
    claims = Qualified(device=True, disclosure={"en": "https://pki.example.org/pds-en", "nl": "https://x.example/nl"})
    person = _person(_settings(qualified=claims), root_key)
    der = next(each.value.value for each in person.extensions if each.oid == profiles.STATEMENTS)
    read = {each["statement_id"].native: each["statement_info"] for each in QcStatements.load(der, strict=True)}
    assert set(read) == {"qc_compliance", "qc_sscd", "qc_pki_disclosure_statements", "qc_type"}
    assert read["qc_type"].native == ["qct_esign"]
    assert [(each["url"].native, each["language"].native) for each in read["qc_pki_disclosure_statements"]] == [
        ("https://pki.example.org/pds-en", "en"),
        ("https://x.example/nl", "nl"),
    ]


@pytest.mark.parametrize("environment", [Environment.SANDBOX, Environment.LAB])
def test_a_sandbox_marks_everything_and_can_never_pass_for_more(root_key: Any, environment: Environment) -> None:
    settings = _settings(environment=environment, policies=(), timestamp_policy="")
    by = _issuing(settings, root_key)
    person = _person(settings, root_key)
    assert sandbox_mark.is_fully_marked(by.pair.certificate)
    assert sandbox_mark.is_fully_marked(person)
    assert _policies(person) == [sandbox_mark.POLICY.dotted_string, profiles.SANDBOX_PERSON]
    assert not _has(person, profiles.STATEMENTS)
    stamps = profiles.timestamps(by, new_key("P-256").public_key(), 3, validity(NOW, days=1))
    assert sandbox_mark.is_fully_marked(stamps)
    for refused in ({"qualified": Qualified(device=False, disclosure={})}, {"policies": ("0.4.0.194112.1.2",)}):
        assert any("are not for a" in each.what for each in msgspec.structs.replace(settings, **refused).findings())


def test_a_short_term_certificate_says_that_it_is_never_revoked(root_key: Any) -> None:
    person = _person(_settings(), root_key, short_term=True)
    for oid in (profiles.SHORT_TERM, profiles.NO_REVOCATION):
        extension = next(each for each in person.extensions if each.oid == oid)
        assert (extension.critical, extension.value.value) == (False, b"\x05\x00")
    assert not _has(person, x509.CRLDistributionPoints.oid)
    assert asn1_x509.Certificate.load(person.public_bytes(Encoding.DER)).ocsp_urls == []


def test_the_services_own_certificates_do_one_thing_each(root_key: Any) -> None:
    by = _issuing(_settings(), root_key)
    key = new_key("RSA-3072").public_key()
    responder = profiles.responder(by, key, 4, validity(NOW, days=7))
    stamps = profiles.timestamps(by, key, 5, validity(NOW, days=365))
    assert _has(responder, x509.OCSPNoCheck.oid)
    assert not _has(responder, x509.AuthorityInformationAccess.oid)
    for certificate, use, critical in (
        (responder, ExtendedKeyUsageOID.OCSP_SIGNING, False),
        (stamps, ExtendedKeyUsageOID.TIME_STAMPING, True),
    ):
        uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        assert (list(uses.value), uses.critical) == ([use], critical)
        assert not certificate.extensions.get_extension_for_class(x509.KeyUsage).value.content_commitment
    issuing = by.pair.certificate.extensions
    assert issuing.get_extension_for_class(x509.BasicConstraints).value == x509.BasicConstraints(True, 0)
    assert not sandbox_mark.is_marked(by.pair.certificate)
    organisation = by.pair.certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_IDENTIFIER)
    assert organisation[0].value == "NTRBE-0123456789"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"public_url": "http://pki.example.org/"}, "public_url"),
        ({"public_url": "http://127.0.0.1:8005"}, "this machine"),
        ({"keys": Keys("file:/a", "pkcs11:b", "pkcs11:c")}, "keys.issuing is a file"),
        ({"keys": Keys("pkcs11:a", "pkcs11:a", "pkcs11:c")}, "two uses"),
        ({"keys": Keys("a", "pkcs11:b", "pkcs11:c")}, "is no key"),
        ({"policies": ()}, "policies or timestamp_policy is missing"),
        ({"policies": ("0.4.0.194112.1.2",)}, "policy of qualified certificates"),
        ({"policies": ("1.2..3",)}, "no object identifier"),
        ({"qualified": Qualified(device=True, disclosure={"en": "http://x.example"})}, "not https"),
        ({"qualified": Qualified(device=True, disclosure={"nl": "https://x.example"})}, "lacks en"),
        ({"registration": "http://127.0.0.1:1"}, "registration"),
        ({"registration": "https://127.0.0.1:1"}, "tls is not set"),
        ({"responder_days": 300}, "responder_days"),
        ({"country": "be"}, "country"),
    ],
)
def test_settings_that_cannot_work_are_told(changes: dict[str, Any], told: str) -> None:
    assert list(_settings().findings()) == []
    assert any(told in each.what for each in _settings(**changes).findings())


async def test_no_time_stamp_without_a_clock_that_is_kept_right(root_key: Any) -> None:
    """And with keys of RSA as with elliptic ones."""
    by, key = _issuing(_settings(), root_key), new_key("RSA-3072")
    own = Pair(key, profiles.timestamps(by, key.public_key(), 5, validity(NOW, days=365)))

    async def pair() -> Pair:
        return own

    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": b"d" * 32}
    asked = tsp.TimeStampReq({"version": "v1", "message_imprint": imprint, "cert_req": True}).dump()
    right = TimeStamps(by, pair, FrozenClock(NOW), RandomIds(), lambda: True)
    answer = TimestampAnswer.load(await right.answer(asked))
    signer = answer["time_stamp_token"]["content"]["signer_infos"][0]
    attributes = signer["signed_attrs"].untag().dump()
    assert isinstance(key, RSAPrivateKey)
    key.public_key().verify(signer["signature"].native, attributes, PKCS1v15(), SHA256())
    wrong = TimeStamps(by, pair, FrozenClock(NOW), RandomIds(), lambda: False)
    status = TimestampAnswer.load(await wrong.answer(asked))["status"]
    assert (status["status"].native, status["fail_info"].native) == ("rejection", {"time_not_available"})
