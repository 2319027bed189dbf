"""How a credential is told, in each of its states."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ipse.csc.errors import InvalidRequest
from ipse.csc.model import Version
from ipse.csc.rules import credentials as rules
from ipse.kernel.clock import SECOND
from ipse.signing.model import Credential, CredentialState, EndReason
from tests.unit.csc.asking import NOW

BEGINS = datetime.fromtimestamp(NOW, UTC)


def certificate() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Ipse sandbox"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Ada Lievens"),
        ]
    )
    built = x509.CertificateBuilder(name, name, key.public_key(), 0xABC, BEGINS, BEGINS + timedelta(days=1))
    return built.sign(key, SHA256()).public_bytes(Encoding.DER)


CHAIN = (certificate(), certificate())


def credential(**changes: Any) -> Credential:
    members = {
        "credential_id": "c1",
        "account_id": "a1",
        "phone_id": "p1",
        "state": CredentialState.ACTIVE,
        "why": None,
        "algorithm": "P-256",
        "attested": False,
        "certificates": CHAIN,
        "created_at": NOW * SECOND,
        "valid_until": (NOW + 60) * SECOND,
    }
    known = {name: value for name, value in {**members, **changes}.items() if name in Credential.__struct_fields__}
    return Credential(**known)


def told(given: Credential, version: Version = Version.TWO, **changes: Any) -> dict[str, Any]:
    asked = {"certificates": "single", "with_info": False, "batch": 12, "language": "en", "qualifier": "eu_eidas_aes"}
    return rules.described(given, version=version, now=NOW * SECOND, **{**asked, **changes})


@pytest.mark.parametrize(("attested", "scal"), [(True, "2"), (False, "1")])
def test_scal_2_is_for_phones_that_are_proven(attested: bool, scal: str) -> None:
    for version in Version:
        assert told(credential(attested=attested), version)["SCAL"] == scal


@pytest.mark.parametrize(
    ("changes", "status", "key"),
    [
        ({}, "valid", "enabled"),
        ({"state": CredentialState.SUSPENDED}, "suspended", "disabled"),
        ({"valid_until": NOW * SECOND}, "expired", "disabled"),
        ({"state": CredentialState.ENDED, "why": EndReason.EXPIRED}, "expired", "disabled"),
        ({"state": CredentialState.ENDED, "why": EndReason.CODE_CHANGED}, "revoked", "disabled"),
    ],
)
def test_states_are_told(changes: dict[str, Any], status: str, key: str) -> None:
    found = told(credential(**changes))
    assert (found["cert"]["status"], found["key"]["status"]) == (status, key)


def test_keys_are_described() -> None:
    assert told(credential())["key"] | {"algo": []} == {
        "status": "enabled",
        "algo": [],
        "len": 256,
        "curve": "1.2.840.10045.3.1.7",
    }
    assert told(credential(algorithm="RSA-2048"))["key"]["len"] == 2048


def test_certificates_come_as_they_are_wanted() -> None:
    assert "certificates" not in told(credential(), certificates="none")["cert"]
    assert [len(told(credential(), certificates=how)["cert"]["certificates"]) for how in ("single", "chain")] == [1, 2]
    assert told(credential(certificates=()))["cert"] == {"status": "valid"}


def test_the_certificate_is_told_in_words_as_well() -> None:
    found = told(credential(), with_info=True)["cert"]
    assert found["subjectDN"] == "CN=Ada Lievens,O=Ipse sandbox"
    assert found["serialNumber"] == "0ABC"
    assert found["validFrom"] == BEGINS.strftime("%Y%m%d%H%M%SZ")


def test_an_expired_certificate_is_named_by_version_1() -> None:
    assert rules.expired_words(credential(), Version.ONE) == (
        "Signing certificate 'O=Ipse sandbox,CN=Ada Lievens' is expired."
    )
    assert rules.expired_words(credential(), Version.TWO) == "Signing certificate is expired"


def test_other_words_are_refused() -> None:
    with pytest.raises(InvalidRequest):
        rules.check_certificates("all")
    for wrong in (0, 301):
        with pytest.raises(InvalidRequest):
            rules.check_most(wrong)
