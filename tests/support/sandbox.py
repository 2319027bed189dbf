"""A whole sandbox as a test sees it: the scheme, its world and the app, in processes of their own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

START_SECONDS = 60
STOP_SECONDS = 15
IPSE = [sys.executable, "-c", "from ipse.cli import main; main()"]


class SandboxDidNotStartError(Exception):
    """The message holds the end of its output."""


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def base(self) -> str:
        """The scheme's address."""
        return f"http://localhost:{self.port}"

    @property
    def world(self) -> dict[str, Any]:
        """world.json."""
        document: dict[str, Any] = httpx.get(f"http://127.0.0.1:{self.port + 1}/world.json", timeout=10).json()
        return document

    def partner(self, client_id: str) -> dict[str, Any]:
        """A partner's entry in world.json."""
        partner: dict[str, Any] = next(one for one in self.world["partners"] if one["client_id"] == client_id)
        return partner

    def log(self) -> str:
        """What it has printed so far."""
        return (self.folder / "sandbox.log").read_text(errors="replace")


@contextlib.contextmanager
def running_sandbox(
    folder: Path, *, signing: bool = False, status: bool = False, metrics_port: int | None = None
) -> Iterator[Sandbox]:
    """Start a fresh sandbox on free ports and stop it as Ctrl-C does; without signing and status it starts sooner."""
    port = free_ports()
    log = folder / "sandbox.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *IPSE,
                "sandbox",
                "--port",
                str(port),
                "--data",
                str(folder / "data"),
                *([] if signing else ["--no-signing"]),
                *([] if status else ["--no-status"]),
                *([] if metrics_port is None else ["--metrics-port", str(metrics_port)]),
            ],
            stdout=output,
            stderr=output,
        )
    try:
        sandbox = Sandbox(port, folder, process)
        _wait(sandbox)
        yield sandbox
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_ports() -> int:
    """A port that is free with the seven after it: world, app, one between, mail, certification, staff, status."""
    first = 18200 + 2400 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    for start in range(first, first + 95, 8):
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for port in range(start, start + 8):
                listener = stack.enter_context(socket.socket())
                listener.bind(("127.0.0.1", port))
            return start
    raise SandboxDidNotStartError(f"no eight free ports from {first} on")


def _wait(sandbox: Sandbox) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and sandbox.process.poll() is None:
        with contextlib.suppress(httpx.HTTPError):
            ready = [
                httpx.get(f"{sandbox.base}/phone/v1/configuration", timeout=5),
                httpx.get(f"http://127.0.0.1:{sandbox.port + 1}/world.json", timeout=5),
            ]
            if all(answer.status_code == 200 for answer in ready):
                return
        time.sleep(0.1)
    raise SandboxDidNotStartError(sandbox.log()[-4000:])
