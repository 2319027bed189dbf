"""A ceremony as an operator holds it, by the command line: each step of the guide, and what it refuses."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ipse.certification.folder import Token
from ipse.cli import app
from ipse.kernel.ids import b64u
from ipse.kernel.settings import SettingsError
from tests.functional.certification.conftest import Openssl
from tests.support.certification import COMMAND, PERSON, RunningCertification, request, running
from tests.support.presence import absent

PORT, TOKEN_PORT = 24063, 24064
MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "a PIN of some length"
SETTINGS = """
environment = "{environment}"
public_url = "http://pki.example.org"
database = "sqlite://{folder}/certification.db"
folder = "{folder}"
registration = "unix:{folder}/registration.sock"
clients = "{folder}/clients"
organisation = "Example NV"
name = "Example"
trusted_proxies = ["192.0.2.1"]
{policies}
[listen]
port = 24063
[keys]
issuing = "{issuing}"
responder = "{responder}"
timestamps = "{timestamps}"
passphrase = "{folder}/passphrase"
"""
pytestmark = pytest.mark.processes


@dataclass(frozen=True)
class Said:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


Ipse = Callable[..., Said]


@pytest.fixture
def ipse(capsys: pytest.CaptureFixture[str]) -> Ipse:
    """Runs `ipse certification` on the settings of a folder."""

    def run(folder: Path, *arguments: str) -> Said:
        status, refusal = 0, ""
        try:
            app(["certification", *arguments, "--config", str(folder / "certification.toml")])
        except SystemExit as ended:
            status = int(ended.code or 0)
        except SettingsError as error:
            status, refusal = 1, str(error)  # as `ipse` itself prints it
        finally:
            structlog.reset_defaults()  # `serve` logs to a stream that ends with this test
        told = capsys.readouterr()
        return Said(status, told.out, told.err + refusal)

    return run


def _private(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o600)
    return path


def _prepared(folder: Path, *, environment: str = "sandbox", keys: str = "file:{folder}/{name}.pem") -> Path:
    places = {name: keys.format(folder=folder, name=name) for name in ("issuing", "responder", "timestamps")}
    policies = 'policies = ["1.3.6.1.4.1.99999.1"]\ntimestamp_policy = "1.3.6.1.4.1.99999.3"'
    told = SETTINGS.format(
        environment=environment, folder=folder, policies=policies if environment == "production" else "", **places
    )
    _private(folder / "certification.toml", told)
    _private(folder / "passphrase", "correct horse battery staple\n")
    return folder


def test_a_ceremony_from_the_first_key_to_the_second_issuing_authority(
    tmp_path: Path, openssl: Openssl, ipse: Ipse
) -> None:
    service, stick, safe = _prepared(tmp_path), tmp_path / "stick", tmp_path / "safe"
    stick.mkdir()
    parts = [_private(tmp_path / f"part{number}", f"what only {number} knows\n") for number in (1, 2)]
    who = ("--root", f"file:{safe}/root.pem", "--folder", str(stick), "--keeper", "Ann Maes", "--keeper", "Jan Peeters")
    typed = tuple(word for part in parts for word in ("--part-file", str(part)))

    assert ipse(service, "init").returncode == 0
    shutil.copy(service / "issuing.csr", stick)
    held = ipse(service, "ceremony", *who, *typed)
    assert held.returncode == 0, held.stderr
    (record,) = stick.glob("ceremony-*.txt")
    told = record.read_text()
    assert told in held.stdout
    root = x509.load_pem_x509_certificate((stick / "root.pem").read_bytes())
    print_of_root = openssl("x509", "-in", stick / "root.pem", "-noout", "-fingerprint", "-sha256")
    fingerprint = print_of_root.partition("=")[2].strip().replace(":", "")
    assert fingerprint in told.replace(" ", "")
    assert "Ann Maes" in told
    assert "Jan Peeters" in told
    openssl("verify", "-x509_strict", "-CAfile", stick / "root.pem", stick / "issuing.pem")
    assert "verify OK" in openssl(
        "crl", "-inform", "DER", "-in", stick / "root.crl", "-noout", "-CAfile", stick / "root.pem"
    )
    assert b"ENCRYPTED" in (safe / "root.pem").read_bytes()

    # Never a second root by mistake, never with a part too few, in either order with both.
    assert "exists already" in ipse(service, "ceremony", *who, *typed).stderr
    refused = ipse(service, "ceremony", "crl", *who, "--part-file", str(parts[0]))
    assert "does not open" in refused.stderr
    reversed_parts = ("--part-file", str(parts[1]), "--part-file", str(parts[0]))
    assert ipse(service, "ceremony", "crl", *who, *reversed_parts).returncode == 0

    # The next issuing authority; the one before is revoked.
    for name in ("issuing.pem", "responder.pem", "timestamps.pem"):
        (service / name).unlink()
    assert ipse(service, "init", "--number", "2").returncode == 0
    shutil.copy(service / "issuing.csr", stick)
    assert ipse(service, "ceremony", "renew", *who, *typed).returncode == 0
    second = x509.load_pem_x509_certificate((stick / "issuing.pem").read_bytes())
    assert second.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "Example Issuing 2"
    (first,) = stick.glob("issuing-*.pem")
    revoked = ipse(service, "ceremony", "crl", *who, *typed, "--revoke", str(first))
    assert revoked.returncode == 0, revoked.stderr
    listed = x509.load_der_x509_crl((stick / "root.crl").read_bytes())
    assert listed.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 4
    assert [entry.serial_number for entry in listed] == [
        x509.load_pem_x509_certificate(first.read_bytes()).serial_number
    ]
    assert listed.is_signature_valid(root.public_key())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"environment": "production"}, "keys.issuing is a file"),
        ({"environment": "production", "keys": "pkcs11:token=t;object={name}"}, "two people"),
    ],
)
def test_production_refuses_key_files_and_a_ceremony_of_one(
    tmp_path: Path, ipse: Ipse, changes: dict[str, str], told: str
) -> None:
    folder = _prepared(tmp_path, **changes)
    part = _private(tmp_path / "part", "what one alone knows\n")
    refused = ipse(
        folder, "ceremony", "--root", f"file:{tmp_path}/root.pem", "--folder", str(tmp_path), "--part-file", str(part)
    )
    assert refused.returncode == 1
    assert told in refused.stderr
    assert not (tmp_path / "root.pem").exists()


def test_start_refuses_authorities_of_another_environment(
    certification: RunningCertification, tmp_path: Path, ipse: Ipse
) -> None:
    """Exit status 78 for a supervisor: settings first."""
    for name in ("root.pem", "issuing.pem"):
        shutil.copy(certification.folder.path / name, tmp_path / name)
    keys = f"pkcs11:token=ipse;object={{name}}?module-path={MODULE}&pin-source=file:{tmp_path}/pin"
    _prepared(tmp_path, environment="production", keys=keys)
    refused = ipse(tmp_path, "serve")
    assert refused.returncode == 78
    assert "root.pem is a sandbox's, and this is production" in refused.stderr


@pytest.fixture(scope="module")
def in_a_token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCertification]:
    """A service whose keys live in SoftHSM."""
    if shutil.which("softhsm2-util") is None:
        absent("SoftHSM", "run `make test` as root, or `apt-get install softhsm2`")
    folder = tmp_path_factory.mktemp("token")
    (folder / "tokens").mkdir()
    (folder / "softhsm.conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm.conf")
    made = ("softhsm2-util", "--init-token", "--free", "--label", "certification", "--pin", PIN, "--so-pin", PIN)
    subprocess.run(made, check=True, capture_output=True, timeout=20)
    _private(folder / "pin", f"{PIN}\n")
    script = (
        "import sys; from pathlib import Path; from ipse.certification.folder import Token, make_folder;"
        "from ipse.kernel.clock import SystemClock; from ipse.kernel.ids import RandomIds;"
        f"make_folder(Path({str(folder)!r}), {TOKEN_PORT}, SystemClock(), RandomIds(),"
        f" token=Token({MODULE!r}, 'certification', {str(folder / 'pin')!r}))"
    )
    # The module is loaded by processes of its own: a test process keeps the settings it was first loaded with.
    subprocess.run([COMMAND[0], "-c", script], check=True, timeout=30)
    try:
        with running(folder, TOKEN_PORT) as service:
            yield service
    finally:
        if before is None:
            os.environ.pop("SOFTHSM2_CONF", None)
        else:
            os.environ["SOFTHSM2_CONF"] = before


def test_keys_in_a_security_module_sign_everything(
    in_a_token: RunningCertification, openssl: Openssl, tmp_path: Path
) -> None:
    person = in_a_token.issue()
    (tmp_path / "person.pem").write_bytes(person.pem)
    anchors = ("-CAfile", in_a_token.root_pem)
    openssl("verify", "-x509_strict", "-untrusted", in_a_token.issuing_pem, *anchors, tmp_path / "person.pem")
    place = in_a_token.folder.public_url
    asked = ("ocsp", "-issuer", in_a_token.issuing_pem, "-cert", tmp_path / "person.pem", "-url", f"{place}/ocsp")
    told = openssl(*asked, *anchors, "-verify_other", in_a_token.issuing_pem)
    assert "Response verify OK" in told
    (tmp_path / "data").write_bytes(b"x")
    openssl("ts", "-query", "-data", tmp_path / "data", "-sha256", "-cert", "-out", tmp_path / "question")
    headers = {"Content-Type": "application/timestamp-query"}
    stamp = httpx.post(
        in_a_token.folder.timestamps, content=(tmp_path / "question").read_bytes(), headers=headers, timeout=10
    )
    (tmp_path / "answer").write_bytes(stamp.content)
    verify = ("ts", "-verify", "-queryfile", tmp_path / "question", "-in", tmp_path / "answer")
    assert "Verification: OK" in openssl(*verify, *anchors)
    assert not list(in_a_token.folder.path.glob("issuing.key*"))
    assert b"keys.in.files" not in (in_a_token.folder.path / "serve.log").read_bytes()


def test_a_token_that_is_gone_is_told_and_nothing_is_signed(in_a_token: RunningCertification) -> None:
    """Lost in the middle: 503; and the same request is granted when the token is back."""
    tokens, away = in_a_token.folder.path / "tokens", in_a_token.folder.path / "away"
    asked = {
        "request": b64u(request(ec.generate_private_key(ec.SECP256R1()))),
        "subject": PERSON,
        "valid_seconds": 3600,
    }
    tokens.rename(away)
    try:
        for _ in range(2):
            refused = in_a_token.registration.post("/registration/certificates", json=asked)
            assert (refused.status_code, refused.json()["code"]) == (503, "keys_unavailable")
    finally:
        away.rename(tokens)
    granted = in_a_token.registration.post("/registration/certificates", json=asked)
    assert granted.status_code == 201, granted.text


def test_a_token_is_named_with_its_pin_in_a_file() -> None:
    place = Token("/m.so", "t", "/pin").key("issuing")
    assert place == "pkcs11:token=t;object=certification-issuing?module-path=/m.so&pin-source=file:/pin"
