"""pyHanko's path validation, strict about revocation, believes what the service says at its own addresses."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import RevokedError
from pyhanko_certvalidator.fetchers.requests_fetchers import RequestsFetcherBackend

from tests.support.certification import Certified, RunningCertification


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


async def _validate(person: Certified, *, mode: str = "require") -> object:
    context = ValidationContext(
        trust_roots=[_asn1(person.root)],
        other_certs=[_asn1(person.issuer)],
        moment=datetime.now(UTC),
        allow_fetching=True,
        fetcher_backend=RequestsFetcherBackend(per_request_timeout=5),
        revocation_mode=mode,
    )
    validator = CertificateValidator(_asn1(person.certificate), validation_context=context)
    return await validator.async_validate_usage({"non_repudiation"})


async def test_a_good_certificate_is_valid_and_a_revoked_one_is_not(certification: RunningCertification) -> None:
    person = certification.issue()
    assert await _validate(person)
    certification.set_status(person.certificate, "revoked", "superseded")
    with pytest.raises(RevokedError):
        await _validate(person)


async def test_a_short_term_certificate_needs_no_revocation(certification: RunningCertification) -> None:
    assert await _validate(certification.issue(profile="short_term", valid_seconds=900), mode="soft-fail")
