"""`kill -9` of the scheme in the middle of logins; its demo partner lives on and finishes. Criteria F-1, G1 to G4.

Scheme and world run as `ipse serve` and `ipse world`, so that only the scheme dies. SQLite, the default.
"""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import httpx
import pytest

from ipse.softphone import Activation, MemoryStore, SoftPhone
from tests.support.sandbox import IPSE, free_ports

CODE = "13579"
_QR = re.compile(r'id="qr"[^>]*data-content="([^"]+)"')
_HANDLE = re.compile(r"/v2/sign-in/([A-Za-z0-9_-]{10,})")

pytestmark = pytest.mark.processes


@dataclass
class Installation:
    """A prepared sandbox whose scheme can be killed and started again."""

    port: int
    folder: Path
    scheme: subprocess.Popen[bytes]

    @property
    def base(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def world(self) -> str:
        return f"http://127.0.0.1:{self.port + 1}"

    def kill(self) -> None:
        self.scheme.send_signal(signal.SIGKILL)
        self.scheme.wait(10)

    def start(self) -> None:
        self.scheme = _start(self.folder, "serve", "--config", str(self.folder / "ipse.toml"))
        _until_answers(f"{self.base}/phone/v1/configuration")


def _start(folder: Path, *command: str) -> subprocess.Popen[bytes]:
    with (folder / f"{command[0]}.log").open("ab") as log:
        return subprocess.Popen([*IPSE, *command], stdout=log, stderr=log)


def _until_answers(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url, timeout=5).status_code == 200:
                return
        time.sleep(0.1)
    raise AssertionError(f"{url} did not answer")


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("kills")
    port = free_ports()
    subprocess.run(
        [
            sys.executable,
            *IPSE[1:],
            "sandbox",
            "--port",
            str(port),
            "--data",
            str(folder),
            "--prepare-only",
            "--no-signing",
            "--no-status",
        ],
        check=True,
        timeout=90,
    )
    world = _start(folder, "world", "--data", str(folder))
    scheme = _start(folder, "serve", "--config", str(folder / "ipse.toml"))
    running = Installation(port, folder, scheme)
    try:
        _until_answers(f"{running.base}/phone/v1/configuration")
        _until_answers(f"{running.world}/world.json")
        yield running
    finally:
        for process in (running.scheme, world):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture
def phone(installation: Installation) -> Iterator[SoftPhone]:
    persons = httpx.get(f"{installation.world}/world.json", timeout=10).json()["persons"]
    bank = next(person for person in persons if person["id"] == "ada")["bank"]
    with SoftPhone(MemoryStore(), patience_seconds=20) as fresh:
        fresh.activate(Activation(base=installation.base, bank=bank, person="ada", code=CODE))
        yield fresh


@pytest.fixture
def browser() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=30, follow_redirects=True, trust_env=False) as client:
        yield client


def _begin(browser: httpx.Client, installation: Installation) -> tuple[str, str]:
    """Press the shop's button; what the QR holds, and the address of the waiting page."""
    page = browser.get(f"{installation.world}/shop/login")
    qr, handle = _QR.search(page.text), _HANDLE.search(page.text)
    assert qr is not None
    assert handle is not None
    return unescape(qr.group(1)), f"{installation.base}/v2/sign-in/{handle.group(1)}"


def test_killed_between_approval_and_redirect_the_login_completes(
    installation: Installation, phone: SoftPhone, browser: httpx.Client
) -> None:
    """The approval was acknowledged to the phone, so it is there after the kill: the waiting page goes on."""
    qr, waiting = _begin(browser, installation)
    assert phone.approve(phone.claim(qr), CODE).outcome == "approved"
    installation.kill()
    with pytest.raises(httpx.TransportError):
        browser.get(waiting)
    installation.start()
    page = browser.get(waiting)
    assert page.url.path == "/shop/received", page.text
    assert "Ada" in page.text


def test_killed_between_code_and_token_the_partner_finishes(
    installation: Installation, phone: SoftPhone, browser: httpx.Client
) -> None:
    """The browser carries the code to the partner while the scheme is dead; the partner's back end waits for it."""
    qr, waiting = _begin(browser, installation)
    phone.approve(phone.claim(qr), CODE)
    carried = browser.get(f"{waiting}/finish", follow_redirects=False)
    callback = carried.headers["Location"]
    installation.kill()
    with ThreadPoolExecutor(1) as pool:
        arriving = pool.submit(browser.get, callback)
        time.sleep(1)
        assert not arriving.done()
        installation.start()
        page = arriving.result(30)
    assert page.url.path == "/shop/received", page.text
    assert "Ada" in page.text
    entries = phone.history()["entries"]
    assert entries[0]["outcome"] == "approved"


def test_killed_while_a_phone_decides_its_message_counts_once(
    installation: Installation, phone: SoftPhone, browser: httpx.Client
) -> None:
    """T-14, G4: the same sealed bytes go out again until answered; nothing is judged twice."""
    qr, waiting = _begin(browser, installation)
    request = phone.claim(qr)
    message = phone.composed(request, CODE)
    first = phone.post(message)
    installation.kill()
    installation.start()
    again = phone.post(message)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert browser.get(waiting).url.path == "/shop/received"


def test_nothing_acknowledged_is_lost_and_the_audit_log_still_fits(installation: Installation) -> None:
    """G1: after three kills the database opens, the chain of the audit log holds."""
    config = str(installation.folder / "ipse.toml")
    done = subprocess.run(
        [*IPSE, "audit", "verify", "--config", config], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout
