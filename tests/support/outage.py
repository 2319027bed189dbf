"""A sandbox on the day the phone channel is out of order: what people prepared before is all they have."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from tests.support.sandbox import IPSE, STOP_SECONDS, SandboxDidNotStartError, free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PATIENCE = 60


@dataclass
class Installation:
    """Scheme and world as two processes; the scheme can be started anew with other settings."""

    port: int
    folder: Path
    scheme: subprocess.Popen[bytes]

    @property
    def base(self) -> str:
        """The scheme's address."""
        return f"http://localhost:{self.port}"

    @property
    def app(self) -> str:
        """The app's origin."""
        return f"http://localhost:{self.port + 2}"

    @property
    def world(self) -> str:
        """The world's address."""
        return f"http://127.0.0.1:{self.port + 1}"

    def partner(self, client_id: str) -> dict[str, Any]:
        """A partner's entry in world.json."""
        document = httpx.get(f"{self.world}/world.json", timeout=10).json()
        partner: dict[str, Any] = next(one for one in document["partners"] if one["client_id"] == client_id)
        return partner

    def break_the_phone_channel(self) -> None:
        """From now on phones get no answer, the app's origin serves nobody, and an incident says so."""
        stop(self.scheme)
        config = self.folder / "ipse.toml"
        lines = [line for line in config.read_text().splitlines() if not line.startswith("limits")]
        none, plenty = "{ burst = 1, per_minute = 1 }", "{ burst = 5000, per_minute = 10000 }"
        limits = [f"{kind} = {plenty}" for kind in ("page", "wait", "partner", "enrolment", "static")]
        lines.insert(0, f"limits = {{ phone = {none}, {', '.join(limits)} }}")
        config.write_text("\n".join(lines) + "\n")
        opening = ["incident", "open", "--component", "approval", "--impact", "full", "--config", str(config)]
        subprocess.run([*IPSE, *opening], check=True, capture_output=True, timeout=_PATIENCE)
        self.scheme = serve(self.folder)
        wait(f"{self.base}/healthz", self.scheme, self.folder)
        while httpx.post(f"{self.base}/phone/v1/home", content="{}", timeout=5).status_code != 429:
            pass  # the one message that the limit lets through


@contextlib.contextmanager
def breakable_installation(folder: Path) -> Iterator[Installation]:
    """Start one on free ports and stop it."""
    port = free_ports()
    subprocess.run(
        [*IPSE, "sandbox", "--port", str(port), "--data", str(folder), "--prepare-only", "--no-signing", "--no-status"],
        check=True,
        capture_output=True,
        timeout=_PATIENCE,
    )
    with (folder / "world.log").open("wb") as output:
        world = subprocess.Popen([*IPSE, "world", "--data", str(folder)], stdout=output, stderr=output)
    installation = Installation(port, folder, serve(folder))
    try:
        wait(f"{installation.base}/healthz", installation.scheme, folder)
        wait(f"{installation.world}/world.json", world, folder)
        yield installation
    finally:
        stop(installation.scheme)
        stop(world)


def serve(folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "scheme.log").open("ab") as output:
        return subprocess.Popen(
            [*IPSE, "serve", "--config", str(folder / "ipse.toml")], stdout=output, stderr=output, env=dict(os.environ)
        )


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait(url: str, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url, timeout=5).status_code == 200:
                return
        time.sleep(0.1)
    raise SandboxDidNotStartError((folder / "scheme.log").read_text(errors="replace")[-4000:])
