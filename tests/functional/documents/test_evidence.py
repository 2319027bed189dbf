"""Which answers count as evidence, without any process between."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from ipse.documents.errors import NotAnswered
from ipse.documents.evidence import Gathering, Unproven
from ipse.documents.model import Missing
from ipse.documents.timestamps import stamp
from tests.functional.documents.authority import Authority, Signer, der
from tests.functional.documents.conftest import now


class Direct:
    """What a worker asks, answered at once."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority

    def timestamp(self, digest: bytes) -> bytes:
        return asyncio.run(self._authority.timestamp(digest))

    def ocsp(self, certificate: bytes, issuer: bytes) -> bytes:
        return asyncio.run(self._authority.ocsp(certificate, issuer))

    def crl(self, url: str) -> bytes:
        return asyncio.run(self._authority.crl(url))


def gathering(authority: Authority, asked: Authority | None = None) -> Gathering:
    return Gathering(authority.authorities, Direct(asked or authority), now())  # type: ignore[arg-type]


def missing(authority: Authority, signer: Signer, asked: Authority | None = None, since: int | None = None) -> Missing:
    with pytest.raises(Unproven) as error:
        gathering(authority, asked).collect(signer.certificates, since)
    return error.value.missing


def test_one_question_for_each_certificate(authority: Authority) -> None:
    one = gathering(authority)
    one.collect(authority.elliptic.certificates, now())
    one.collect(authority.stamper.certificates, now())
    assert authority.asked == ["ocsp", "crl", "ocsp"]
    found = one.evidence()
    assert (len(found.ocsps), len(found.crls)) == (2, 1)
    assert der(authority.responder.certificate) in found.certificates


def test_a_list_does_where_ocsp_is_down_and_freshness_is_not_asked(authority: Authority) -> None:
    authority.down.add("ocsp")
    one = gathering(authority)
    one.collect(authority.elliptic.certificates, None)
    assert (len(one.evidence().ocsps), len(one.evidence().crls)) == (0, 2)
    assert missing(authority, authority.elliptic, since=now()) is Missing.REVOCATION_OLD


def test_what_does_not_count(authority: Authority) -> None:
    stranger = Authority()
    assert missing(authority, stranger.elliptic) is Missing.CHAIN
    assert missing(authority, authority.elliptic, asked=stranger) is Missing.REVOCATION
    authority.revoked.add(authority.elliptic.certificate.serial_number)
    assert missing(authority, authority.elliptic) is Missing.REVOKED
    authority.down.add("ocsp")
    assert missing(authority, authority.elliptic) is Missing.REVOKED
    authority.revoked.clear()
    authority.down.add("crl")
    assert missing(authority, authority.elliptic) is Missing.REVOCATION
    authority.down.discard("ocsp")
    authority.delay = timedelta(hours=3)
    assert missing(authority, authority.elliptic) is Missing.REVOCATION


def test_a_certificate_of_minutes_needs_no_answer(authority: Authority) -> None:
    short = [(x509.UnrecognizedExtension(x509.ObjectIdentifier("0.4.0.194121.2.1"), b"\x05\x00"), False)]
    signer = authority._end("Short Lived", ec.generate_private_key(ec.SECP256R1()), "content_commitment", short)
    one = gathering(authority)
    one.collect(signer.certificates, now())
    assert authority.asked == ["crl"]


def test_a_time_stamp_is_over_what_was_asked(authority: Authority) -> None:
    class Other(Direct):
        def timestamp(self, digest: bytes) -> bytes:
            return super().timestamp(bytes(32))

    class Silent(Direct):
        def timestamp(self, digest: bytes) -> bytes:
            raise NotAnswered

    class Noise(Direct):
        def timestamp(self, digest: bytes) -> bytes:
            return b"\x30\x03\x02\x01\x01"

    token = stamp(b"\x01" * 32, Direct(authority), gathering(authority))  # type: ignore[arg-type]
    assert abs(token.at - now()) < 5_000_000
    for asked in (Other, Silent, Noise):
        with pytest.raises(Unproven) as error:
            stamp(b"\x01" * 32, asked(authority), gathering(authority))  # type: ignore[arg-type]
        assert error.value.missing is Missing.TIMESTAMP


def test_a_changed_time_stamp_is_not_taken(authority: Authority) -> None:
    class Changed(Direct):
        def timestamp(self, digest: bytes) -> bytes:
            token = super().timestamp(digest)
            return token.replace(b"\x2b\x06\x01\x04\x01\x86", b"\x2b\x06\x01\x04\x02\x86")

    with pytest.raises(Unproven):
        stamp(b"\x01" * 32, Changed(authority), gathering(authority))  # type: ignore[arg-type]
