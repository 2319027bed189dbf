"""A certification service for tests: one in a folder of its own, served as a process, and what to ask of it.

`running(folder, port)` is cheap (about a second) and meant for a fixture of session or module scope:

    @pytest.fixture(scope="session")
    def certification(tmp_path_factory) -> Iterator[RunningCertification]:
        with running(tmp_path_factory.mktemp("certification"), 24150) as service:
            yield service
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ipse.certification.folder import Folder, Token, make_folder, scheme_settings
from ipse.kernel.clock import SystemClock
from ipse.kernel.ids import RandomIds, b64u, b64u_decode

COMMAND = [sys.executable, "-c", "from ipse.cli import main; main()", "certification"]
START_SECONDS = 30
PERSON = {
    "country": "BE",
    "common_name": "Nora Peeters",
    "given_name": "Nora",
    "surname": "Peeters",
    "serial_number": "PNOBE-TEST0001",
}
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Certified:
    """A key with its certificate: sign with it."""

    key: PrivateKey
    certificate: x509.Certificate
    issuer: x509.Certificate
    root: x509.Certificate

    @property
    def serial(self) -> str:
        return f"{self.certificate.serial_number:x}"

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


@dataclass
class RunningCertification:
    """A service that answers at `folder.public_url`."""

    folder: Folder
    process: subprocess.Popen[bytes]
    _client: httpx.Client | None = field(default=None, repr=False)

    @property
    def root_pem(self) -> Path:
        return self.folder.path / "root.pem"

    @property
    def issuing_pem(self) -> Path:
        return self.folder.path / "issuing.pem"

    @property
    def scheme_settings(self) -> dict[str, str]:
        """The table `signing.certification` of a scheme."""
        return scheme_settings(self.folder)

    @property
    def registration(self) -> httpx.Client:
        """Speaks to the registration socket, with credentials."""
        if self._client is None:
            name, _, secret = self.folder.credentials.read_text().strip().partition(":")
            transport = httpx.HTTPTransport(uds=self.folder.url.removeprefix("unix:"))
            self._client = httpx.Client(
                transport=transport, base_url="http://registration", auth=(name, secret), timeout=10
            )
        return self._client

    def issue(
        self,
        key: PrivateKey | None = None,
        *,
        profile: str = "person",
        valid_seconds: int = 86_400,
        **names: str,
    ) -> Certified:
        """A certificate for a key (a new P-256 one); `names` replaces parts of `PERSON`."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        subject = PERSON | names
        asked = {
            "request": b64u(request(key, **names)),
            "subject": subject,
            "profile": profile,
            "valid_seconds": valid_seconds,
        }
        answer = self.registration.post("/registration/certificates", json=asked)
        assert answer.status_code == 201, answer.text
        made = answer.json()
        issuing, root = (
            x509.load_pem_x509_certificate(path.read_bytes()) for path in (self.issuing_pem, self.root_pem)
        )
        return Certified(key, x509.load_der_x509_certificate(b64u_decode(made["certificate"])), issuing, root)

    def set_status(self, certificate: x509.Certificate, status: str, reason: str = "unspecified") -> dict[str, Any]:
        """Put on hold (`on_hold`), resume (`good`) or revoke (`revoked`)."""
        path = f"/registration/certificates/{certificate.serial_number:x}/status"
        answer = self.registration.post(path, json={"status": status, "reason": reason})
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def kill(self) -> None:
        """As a crash does."""
        self.process.kill()
        self.process.wait(10)

    def restart(self) -> None:
        """After `kill`: the same folder, served again."""
        self.process = _started(self.folder)


def request(key: PrivateKey, **names: str) -> bytes:
    """A certification request (DER) of `PERSON`, or of others."""
    subject = PERSON | names
    oids = (
        (NameOID.COUNTRY_NAME, "country"),
        (NameOID.COMMON_NAME, "common_name"),
        (NameOID.GIVEN_NAME, "given_name"),
        (NameOID.SURNAME, "surname"),
        (NameOID.SERIAL_NUMBER, "serial_number"),
    )
    name = x509.Name([x509.NameAttribute(oid, subject[part]) for oid, part in oids])
    built = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return built.public_bytes(Encoding.DER)


@contextlib.contextmanager
def running(
    folder: Path, port: int, *, token: Token | None = None, listening: int | None = None
) -> Iterator[RunningCertification]:
    """A sandbox's service with everything in `folder`, its public listener on `port`; ended afterwards.

    `listening`: its port, where somebody who stands at `port` hands on what comes.
    """
    made = make_folder(folder, port, SystemClock(), RandomIds(), token=token)
    if listening is not None:
        told = made.config.read_text()
        assert told.count(f"port = {port}\n") == 1
        made.config.write_text(told.replace(f"port = {port}\n", f"port = {listening}\n"))
    service = RunningCertification(made, _started(made))
    try:
        yield service
    finally:
        if service._client is not None:
            service._client.close()
        service.process.terminate()
        try:
            service.process.wait(10)
        except subprocess.TimeoutExpired:
            service.kill()


def _started(folder: Folder) -> subprocess.Popen[bytes]:
    with (folder.path / "serve.log").open("ab") as output:
        process = subprocess.Popen(
            [*COMMAND, "serve", "--config", str(folder.config)], stdout=output, stderr=output, cwd=folder.path
        )
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{folder.public_url}/status", timeout=2).status_code == 200:
                return process
        if process.poll() is not None:
            break
        time.sleep(0.05)
    process.kill()
    raise AssertionError((folder.path / "serve.log").read_text())
