"""`ipse sandbox` as a person at a terminal sees it: it starts, says where, keeps or forgets, and stops."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ipse.sandbox.ports import holder
from tests.functional.sandbox.running import free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.processes
IPSE = [sys.executable, "-c", "from ipse.cli import main; main()"]
STOPS_WITHIN = 5.0


@dataclass
class Running:
    """A command that runs, and what it prints."""

    process: subprocess.Popen[str]
    port: int
    authority: Path | None = None

    def wait_until_up(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.process.communicate()
            with contextlib.suppress(httpx.HTTPError):
                if self.answers(self.port) and self.answers(self.port + 1, "/world.json"):
                    return
            time.sleep(0.1)
        raise AssertionError(self.process.communicate())

    def answers(self, port: int, path: str = "/v2/jwkSet") -> bool:
        base, trust = f"http://127.0.0.1:{port}", ssl.create_default_context(cafile=self.authority)
        if self.authority is not None:
            base = f"https://localhost:{port}"
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(base + path, timeout=2, trust_env=False, verify=trust).status_code == 200
        return False

    def wait_until_down(self, seconds: float) -> float:
        started = time.monotonic()
        while any(_listens(self.port + offset) for offset in (0, 1, 2, 5)):
            assert time.monotonic() - started < seconds, "still listening"
            time.sleep(0.05)
        return time.monotonic() - started


@contextlib.contextmanager
def sandbox(
    *options: str, port: int | None = None, authority: Path | None = None, signing: bool = False
) -> Iterator[Running]:
    port = port or free_ports()
    command = [*IPSE, "sandbox", "--port", str(port), *options, *([] if signing else ["--no-signing", "--no-status"])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    running = Running(process, port, authority)
    try:
        running.wait_until_up()
        yield running
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(10)
        process.stdout.close() if process.stdout else None


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*IPSE, *arguments], capture_output=True, text=True, timeout=60, check=False)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _at_a_slow_bank(port: int) -> None:
    with contextlib.suppress(httpx.HTTPError):
        httpx.get(f"http://127.0.0.1:{port + 1}/banks/bank-lys/", timeout=60, trust_env=False)


def _at_a_sign_in_page(port: int) -> None:
    """Wait for news of a login, as the page does."""
    with (
        contextlib.suppress(httpx.HTTPError),
        httpx.Client(timeout=60, trust_env=False, follow_redirects=True) as browser,
    ):
        page = browser.get(f"http://127.0.0.1:{port + 1}/shop/login")
        found = re.search(r"/v2/sign-in/([A-Za-z0-9_-]{10,})", page.text)
        assert found is not None
        with browser.stream("GET", f"http://localhost:{port}/v2/sign-in/{found[1]}/events") as news:
            for _ in news.iter_bytes():
                pass


def test_it_says_where_and_stops_at_once_with_waits_parked(tmp_path: Path) -> None:
    with sandbox("--data", str(tmp_path), signing=True) as running:
        slow = {"party": "bank-lys", "how": "slow", "seconds": 60}
        httpx.post(f"http://127.0.0.1:{running.port + 1}/misbehave", json=slow, timeout=5)
        waits = [_at_a_slow_bank] * 5 + [_at_a_sign_in_page] * 5
        parked = [threading.Thread(target=wait, args=(running.port,)) for wait in waits]
        for thread in parked:
            thread.start()
        time.sleep(1.5)
        assert all(thread.is_alive() for thread in parked)
        running.process.send_signal(signal.SIGINT)
        output, _ = running.process.communicate(timeout=STOPS_WITHIN)
        assert running.wait_until_down(0.5) < 0.5
        for thread in parked:
            thread.join(1)
    assert running.process.returncode == 0
    for address in (f"http://127.0.0.1:{running.port + 1}/", f"localhost:{running.port}/v2", f"{running.port + 2}"):
        assert address in output
    assert "Next:" in output
    assert "Traceback" not in output


def test_neither_process_outlives_the_parent(tmp_path: Path) -> None:
    with sandbox("--data", str(tmp_path)) as running:
        running.process.kill()
        running.process.wait()
        assert running.wait_until_down(STOPS_WITHIN) < STOPS_WITHIN


@pytest.mark.parametrize("offset", [0, 1], ids=["scheme", "world"])
def test_neither_process_outlives_the_other(tmp_path: Path, offset: int) -> None:
    with sandbox("--data", str(tmp_path)) as running:
        victim = holder(running.port + offset)
        assert victim is not None
        os.kill(victim.pid, signal.SIGKILL)
        output, _ = running.process.communicate(timeout=STOPS_WITHIN)
        assert running.process.returncode == 1
        assert "stopped by itself" in output
        running.wait_until_down(1)


@pytest.mark.parametrize(("offset", "address"), [(0, "127.0.0.1"), (1, "0.0.0.0"), (2, "127.0.0.1"), (0, "::1")])
def test_it_names_the_process_that_holds_a_port(tmp_path: Path, offset: int, address: str) -> None:
    port = free_ports()
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as taken:
        try:
            taken.bind((address, port + offset))
        except OSError:
            pytest.skip("no IPv6 here: nobody can take it")
        taken.listen()
        refused = run("sandbox", "--port", str(port), "--data", str(tmp_path))
    assert refused.returncode == 1
    assert f"port {port + offset} is taken by process {os.getpid()}:" in refused.stderr
    assert "--port" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_it_says_who_holds_the_port_that_certificates_name(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (tmp_path / "certification").mkdir()
        (tmp_path / "certification" / "port").write_text(str(port))
        refused = run("sandbox", "--port", str(free_ports()), "--data", str(tmp_path))
    assert refused.returncode == 1
    assert f"port {port} is taken by process {os.getpid()}:" in refused.stderr
    assert "--fresh" in refused.stderr


def test_signing_keys_stay_where_they_were_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    again = ("sandbox", "--port", str(free_ports()), "--data", str(tmp_path), "--prepare-only")
    with monkeypatch.context() as without:
        without.setenv("PATH", str(tmp_path))
        assert run(*again).returncode == 0
    settings = tmp_path / "signature-activation" / "signature-activation.toml"
    assert 'keys = "file:' in settings.read_text()
    assert run(*again).returncode == 0
    assert 'keys = "file:' in settings.read_text()
    (tmp_path / "softhsm").mkdir()
    with monkeypatch.context() as without:
        without.setenv("PATH", str(tmp_path))
        missed = run(*again)
    assert missed.returncode == 1
    assert "install softhsm2" in missed.stderr


def test_state_survives_with_data_and_is_forgotten_when_asked(tmp_path: Path) -> None:
    def secret(running: Running) -> Any:
        document = httpx.get(f"http://127.0.0.1:{running.port + 1}/world.json", timeout=5).json()
        return document["partners"][0]["client_secret"]

    phone = ["--store", str(tmp_path / "phone.json")]
    with sandbox("--data", str(tmp_path)) as running:
        first, port = secret(running), running.port
        person = ["--bank", "bank-lys", "--person", "sukma", "--code", "13579"]
        activated = run("phone", "activate", "--base", f"http://localhost:{port}", *person, *phone)
        assert activated.returncode == 0, activated.stderr
    database = tmp_path / "ipse.db"
    born = database.stat().st_ino
    (tmp_path / "mine.txt").write_text("kept")
    with sandbox("--data", str(tmp_path), port=port) as running:
        assert secret(running) == first
        assert database.stat().st_ino == born
        home = run("phone", "home", *phone)
        assert "Sukmawijaya" in home.stdout, home.stderr
    with sandbox("--data", str(tmp_path), "--fresh", port=port) as running:
        assert secret(running) != first
    assert (tmp_path / "mine.txt").read_text() == "kept"


def test_the_world_lives_on_without_the_scheme(tmp_path: Path) -> None:
    """The world alone against `ipse serve`, as the kill tests use it."""
    port = free_ports()
    prepared = run(
        "sandbox", "--port", str(port), "--data", str(tmp_path), "--prepare-only", "--no-signing", "--no-status"
    )
    assert prepared.returncode == 0, prepared.stderr
    world = subprocess.Popen([*IPSE, "world", "--data", str(tmp_path)], stderr=subprocess.DEVNULL)
    scheme = subprocess.Popen([*IPSE, "serve", "--config", str(tmp_path / "ipse.toml")], stderr=subprocess.DEVNULL)
    try:
        _wait(lambda: _listens(port) and _listens(port + 1))
        scheme.kill()
        scheme.wait()
        assert httpx.get(f"http://127.0.0.1:{port + 1}/shop/", timeout=5).status_code == 200
        assert world.poll() is None
    finally:
        for process in (world, scheme):
            process.terminate()
            process.wait(10)


def test_preparing_twice_tells_the_scheme_once(tmp_path: Path) -> None:
    """Every registration writes an audit line; a start that changes nothing writes none."""
    port, lines = str(free_ports()), []
    for _ in range(2):
        assert (
            run(
                "sandbox", "--port", port, "--data", str(tmp_path), "--prepare-only", "--no-signing", "--no-status"
            ).returncode
            == 0
        )
        with contextlib.closing(sqlite3.connect(tmp_path / "ipse.db")) as database:
            lines += database.execute("select count(*) from audit_lines").fetchone()
    listed = run("partner", "list", "--config", str(tmp_path / "ipse.toml"))
    assert "shop" in listed.stdout
    assert "portal" in listed.stdout
    assert lines[0] == lines[1] > 6


def test_a_world_that_was_never_made_says_how_to_make_it(tmp_path: Path) -> None:
    refused = run("world", "--data", str(tmp_path))
    assert refused.returncode == 1
    assert "ipse sandbox --prepare-only" in refused.stderr


def test_without_data_nothing_is_left_behind() -> None:
    with sandbox() as running:
        held = holder(running.port + 1)
        assert held is not None
        folder = Path(held.command.split("--data ")[1].split()[0])
        assert folder.is_dir()
        running.process.send_signal(signal.SIGINT)
        running.process.communicate(timeout=STOPS_WITHIN)
    assert not folder.exists()


def _wait(condition: Any) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
