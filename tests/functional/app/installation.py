"""An installation as an operator has it: a folder with settings, keys and certificates, and processes of `ipse`."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PORTS = itertools.cycle(range(18800, 18898, 2))
NAME, APP_NAME = "id.ipse.test", "app.ipse.test"
MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "a PIN of some length"
START_SECONDS = 30
_HANDLE = re.compile(r"/v2/sign-in/([A-Za-z0-9_-]{22})")
COMMAND = [sys.executable, "-c", "from ipse.cli import main; main()"]
# A machine whose clock is synchronised, whatever that of the tests is: everything else is as `ipse serve` does it.
_SYNCHRONISED = """
import dataclasses
from ipse import cli
from ipse.cli import configuration, doctor, serve
real = configuration.machine
doctor.machine = serve.machine = lambda config: dataclasses.replace(real(config), clock_is_synchronised=lambda: True)
cli.main()
"""
SYNCHRONISED = [sys.executable, "-c", _SYNCHRONISED]


@dataclass(frozen=True)
class Place:
    """A folder with `ipse.toml` in it."""

    folder: Path
    settings: dict[str, Any]
    environment: dict[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = tuple(COMMAND)

    @property
    def config(self) -> Path:
        return self.folder / "ipse.toml"

    @property
    def port(self) -> int:
        port: int = self.settings["listen"]["port"]
        return port

    def changed(self, **settings: Any) -> Place:
        """The same with other settings, written; None takes one out."""
        merged = {name: value for name, value in (self.settings | settings).items() if value is not None}
        place = replace(self, settings=merged)
        place.write()
        return place

    def write(self) -> None:
        self.config.write_text("".join(f"{name} = {_toml(value)}\n" for name, value in self.settings.items()))
        self.config.chmod(0o600)

    def ipse(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [*self.command, *arguments],
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )

    def refusal(self) -> str:
        """What `ipse serve` says when it refuses to start: never a trace."""
        ended = self.ipse("serve")
        assert ended.returncode == 78, ended.stderr
        assert "Traceback" not in ended.stderr
        return ended.stderr

    @contextlib.contextmanager
    def serving(
        self, *arguments: str, pass_fds: tuple[int, ...] = (), at: str = ""
    ) -> Iterator[subprocess.Popen[bytes]]:
        """`ipse serve`, answering (at the issuer's address, or at another); killed at the end if it still runs."""
        log = self.folder / f"serve-{self.port}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*self.command, "serve", *arguments],
                cwd=self.folder,
                env=self._environment(),
                stdout=output,
                stderr=output,
                pass_fds=pass_fds,
            )
        try:
            self._wait(process, log, at or "/healthz")
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()

    def client(self, *, port: int | None = None, host: str = NAME) -> httpx.Client:
        """A browser that knows our authority; it keeps no cookies by itself."""
        port = port or self.port
        if not self.settings.get("tls_certificate"):
            return httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10, trust_env=False)
        context = ssl.create_default_context(cafile=str(self.folder / "authority.pem"))
        return httpx.Client(
            transport=_Named(host, port, verify=context, trust_env=False), base_url=f"https://{host}:{port}", timeout=10
        )

    def _environment(self) -> dict[str, str]:
        return os.environ | {"NO_COLOR": "1", "COLUMNS": "200"} | self.environment

    def _wait(self, process: subprocess.Popen[bytes], log: Path, at: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        with self.client() as client:
            while time.monotonic() < deadline and process.poll() is None:
                with contextlib.suppress(httpx.TransportError):
                    if client.get(at).status_code == 200:
                        return
                time.sleep(0.05)
        raise AssertionError(log.read_text(errors="replace"))

    def log_lines(self) -> list[dict[str, Any]]:
        """What `ipse serve` logged."""
        text = (self.folder / f"serve-{self.port}.log").read_text()
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


class _Named(httpx.HTTPTransport):
    """Reaches a name at this machine, as a hosts file would let it."""

    def __init__(self, name: str, port: int, **options: Any) -> None:
        super().__init__(**options)
        self._name = name
        self._port = port

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions["sni_hostname"] = self._name
        request.url = request.url.copy_with(host="127.0.0.1")
        return super().handle_request(request)


def sandbox(folder: Path, database: str) -> Place:
    """A small installation without TLS."""
    port = next(PORTS)
    place = Place(
        folder,
        {
            "environment": "sandbox",
            "base_url": f"http://localhost:{port}",
            "app_origin": f"http://localhost:{port + 1}",
            "database": database,
            "keystore": f"file:{folder}/keystore.json",
            "listen": {"host": "127.0.0.1", "port": port},
            "app_listen": {"host": "127.0.0.1", "port": port + 1},
        },
    )
    place.write()
    return place


def certified(folder: Path, *names: str, days: int = 90) -> None:
    """An authority of our own, and a certificate by it for these names: authority.pem, tls.pem, tls.key."""
    now = datetime.now(UTC)
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tests of Ipse")])

    def builder(subject: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(authority_name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=100))
            .not_valid_after(now + timedelta(days=days))
        )

    authority = (
        builder(authority_name, authority_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    certificate = (
        builder(x509.Name([]), key.public_key())
        .add_extension(x509.SubjectAlternativeName([_name(name) for name in names]), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    (folder / "authority.pem").write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    (folder / "tls.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "tls.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "tls.key").chmod(0o600)


def token(folder: Path, label: str = "ipse") -> dict[str, str]:
    """A SoftHSM token of the folder's own; returns the environment in which it is found."""
    (folder / "tokens").mkdir(exist_ok=True)
    environment = _configure_token(folder)
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "an officer's PIN"],
        env=os.environ | environment,
        check=True,
        capture_output=True,
        timeout=30,
    )
    (folder / "pin").write_text(PIN + "\n")
    (folder / "pin").chmod(0o600)
    return environment


def _configure_token(folder: Path) -> dict[str, str]:
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    return {"SOFTHSM2_CONF": str(configuration)}


def module_uri(folder: Path, *, label: str = "ipse", module: str = MODULE, key: str = "keystore") -> str:
    return (
        f"pkcs11:token={label};object={key}?module-path={module}&pin-source=file:{folder}/pin"
        f"&sealed={folder}/keystore.sealed"
    )


def production(folder: Path, database: str) -> Place:
    """Everything that production wants: TLS for two names, a token, private files. `ipse keys init` is still to do."""
    certified(folder, NAME, APP_NAME)
    token(folder)
    return production_in(folder, database)


def production_in(folder: Path, database: str) -> Place:
    """The settings of production for a folder that holds certificates and a token."""
    port = next(PORTS)
    place = Place(
        folder,
        {
            "environment": "production",
            "base_url": f"https://{NAME}:{port}",
            "app_origin": f"https://{APP_NAME}:{port + 1}",
            "database": database,
            "keystore": module_uri(folder),
            "listen": {"host": "127.0.0.1", "port": port},
            "app_listen": {"host": "127.0.0.1", "port": port + 1},
            "tls_certificate": str(folder / "tls.pem"),
            "tls_key": str(folder / "tls.key"),
        },
        environment=_configure_token(folder),
        command=tuple(SYNCHRONISED),
    )
    place.write()
    return place


def handle_of(page: str) -> str:
    """The handle in a sign-in page."""
    found = _HANDLE.search(page)
    assert found, page
    return found[1]


def stop(process: subprocess.Popen[bytes]) -> float:
    """Ask a process to stop; returns after how many seconds it had."""
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=15) == 0
    return time.monotonic() - began


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_toml(member)}" for name, member in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)
