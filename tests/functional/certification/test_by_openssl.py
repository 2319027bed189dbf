"""OpenSSL, which knows nothing of us, reads everything that the service signs."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509 import ocsp

from tests.functional.certification.conftest import Openssl
from tests.support.certification import Certified, RunningCertification


@pytest.fixture(scope="module")
def person(certification: RunningCertification) -> Certified:
    return certification.issue(rsa.generate_private_key(65537, 2048))


def _pem(folder: Path, certificate: x509.Certificate) -> Path:
    path = folder / "certificate.pem"
    path.write_bytes(certificate.public_bytes(Encoding.PEM))
    return path


def _asked(certification: RunningCertification, openssl: Openssl, certificate: Path) -> str:
    """What the responder says, after its signature was verified."""
    place = certification.folder
    told = openssl(
        *("ocsp", "-issuer", certification.issuing_pem, "-cert", certificate, "-url", f"{place.public_url}/ocsp"),
        *("-CAfile", certification.root_pem, "-verify_other", certification.issuing_pem),
    )
    assert "Response verify OK" in told
    return told.split(f"{certificate}: ")[1].split()[0]


def _list(certification: RunningCertification, openssl: Openssl, folder: Path) -> str:
    fetched = httpx.get(f"{certification.folder.public_url}/crl/issuing.crl", timeout=5)
    assert fetched.headers["content-type"] == "application/pkix-crl"
    path = folder / "list.crl"
    path.write_bytes(fetched.content)
    told = openssl("crl", "-inform", "DER", "-in", path, "-text", "-CAfile", certification.folder.authorities)
    assert "verify OK" in told
    return told


def test_the_chain_is_valid(
    certification: RunningCertification, openssl: Openssl, person: Certified, tmp_path: Path
) -> None:
    path = _pem(tmp_path, person.certificate)
    anchors = ("-CAfile", certification.root_pem, "-untrusted", certification.issuing_pem)
    openssl("verify", "-x509_strict", "-purpose", "any", "-policy_check", *anchors, path)
    openssl("verify", "-x509_strict", "-purpose", "sslclient", *anchors, path, status=2)


def test_its_status_is_told_through_its_whole_life(
    certification: RunningCertification, openssl: Openssl, tmp_path: Path
) -> None:
    """On hold and good again, then revoked for ever; answers and list change at once."""
    person = certification.issue()
    path, serial = _pem(tmp_path, person.certificate), person.serial.upper()
    assert _asked(certification, openssl, path) == "good"
    assert serial not in _list(certification, openssl, tmp_path)

    certification.set_status(person.certificate, "on_hold")
    assert _asked(certification, openssl, path) == "revoked"
    assert "Certificate Hold" in _list(certification, openssl, tmp_path).partition(serial)[2]

    certification.set_status(person.certificate, "good")
    assert _asked(certification, openssl, path) == "good"
    assert serial not in _list(certification, openssl, tmp_path)

    told = certification.set_status(person.certificate, "revoked", "cessation_of_operation")
    assert _asked(certification, openssl, path) == "revoked"
    assert "Cessation Of Operation" in _list(certification, openssl, tmp_path).partition(serial)[2]
    assert certification.set_status(person.certificate, "revoked") == told
    again = certification.registration.post(
        f"/registration/certificates/{person.serial}/status", json={"status": "good"}
    )
    assert (again.status_code, again.json()["code"]) == (409, "ended")


def test_what_nobody_issued_is_unknown_and_other_authorities_are_not_answered_for(
    certification: RunningCertification, openssl: Openssl, person: Certified
) -> None:
    place = f"{certification.folder.public_url}/ocsp"
    anchors = ("-CAfile", certification.root_pem, "-verify_other", certification.issuing_pem)
    told = openssl("ocsp", "-issuer", certification.issuing_pem, "-serial", "0x1234", "-url", place, *anchors)
    assert "0x1234: unknown" in told
    told = openssl("ocsp", "-issuer", certification.root_pem, "-serial", "1", "-url", place, *anchors, status=1)
    assert "unauthorized" in told


@pytest.mark.parametrize("algorithm", [hashes.SHA1(), hashes.SHA256()])
def test_answers_are_of_whole_seconds_and_repeat_the_nonce(
    certification: RunningCertification, person: Certified, algorithm: hashes.HashAlgorithm
) -> None:
    """By POST and by GET; NSS takes nothing else than whole seconds."""
    built = ocsp.OCSPRequestBuilder().add_certificate(person.certificate, person.issuer, algorithm)
    asked = built.add_extension(x509.OCSPNonce(b"n" * 32), critical=False).build().public_bytes(Encoding.DER)
    place = f"{certification.folder.public_url}/ocsp"
    answers = (
        httpx.post(place, content=asked, headers={"Content-Type": "application/ocsp-request"}, timeout=5),
        httpx.get(f"{place}/{quote(b64encode(asked).decode(), safe='')}", timeout=5),
    )
    for answer in answers:
        assert answer.headers["content-type"] == "application/ocsp-response"
        read = ocsp.load_der_ocsp_response(answer.content)
        assert read.certificate_status is ocsp.OCSPCertStatus.GOOD
        assert read.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == b"n" * 32
        assert b"." not in _times(answer.content)
        signer = read.certificates[0]
        assert signer.extensions.get_extension_for_class(x509.OCSPNoCheck).critical is False
        assert (signer.not_valid_after_utc - signer.not_valid_before_utc).days == 7


def _times(octets: bytes) -> bytes:
    """All GeneralizedTimes in DER."""
    found = b""
    at = octets.find(b"\x18")
    while at >= 0:
        if octets[at + 2 : at + 6].isdigit():
            found += octets[at + 2 : at + 2 + octets[at + 1]]
        at = octets.find(b"\x18", at + 1)
    assert found
    return found


def test_the_authorities_and_the_list_of_the_root_are_there(
    certification: RunningCertification, openssl: Openssl, person: Certified, tmp_path: Path
) -> None:
    place = certification.folder.public_url
    (tmp_path / "root.crl").write_bytes(httpx.get(f"{place}/crl/root.crl", timeout=5).content)
    listed = ("crl", "-inform", "DER", "-in", tmp_path / "root.crl", "-noout", "-CAfile", certification.root_pem)
    assert "verify OK" in openssl(*listed)
    issuing = x509.load_der_x509_certificate(httpx.get(f"{place}/certificates/issuing.cer", timeout=5).content)
    assert issuing == person.issuer
    assert httpx.get(f"{place}/certificates/root.cer", timeout=5).content == person.root.public_bytes(Encoding.DER)
    answer = certification.registration.get("/.well-known/est/cacerts", auth=None)
    assert answer.headers["content-type"] == "application/pkcs7-mime; smime-type=certs-only"
    pem = b"-----BEGIN PKCS7-----\n" + answer.content + b"-----END PKCS7-----\n"
    assert set(pkcs7.load_pem_pkcs7_certificates(pem)) == {issuing, person.root}


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_time_stamps_are_verified(
    certification: RunningCertification, openssl: Openssl, tmp_path: Path, algorithm: str
) -> None:
    data, question, answer = (tmp_path / name for name in ("data", "question", "answer"))
    data.write_bytes(b"what was there")
    openssl("ts", "-query", "-data", data, f"-{algorithm}", "-cert", "-out", question)
    answer.write_bytes(_stamped(certification, question.read_bytes()))
    anchors = ("-CAfile", certification.root_pem)
    assert "Verification: OK" in openssl("ts", "-verify", "-queryfile", question, "-in", answer, *anchors)
    assert "Verification: OK" in openssl("ts", "-verify", "-data", data, "-in", answer, *anchors)
    told = openssl("ts", "-reply", "-in", answer, "-text")
    assert "Accuracy: 0x01 seconds" in told
    data.write_bytes(b"what was not there")
    openssl("ts", "-verify", "-data", data, "-in", answer, *anchors, status=1)


@pytest.mark.parametrize(
    ("options", "failure"),
    [
        (("-sha1",), "unrecognized or unsupported algorithm"),
        (("-sha256", "-tspolicy", "1.2.3.4"), "policy is not supported"),
    ],
)
def test_no_time_stamp_by_a_weak_hash_or_another_policy(
    certification: RunningCertification, openssl: Openssl, tmp_path: Path, options: tuple[str, ...], failure: str
) -> None:
    (tmp_path / "data").write_bytes(b"x")
    openssl("ts", "-query", "-data", tmp_path / "data", *options, "-out", tmp_path / "question")
    (tmp_path / "answer").write_bytes(_stamped(certification, (tmp_path / "question").read_bytes()))
    told = openssl("ts", "-reply", "-in", tmp_path / "answer", "-text")
    assert "Status: Rejected" in told
    assert failure in told


def test_a_time_stamp_without_a_certificate_is_bare(
    certification: RunningCertification, openssl: Openssl, tmp_path: Path
) -> None:
    (tmp_path / "data").write_bytes(b"x")
    openssl("ts", "-query", "-data", tmp_path / "data", "-sha256", "-no_nonce", "-out", tmp_path / "question")
    question = (tmp_path / "question").read_bytes()
    bare, again = _stamped(certification, question), _stamped(certification, question)
    assert len(bare) < 800
    assert bare != again  # each has a serial number of its own


def _stamped(certification: RunningCertification, question: bytes) -> bytes:
    headers = {"Content-Type": "application/timestamp-query"}
    answer = httpx.post(certification.folder.timestamps, content=question, headers=headers, timeout=5)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/timestamp-reply")
    return answer.content
