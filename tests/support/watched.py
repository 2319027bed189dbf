"""A whole installation with its status page, on PostgreSQL, of which each part can be stopped."""

from __future__ import annotations

import contextlib
import re
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from tests.support.outage import serve, stop, wait
from tests.support.sandbox import IPSE, free_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.postgres import Postgres

_PATIENCE = 60
QUICK = {"interval_seconds": "1", "retry_seconds": "0.5", "seconds": "4", "login_seconds": "10"}
"""So often probes try here, with the patience that a busy machine needs."""


@dataclass
class Watched:
    """The installation and its status page."""

    port: int
    folder: Path
    postgres: Postgres
    scheme: subprocess.Popen[bytes]

    @property
    def base(self) -> str:
        """The scheme's address."""
        return f"http://localhost:{self.port}"

    @property
    def status(self) -> str:
        """The status page's."""
        return f"http://localhost:{self.port + 7}"

    def severities(self) -> dict[str, str]:
        """Each component's."""
        document: dict[str, Any] = httpx.get(f"{self.status}/status.json", timeout=5).json()
        return {one["id"]: one["severity"] for one in document["components"]}

    def why(self) -> dict[str, str]:
        """What is said of each that does not work."""
        document: dict[str, Any] = httpx.get(f"{self.status}/status.json", timeout=5).json()
        return {one["id"]: f"{one['severity']} {one['why']}" for one in document["components"] if one["why"]}

    def until(self, expected: Callable[[dict[str, str]], bool], *, seconds: float) -> dict[str, str]:
        """Wait until the page shows something; what it shows then."""
        deadline = time.monotonic() + seconds
        while not expected(found := self.severities()):
            assert time.monotonic() < deadline, self.why()
            time.sleep(0.2)
        return found

    def all_well(self, *, seconds: float) -> None:
        """Wait until everything works."""
        self.until(lambda found: len(found) > 10 and set(found.values()) == {"operational"}, seconds=seconds)

    def misbehave(self, party: str, how: str) -> None:
        """Let a bank or a mobile operator behave otherwise."""
        asked = httpx.post(f"http://127.0.0.1:{self.port + 1}/misbehave", json={"party": party, "how": how}, timeout=5)
        assert asked.is_success, asked.text

    @contextlib.contextmanager
    def without_phone_channel(self) -> Iterator[None]:
        """Run the scheme so that phones get no answer meanwhile."""
        config = self.folder / "ipse.toml"
        before = config.read_text()
        closed = re.sub(r'("?phone"? = )\{[^}]*\}', r"\1{ burst = 1, per_minute = 1 }", before)
        assert closed != before
        self._restart(closed)
        try:
            yield
        finally:
            self._restart(before)

    def _restart(self, settings: str) -> None:
        self.scheme.kill()
        self.scheme.wait()
        (self.folder / "ipse.toml").write_text(settings)
        self.scheme = serve(self.folder)


@contextlib.contextmanager
def watched_installation(folder: Path, postgres: Postgres, database: str) -> Iterator[Watched]:
    """Start one on free ports, with quick probes, and stop it."""
    port = free_ports()
    prepare = ["sandbox", "--port", str(port), "--data", str(folder), "--database", postgres.url(database)]
    subprocess.run([*IPSE, *prepare, "--prepare-only", "--no-signing"], check=True, capture_output=True, timeout=60)
    probes = folder / "probes" / "probes.toml"
    kept = [line for line in probes.read_text().splitlines() if line.partition(" ")[0] not in QUICK]
    probes.write_text("\n".join([*kept, *(f"{name} = {value}" for name, value in QUICK.items())]) + "\n")
    commands = {
        "world": ["world", "--data", str(folder)],
        "status": ["status", "serve", "--config", str(folder / "status-page" / "status.toml")],
        "probes": ["probes", "run", "--config", str(probes)],
    }
    running = []
    for name, command in commands.items():
        with (folder / f"{name}.log").open("wb") as output:
            running.append(subprocess.Popen([*IPSE, *command], stdout=output, stderr=output))
    watched = Watched(port, folder, postgres, serve(folder))
    try:
        wait(f"{watched.base}/healthz", watched.scheme, folder)
        wait(f"{watched.status}/healthz", running[1], folder)
        watched.all_well(seconds=_PATIENCE)
        yield watched
    finally:
        every = (*running, watched.scheme)
        for process in every:
            process.terminate()
        for process in every:
            stop(process)
