"""Servers to measure: a database, seeded phones and partners, and `ipse serve` on one core."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ipse.cli.bench import postgres
from ipse.cli.bench.machine import cpu_seconds
from ipse.cli.bench.model import Seeded

_START_SECONDS = 60
_IPSE = [sys.executable, "-c", "from ipse.cli import main; main()"]
_ANY_NUMBER = "{ burst = 10000000, per_minute = 10000000 }"
_SETTINGS = """\
environment = "lab"
base_url = "http://localhost:{port}"
app_origin = "http://localhost:{app_port}"
database = "{database}"
keystore = "file:{folder}/keystore.json"

[listen]
host = "127.0.0.1"
port = {port}

[app_listen]
host = "127.0.0.1"
port = {app_port}

[limits]
page = {any}
wait = {any}
partner = {any}
phone = {any}
enrolment = {any}
static = {any}
"""


@dataclass(frozen=True)
class Server:
    """A running scheme with its database."""

    engine: str
    port: int
    pid: int
    database_pid: int
    """0 where the database is a part of the server's process."""
    seeded: Seeded
    counts: Path

    @property
    def issuer(self) -> str:
        """The OpenID issuer."""
        return f"http://localhost:{self.port}/v2"

    def document(self, path: str) -> dict[str, Any]:
        """A published JSON document."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            document: dict[str, Any] = msgspec.json.decode(answer.read())
        return document

    def cpu(self) -> tuple[float, float]:
        """Seconds of processor time used so far by the server and by its database."""
        return cpu_seconds(self.pid), cpu_seconds(self.database_pid) if self.database_pid else 0.0

    def counted(self) -> dict[str, int]:
        """The counters of a counting server."""
        time.sleep(0.25)
        counts: dict[str, int] = msgspec.json.decode(self.counts.read_bytes())
        return counts


@dataclass(frozen=True)
class Wanted:
    """What to set up."""

    engine: str
    folder: Path
    core: int
    phones: int


@contextlib.contextmanager
def serving(wanted: Wanted, *, counting: bool = False) -> Iterator[Server]:
    """Set a server up from nothing and end it.

    Raises:
        postgres.NoPostgresError: there is no PostgreSQL here.
        RuntimeError: the server does not come up; the message holds its output.
    """
    with contextlib.ExitStack() as stack:
        wanted.folder.mkdir()
        database, database_pid = f"sqlite://{wanted.folder}/ipse.db", 0
        if wanted.engine == "postgresql":
            running = stack.enter_context(postgres.running(wanted.folder / "postgresql", wanted.core))
            database, database_pid = running.url, running.pid
        port, app_port = free_ports()
        settings = wanted.folder / "ipse.toml"
        settings.write_text(
            _SETTINGS.format(port=port, app_port=app_port, database=database, folder=wanted.folder, any=_ANY_NUMBER)
        )
        seeded = _seed(wanted, settings)
        counts = wanted.folder / "counts.json"
        command = [sys.executable, "-m", "ipse.cli.bench.counted", str(counts)] if counting else _IPSE
        pid = stack.enter_context(_served([*command, "serve", "--config", str(settings)], wanted, port))
        yield Server(wanted.engine, port, pid, database_pid, seeded, counts)


def free_ports() -> tuple[int, int]:
    """Two free ports."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        return one.getsockname()[1], two.getsockname()[1]


def _seed(wanted: Wanted, settings: Path) -> Seeded:
    """In a process of its own, so that nothing of it is in the server's caches or its processor time."""
    result = wanted.folder / "seeded.json"
    command = [sys.executable, "-m", "ipse.cli.bench.seed", str(settings), str(result), str(wanted.phones)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=300)  # noqa: S603 -- our own command
    if done.returncode:
        raise RuntimeError(f"seeding failed: {done.stderr.decode(errors='replace')[-3000:]}")
    return msgspec.json.decode(result.read_bytes(), type=Seeded)


@contextlib.contextmanager
def _served(command: list[str], wanted: Wanted, port: int) -> Iterator[int]:
    log = wanted.folder / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 -- our own command
            ["taskset", "--cpu-list", str(wanted.core), *command],  # noqa: S607 -- util-linux, wherever it is
            stdout=output,
            stderr=output,
        )
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"ipse serve did not start: {log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.05)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=15)
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
