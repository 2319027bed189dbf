"""`ipse sandbox --lan NAME`: everything over TLS, under an authority made on the spot, judged by Chromium."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from ipse.kernel.clock import FrozenClock
from ipse.sandbox.authority import certify, fingerprint
from tests.functional.sandbox.running import free_ports
from tests.functional.sandbox.test_processes import IPSE, run, sandbox
from tests.support.presence import absent

if TYPE_CHECKING:
    from pathlib import Path

NAME = "localhost"


@pytest.fixture
def certutil() -> str:
    path = shutil.which("certutil")
    if path is None:
        absent("certutil", "run `make test` as root, or `apt-get install libnss3-tools`")
    return path


@pytest.mark.processes
@pytest.mark.journey
def test_a_browser_that_trusts_the_authority_plays(tmp_path: Path, chromium: str, certutil: str) -> None:
    port = free_ports()
    prepared = run(
        "sandbox",
        "--port",
        str(port),
        "--data",
        str(tmp_path),
        "--lan",
        NAME,
        "--prepare-only",
        "--no-signing",
        "--no-status",
    )
    assert prepared.returncode == 0, prepared.stderr
    authority = tmp_path / "world" / "tls" / "authority.crt"
    home = _home_that_trusts(tmp_path, authority, certutil)
    with sandbox("--data", str(tmp_path), "--lan", NAME, port=port, authority=authority):
        _visit_everything(chromium, home, port)
        _activate_and_refuse_strangers(tmp_path, authority, port)


def _visit_everything(chromium: str, home: Path, port: int) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox"], env={**os.environ, "HOME": str(home)}
        )
        page = browser.new_page()
        for address in (f"https://{NAME}:{port + 1}/", f"https://{NAME}:{port + 2}/"):
            answer = page.goto(address)
            assert answer is not None
            assert answer.ok
            assert page.evaluate("isSecureContext")
        page.goto(f"https://{NAME}:{port + 1}/shop/")
        page.click("#login")
        page.wait_for_selector("#qr")
        assert page.url.startswith(f"https://{NAME}:{port}/v2/")
        page.goto(f"http://{NAME}:{port + 3}/")
        with page.expect_download() as download:
            page.click(".button")
        taken = x509.load_der_x509_certificate(download.value.path().read_bytes())
        assert "Ipse sandbox authority" in taken.subject.rfc4514_string()
        browser.close()


def _activate_and_refuse_strangers(folder: Path, authority: Path, port: int) -> None:
    """Scheme, bank and phone call each other over TLS too; who does not know the authority is not talked to."""
    activated = subprocess.run(
        [*IPSE, "phone", "activate", "--base", f"https://{NAME}:{port}", "--bank", "bank-vesta", "--person", "ada",
         "--code", "13579", "--store", str(folder / "phone.json"), "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "SSL_CERT_FILE": str(authority)},
    )  # fmt: skip
    assert activated.returncode == 0, activated.stderr
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"https://{NAME}:{port + 1}/world.json", timeout=5, trust_env=False)


def _home_that_trusts(folder: Path, authority: Path, certutil: str) -> Path:
    home = folder / "home"
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True)
    subprocess.run([certutil, "-d", f"sql:{database}", "-N", "--empty-password"], check=True, timeout=30)
    trust = ["-A", "-t", "C,,", "-n", "sandbox", "-i", str(authority)]
    subprocess.run([certutil, "-d", f"sql:{database}", *trust], check=True, timeout=30)
    return home


def test_the_authority_vouches_for_its_name_and_nothing_else(tmp_path: Path) -> None:
    certify(tmp_path, "ipse.home.arpa")
    authority = x509.load_pem_x509_certificate((tmp_path / "authority.crt").read_bytes())
    server = x509.load_pem_x509_certificate((tmp_path / "server.crt").read_bytes())
    limits = authority.extensions.get_extension_for_class(x509.NameConstraints)
    assert limits.critical
    assert limits.value.permitted_subtrees == [x509.DNSName("ipse.home.arpa")]
    verifier = PolicyBuilder().store(Store([authority]))
    # Whoever gets hold of the authority's key still cannot be believed under another name.
    assert verifier.build_server_verifier(x509.DNSName("ipse.home.arpa")).verify(server, [])
    with pytest.raises(VerificationError):
        verifier.build_server_verifier(x509.DNSName("bank.example")).verify(server, [])
    assert (tmp_path / "authority.key").stat().st_mode & 0o077 == 0
    assert (tmp_path / "server.key").stat().st_mode & 0o077 == 0
    ssl.create_default_context(cafile=str(tmp_path / "authority.crt"))


def test_the_authority_is_kept_until_it_must_change(tmp_path: Path) -> None:
    clock = FrozenClock()
    certify(tmp_path, "one.home.arpa", clock)
    first = fingerprint(tmp_path / "authority.crt")
    certify(tmp_path, "one.home.arpa", clock)
    assert fingerprint(tmp_path / "authority.crt") == first
    certify(tmp_path, "two.home.arpa", clock)
    second = fingerprint(tmp_path / "authority.crt")
    assert second != first
    clock.advance(seconds=340 * 86_400)
    certify(tmp_path, "two.home.arpa", clock)
    # Only the server's certificate is new: nobody has to trust anything again.
    assert fingerprint(tmp_path / "authority.crt") == second
    server = x509.load_pem_x509_certificate((tmp_path / "server.crt").read_bytes())
    lasts = server.not_valid_after_utc - datetime.fromtimestamp(clock.value / 1e6, UTC)
    assert 360 < lasts.days < 398
    clock.advance(seconds=340 * 86_400)
    certify(tmp_path, "two.home.arpa", clock)
    assert fingerprint(tmp_path / "authority.crt") != second


def test_a_name_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    refused = run("sandbox", "--data", str(tmp_path), "--lan", "nowhere.invalid")
    assert refused.returncode == 1
    assert "leads nowhere" in refused.stderr
