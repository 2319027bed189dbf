"""What must be refused, each with its own word, and nothing is certified."""

from __future__ import annotations

import asyncio
from base64 import encodebytes
from typing import Any

import httpx
import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID
from uvicorn.server import ServerState

from ipse.certification.http import Application
from ipse.certification.server import Patient
from ipse.kernel.ids import b64u
from tests.support.certification import PERSON, RunningCertification, request

PATH = "/registration/certificates"
KEY = ec.generate_private_key(ec.SECP256R1())


def _asked(octets: bytes, **members: Any) -> dict[str, Any]:
    return {"request": b64u(octets), "subject": PERSON, "valid_seconds": 3600} | members


def _broken(octets: bytes) -> bytes:
    """The same request with another signature."""
    return octets[:-1] + bytes([octets[-1] ^ 1])


def _of(key: Any, algorithm: hashes.HashAlgorithm | None, *more: x509.NameAttribute[str]) -> bytes:
    oids = (NameOID.COUNTRY_NAME, NameOID.COMMON_NAME, NameOID.GIVEN_NAME, NameOID.SURNAME, NameOID.SERIAL_NUMBER)
    name = x509.Name([*(x509.NameAttribute(*pair) for pair in zip(oids, PERSON.values(), strict=True)), *more])
    return (
        x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, algorithm).public_bytes(Encoding.DER)  # type: ignore[arg-type]
    )


ORGANISATION = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Federal Public Service")
REFUSED = {
    "no request": (_asked(b"\x30\x00"), "wrong_request"),
    "another signature": (_asked(_broken(request(KEY))), "wrong_request"),
    "a weak hash": (_asked(_of(rsa.generate_private_key(65537, 2048), hashes.SHA224())), "wrong_request"),
    "a short key": (_asked(_of(rsa.generate_private_key(65537, 1024), hashes.SHA256())), "wrong_key"),
    "another curve": (_asked(_of(ec.generate_private_key(ec.SECP384R1()), hashes.SHA256())), "wrong_key"),
    "another kind of key": (_asked(_of(ed25519.Ed25519PrivateKey.generate(), None)), "wrong_request"),
    "other names than in the request": (_asked(request(KEY, surname="Maes")), "wrong_subject"),
    "a name that nobody asked for": (_asked(_of(KEY, hashes.SHA256(), ORGANISATION)), "wrong_subject"),
    "a number that is no identifier": (
        _asked(request(KEY, serial_number="85.07"), subject=PERSON | {"serial_number": "85.07"}),
        "wrong_subject",
    ),
    "a name with a direction mark": (
        _asked(request(KEY, surname="Pe\u202eeters"), subject=PERSON | {"surname": "Pe\u202eeters"}),
        "wrong_subject",
    ),
    "too long": (_asked(request(KEY), valid_seconds=10**10), "wrong_validity"),
    "no time": (_asked(request(KEY), valid_seconds=0), "wrong_validity"),
    "short-term that is long": (_asked(request(KEY), valid_seconds=90_000, profile="short_term"), "wrong_validity"),
    "another profile": (_asked(request(KEY), profile="authority"), "malformed"),
    "more than agreed": (_asked(request(KEY), is_ca=True), "malformed"),
    "no base64url": (_asked(b"") | {"request": "!"}, "malformed"),
    "too large a request": (_asked(b"\x30" * 9000), "too_large"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_nothing_is_certified(certification: RunningCertification, case: str) -> None:
    asked, code = REFUSED[case]
    answer = certification.registration.post(PATH, json=asked)
    assert answer.json()["code"] == code, answer.text
    assert 400 <= answer.status_code < 500
    assert "Peeters" not in answer.text


@pytest.mark.parametrize(
    ("headers", "content", "code", "status"),
    [
        ({"Content-Type": "text/plain"}, b"{}", "wrong_type", 415),
        ({"Content-Type": "application/json"}, b"{", "malformed", 400),
        ({"Content-Type": "application/json"}, b"x" * 40_000, "too_large", 413),
    ],
)
def test_bodies_are_judged_before_they_are_read(
    certification: RunningCertification, headers: dict[str, str], content: bytes, code: str, status: int
) -> None:
    answer = certification.registration.post(PATH, content=content, headers=headers)
    assert (answer.json()["code"], answer.status_code) == (code, status)


@pytest.mark.parametrize("path", [PATH, f"{PATH}/1f/status", "/.well-known/est/simpleenroll"])
@pytest.mark.parametrize("auth", [None, ("ipse", "guessed"), ("somebody", "guessed"), ("ipse", "")])
def test_nobody_else_is_answered(certification: RunningCertification, path: str, auth: tuple[str, str] | None) -> None:
    transport = httpx.HTTPTransport(uds=certification.folder.url.removeprefix("unix:"))
    with httpx.Client(transport=transport, base_url="http://registration", auth=auth) as client:
        answer = client.post(path, json=_asked(request(KEY)), timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (401, "wrong_credentials")
    assert answer.headers["www-authenticate"].startswith("Basic ")


def test_the_public_listener_registers_nobody(certification: RunningCertification) -> None:
    place, auth = certification.folder.public_url, certification.registration.auth
    answer = httpx.post(f"{place}{PATH}", json=_asked(request(KEY)), auth=auth, timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["/ocsp", "/timestamps"])
def test_the_public_addresses_take_little_and_of_one_type(certification: RunningCertification, path: str) -> None:
    place = f"{certification.folder.public_url}{path}"
    kind = {"/ocsp": "application/ocsp-request", "/timestamps": "application/timestamp-query"}[path]
    assert httpx.post(place, content=b"0" * 5000, headers={"Content-Type": kind}, timeout=5).status_code == 413
    assert httpx.post(place, content=b"0", headers={"Content-Type": "text/html"}, timeout=5).status_code == 415
    assert httpx.get(place, timeout=5).status_code == 405
    for content in (b"", b"\x30\x80", b"\xff" * 1000, b"\x30\x03\x02\x01\x01"):
        answer = httpx.post(place, content=content, headers={"Content-Type": kind}, timeout=5)
        assert answer.status_code == 200  # refused in the protocol's own words
        assert len(answer.content) < 100


def test_who_sends_slowly_is_not_waited_for(
    certification: RunningCertification, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that never ends, in the service's own protocol; its patience is shortened here."""
    monkeypatch.setattr(Patient, "seconds", 0.2)

    async def slow() -> bytes:
        config = uvicorn.Config(app=Application({}), http=Patient, lifespan="off", log_config=None)
        config.load()
        state = ServerState()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Patient(config, state, {}), "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"POST /ocsp HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n")
            async with asyncio.timeout(5):
                answered = await reader.read()
            writer.close()
            await writer.wait_closed()
            return answered

    assert asyncio.run(slow()) == b""


def test_est_gives_the_same_certificate_again(certification: RunningCertification) -> None:
    """RFC 7030 §4.2, as an outside registration would ask."""
    octets = encodebytes(request(ec.generate_private_key(ec.SECP256R1())))
    headers = {"Content-Type": "application/pkcs10", "Content-Transfer-Encoding": "base64"}
    first, second = (
        certification.registration.post("/.well-known/est/simpleenroll", content=octets, headers=headers)
        for _ in range(2)
    )
    assert first.status_code == 200
    assert first.content == second.content
    refused = certification.registration.post("/.well-known/est/simpleenroll", content=b"!", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (400, "malformed")


def test_a_key_is_certified_once(certification: RunningCertification) -> None:
    """By the same request the same; by another one, for other names or times, not at all."""
    person = certification.issue(valid_seconds=3600)
    assert isinstance(person.key, ec.EllipticCurvePrivateKey)
    again = _asked(request(person.key, surname="Maes"), subject=PERSON | {"surname": "Maes"})
    answer = certification.registration.post(PATH, json=again)
    assert (answer.status_code, answer.json()["code"]) == (409, "other_request")


def test_a_revoked_certificate_is_not_given_again(certification: RunningCertification) -> None:
    octets = request(ec.generate_private_key(ec.SECP256R1()))
    made = certification.registration.post(PATH, json=_asked(octets)).json()
    same = certification.registration.post(PATH, json=_asked(octets)).json()
    assert made == same
    certificate = x509.load_der_x509_certificate(_decoded(made["certificate"]))
    certification.set_status(certificate, "revoked")
    answer = certification.registration.post(PATH, json=_asked(octets))
    assert (answer.status_code, answer.json()["code"]) == (409, "ended")


@pytest.mark.parametrize("serial", ["1f", "0", "zz", "../status", "F" * 50])
def test_unknown_serial_numbers(certification: RunningCertification, serial: str) -> None:
    answer = certification.registration.post(f"{PATH}/{serial}/status", json={"status": "revoked"})
    assert answer.status_code == 404


def test_who_registers_people_cannot_end_the_services_own_certificates(certification: RunningCertification) -> None:
    """Else one stolen secret of registration would stop answers and time stamps for everybody."""
    person = certification.issue(valid_seconds=3600)
    asked = ocsp.OCSPRequestBuilder().add_certificate(person.certificate, person.issuer, hashes.SHA256()).build()
    answer = httpx.post(
        f"{certification.folder.public_url}/ocsp",
        content=asked.public_bytes(Encoding.DER),
        headers={"Content-Type": "application/ocsp-request"},
        timeout=5,
    )
    (own,) = ocsp.load_der_ocsp_response(answer.content).certificates
    place = f"{PATH}/{own.serial_number:x}/status"
    refused = certification.registration.post(place, json={"status": "revoked"})
    assert (refused.status_code, refused.json()["code"]) == (404, "unknown_certificate")
    assert certification.registration.get(place).json()["status"] == "good"


def _decoded(text: str) -> bytes:
    from ipse.kernel.ids import b64u_decode

    return b64u_decode(text)
