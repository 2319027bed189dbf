"""The scheme asks for certificates, time stamps and revocation: of the real service, and of ones that misbehave."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import msgspec
import pytest
from asn1crypto import cms, tsp
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from ipse.certification import profiles
from ipse.certification.keys import new_key
from ipse.certification.settings import read_settings
from ipse.kernel.clock import SECOND, FrozenClock, SystemClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import Certification, Environment, SettingsError
from ipse.signing.clients.authorities import read_authorities
from ipse.signing.clients.certification import (
    EjbcaCertification,
    OwnCertification,
    _Caller,
    open_certification,
)
from ipse.signing.clients.revocation import RevocationClient
from ipse.signing.clients.timestamps import TimestampClient
from ipse.signing.errors import CertificationRefused, SigningUnavailable
from ipse.standards.certification import Subject
from tests.support.certification import PERSON, RunningCertification, request

DIGEST = hashlib.sha256(b"a document").digest()
SUBJECT = Subject(**PERSON)
SANDBOX = Environment.SANDBOX


@dataclass
class Odd:
    """A server that answers what it is told."""

    port: int = 0
    status: int = 200
    media_type: str = "application/json"
    body: bytes = b""
    reply: Callable[[bytes], bytes] | None = None
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)


@pytest.fixture(scope="module")
def odd_server() -> Iterator[Odd]:
    odd = Odd()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None: ...

        def answer(self) -> None:
            asked = self.rfile.read(int(self.headers.get("content-length") or 0))
            odd.seen.append((self.command, self.path, dict(self.headers)))
            body = odd.reply(asked) if odd.reply else odd.body
            self.send_response(odd.status)
            self.send_header("Content-Type", odd.media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(body)

        do_GET = do_POST = do_PUT = answer  # noqa: N815 - the standard library's names

    server = HTTPServer(("127.0.0.1", 0), Handler)
    odd.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield odd
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def odd(odd_server: Odd) -> Odd:
    odd_server.status, odd_server.media_type, odd_server.body = 200, "application/json", b""
    odd_server.reply = None
    odd_server.seen.clear()
    return odd_server


@pytest.fixture(scope="module")
def settings(certification: RunningCertification) -> Certification:
    return msgspec.convert(certification.scheme_settings, Certification)


@pytest.fixture
async def client(settings: Certification) -> AsyncIterator[OwnCertification]:
    opened = open_certification(settings, SANDBOX)
    assert isinstance(opened, OwnCertification)
    yield opened
    await opened.close()


@pytest.fixture
async def revocation(settings: Certification) -> AsyncIterator[RevocationClient]:
    opened = RevocationClient(read_authorities(settings.authorities, SANDBOX), SANDBOX, RandomIds())
    yield opened
    await opened.close()


async def test_a_certificate_lives_and_ends(client: OwnCertification, revocation: RevocationClient) -> None:
    asked = request(ec.generate_private_key(ec.SECP256R1()))
    made = await client.certify(asked, SUBJECT, valid_seconds=3600, profile="person")
    assert made == await client.certify(asked, SUBJECT, valid_seconds=3600, profile="person")
    certificate, issuer = (x509.load_der_x509_certificate(each) for each in made)
    certificate.verify_directly_issued_by(issuer)
    serial = f"{certificate.serial_number:x}"
    for step, status in ((client.hold, "REVOKED"), (client.hold, "REVOKED"), (client.resume, "GOOD")):
        await step(serial)
        answer = ocsp.load_der_ocsp_response(await revocation.ocsp(*made))
        assert answer.certificate_status.name == status
    for _ in range(2):
        await client.revoke(serial, "superseded")
    await client.hold(serial)  # revoked already, which is no fault
    with pytest.raises(CertificationRefused, match="ended"):
        await client.certify(asked, SUBJECT, valid_seconds=3600, profile="person")
    listed = x509.load_der_x509_crl(await revocation.crl(_list_of(made[0])))
    assert listed.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None


async def test_refusals_for_good_and_for_now(client: OwnCertification, settings: Certification, tmp_path: Path) -> None:
    asked = request(ec.generate_private_key(ec.SECP256R1()))
    other = msgspec.structs.replace(SUBJECT, surname="Maes")
    with pytest.raises(CertificationRefused, match="wrong_subject"):
        await client.certify(asked, other, valid_seconds=60, profile="person")
    with pytest.raises(CertificationRefused, match="unknown_certificate"):
        await client.hold("1f")
    with pytest.raises(CertificationRefused, match="unknown_certificate"):
        await client.revoke("../1f", "superseded")
    (tmp_path / "credentials").write_text("ipse:guessed\n")
    (tmp_path / "credentials").chmod(0o600)
    stranger = open_certification(msgspec.structs.replace(settings, credentials=str(tmp_path / "credentials")), SANDBOX)
    with pytest.raises(SigningUnavailable, match="wrong_credentials"):
        await stranger.certify(asked, SUBJECT, valid_seconds=60, profile="person")
    await stranger.close()
    nobody = open_certification(msgspec.structs.replace(settings, url=f"unix:{tmp_path}/nobody"), SANDBOX)
    with pytest.raises(SigningUnavailable, match="ConnectError"):
        await nobody.hold("1f")
    await nobody.close()


async def test_ejbca_is_asked_by_est_and_by_rest(
    certification: RunningCertification, settings: Certification, odd: Odd
) -> None:
    """EST is our own service's too, so the same client is judged by it; what REST sends, by what arrives."""
    authorities = read_authorities(settings.authorities, SANDBOX)
    name, _, secret = certification.folder.credentials.read_text().strip().partition(":")
    by_est = EjbcaCertification(_Caller(settings.url, (name, secret), None), "/.well-known/est", authorities)
    asked = request(ec.generate_private_key(ec.SECP256R1()))
    made = await by_est.certify(asked, SUBJECT, valid_seconds=60, profile="person")
    assert [x509.load_der_x509_certificate(each).subject.rfc4514_string()[:14] for each in made] == [
        "OU=IPSE SANDBO", "CN=Ipse Issuin",
    ]  # fmt: skip
    with pytest.raises(CertificationRefused, match="wrong_request"):
        await by_est.certify(b"\x30\x00", SUBJECT, valid_seconds=60, profile="person")
    await by_est.close()

    by_rest = EjbcaCertification(_Caller(f"http://127.0.0.1:{odd.port}", ("a", "b"), None), "/est", authorities)
    await by_rest.hold("0af1")
    await by_rest.resume("0af1")
    await by_rest.revoke("0af1", "privilege_withdrawn")
    assert [(method, unquote(path).split("/certificate/")[1].split("C=BE/")[1]) for method, path, _ in odd.seen] == [
        ("PUT", "0af1/revoke?reason=CERTIFICATE_HOLD"),
        ("PUT", "0af1/revoke?reason=REMOVE_FROM_CRL"),
        ("PUT", "0af1/revoke?reason=PRIVILEGES_WITHDRAWN"),
    ]
    assert odd.seen[0][1].startswith("/ejbca/ejbca-rest-api/v1/certificate/CN%3DIpse%20Issuing%201%2C")
    odd.status = 409
    await by_rest.revoke("0af1", "superseded")
    odd.status = 500
    with pytest.raises(SigningUnavailable, match="500"):
        await by_rest.revoke("0af1", "superseded")
    odd.status, odd.body = 200, b"x" * 200_000
    with pytest.raises(SigningUnavailable, match="too much"):
        await by_rest.certify(asked, SUBJECT, valid_seconds=60, profile="person")
    await by_rest.close()


@pytest.mark.parametrize("algorithm", ["SHA-256", "SHA-384", "SHA-512"])
async def test_a_time_stamp_is_of_our_digest(settings: Certification, algorithm: str) -> None:
    stamps = TimestampClient(settings.timestamps, SystemClock(), RandomIds())
    digest = hashlib.new(algorithm.replace("-", "").lower(), b"a document").digest()
    token = cms.ContentInfo.load(await stamps.timestamp(digest, algorithm), strict=True)
    info = token["content"]["encap_content_info"]["content"].parsed
    assert info["message_imprint"]["hashed_message"].native == digest
    assert len(token["content"]["certificates"]) == 2
    theirs = cms.ContentInfo.load(await stamps.timestamp(digest, algorithm, nonce=4711), strict=True)
    assert theirs["content"]["encap_content_info"]["content"].parsed["nonce"].native == 4711
    await stamps.close()


def _changed(settings: Certification, **asked: Any) -> Callable[[bytes], bytes]:
    """A real time stamp, but of another question."""

    def reply(octets: bytes) -> bytes:
        question = tsp.TimeStampReq.load(octets)
        for name, value in asked.items():
            question[name] = value
        headers = {"Content-Type": "application/timestamp-query"}
        return httpx.post(settings.timestamps, content=question.dump(), headers=headers, timeout=5).content

    return reply


async def test_other_time_stamps_are_not_believed(settings: Certification, odd: Odd) -> None:
    odd.media_type = "application/timestamp-reply"
    clock = FrozenClock(SystemClock().now())
    stamps = TimestampClient(f"http://127.0.0.1:{odd.port}/", clock, RandomIds())
    other = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": b"x" * 32}
    replies: list[Callable[[bytes], bytes]] = [
        _changed(settings, nonce=7),
        _changed(settings, message_imprint=other),
        _changed(settings, req_policy="1.2.3"),  # refused
        lambda _: b"\x30\x00",
        lambda _: b"x" * 100_000,
    ]
    for odd.reply in replies:
        with pytest.raises(SigningUnavailable):
            await stamps.timestamp(DIGEST, "SHA-256")
    odd.reply = _changed(settings)
    assert await stamps.timestamp(DIGEST, "SHA-256")
    clock.value -= 3600 * SECOND
    with pytest.raises(SigningUnavailable, match="another question"):
        await stamps.timestamp(DIGEST, "SHA-256")
    odd.status = 503
    with pytest.raises(SigningUnavailable, match="503"):
        await stamps.timestamp(DIGEST, "SHA-256")
    await stamps.close()


async def test_only_our_authorities_addresses_are_called(
    certification: RunningCertification, settings: Certification, revocation: RevocationClient, odd: Odd
) -> None:
    """A document may hold any certificate: what it names is called only where an authority of ours has signed it."""
    person = certification.issue()
    der = person.certificate.public_bytes(Encoding.DER)
    with pytest.raises(SigningUnavailable, match="names this list"):
        await revocation.crl(f"http://127.0.0.1:{odd.port}/list.crl")
    forged = der[:-1] + bytes([der[-1] ^ 1])
    issuer = person.issuer.public_bytes(Encoding.DER)
    for certificate, above in ((forged, issuer), (der, person.root.public_bytes(Encoding.DER)), (b"x", issuer)):
        with pytest.raises(SigningUnavailable):
            await revocation.ocsp(certificate, above)
    assert odd.seen == []
    assert await revocation.crl(_list_of(issuer))  # the root's, which the authorities themselves name
    with pytest.raises(SigningUnavailable, match="names this list"):
        await revocation.crl(_list_of(der), forged)
    assert await revocation.crl(_list_of(der), der)


async def test_production_calls_no_address_of_its_own_network(
    certification: RunningCertification, settings: Certification
) -> None:
    authorities = read_authorities(settings.authorities, SANDBOX)
    client = RevocationClient(authorities, Environment.PRODUCTION, RandomIds())
    person = certification.issue()
    with pytest.raises(SigningUnavailable, match="public Internet"):
        await client.ocsp(*(each.public_bytes(Encoding.DER) for each in (person.certificate, person.issuer)))
    await client.close()


def test_authorities_of_another_environment_are_refused(certification: RunningCertification, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="and this is production"):
        read_authorities(str(certification.folder.authorities), Environment.PRODUCTION)
    mixed = tmp_path / "mixed.pem"
    ours = certification.root_pem.read_bytes()
    mixed.write_bytes(ours + certification.issue().pem)
    with pytest.raises(SettingsError, match="no authority's"):
        read_authorities(str(mixed), SANDBOX)
    service = read_settings(certification.folder.config.read_bytes())
    unmarked = msgspec.structs.replace(service, environment=Environment.PRODUCTION)
    other = profiles.root(unmarked, new_key("P-256"), 1, profiles.validity(SystemClock().now(), days=1))
    mixed.write_bytes(ours + other.public_bytes(Encoding.PEM))
    with pytest.raises(SettingsError, match="not marked"):
        read_authorities(str(mixed), SANDBOX)
    mixed.write_bytes(other.public_bytes(Encoding.PEM))
    assert read_authorities(str(mixed), Environment.PRODUCTION) == (other,)
    mixed.write_bytes(certification.issuing_pem.read_bytes())
    with pytest.raises(SettingsError, match="no root"):
        read_authorities(str(mixed), SANDBOX)


def _list_of(der: bytes) -> str:
    certificate = x509.load_der_x509_certificate(der)
    points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    names = points[0].full_name
    assert names is not None
    return str(names[0].value)
