"""The process under test: started by its own command, killed, started again."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
START_SECONDS = 30.0


@dataclass
class Place:
    """A folder with settings, keys, database and socket."""

    folder: Path
    keys: str
    environment: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def door(self) -> Path:
        return self.folder / "socket"

    @classmethod
    @contextlib.contextmanager
    def running(cls, folder: Path) -> Iterator[Self]:
        """A process with keys in a file, for tests of others."""
        place = cls(folder, f"file:{folder}/keys")
        made = place.command("init")
        assert made.returncode == 0, made.stderr
        place.start()
        try:
            yield place
        finally:
            place.stop()

    @property
    def address(self) -> str:
        return f"unix:{self.door}"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def write(self, **settings: Any) -> Path:
        """Write the settings file."""
        self.settings |= settings
        members = {
            "environment": "sandbox",
            "socket": str(self.door),
            "database": f"sqlite://{self.folder}/activation.db",
            "keys": self.keys,
            **self.settings,
        }
        path = self.folder / "activation.toml"
        path.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in members.items()))
        return path

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one command to its end."""
        return subprocess.run(
            self.line(*words),
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def start(self) -> None:
        """Serve, and wait until it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.line("serve"), env=os.environ | self.environment, stderr=log)
        self.wait()

    def wait(self) -> None:
        """Until it answers."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            with socket.socket(socket.AF_UNIX) as probe:
                if probe.connect_ex(str(self.door)) == 0:
                    return
            assert self.process is not None
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.02)
        raise AssertionError(self.log.read_text())

    def kill(self) -> None:
        """Take the process away without a word."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ask it to stop; its exit status."""
        return self._end(signal.SIGTERM)

    def client(self) -> httpx.Client:
        """Somebody who can open the socket."""
        return httpx.Client(
            transport=httpx.HTTPTransport(uds=str(self.door)), base_url="http://activation", timeout=30.0
        )

    def _end(self, number: signal.Signals) -> int:
        if self.process is None:
            return 0
        self.process.send_signal(number)
        status = self.process.wait(15)
        self.process = None
        return status

    def line(self, *words: str) -> list[str]:
        """The command line of one command."""
        program = "import sys; from ipse.cli import main; sys.argv[0] = 'ipse'; main()"
        return [sys.executable, "-c", program, "signature-activation", *words, "--config", str(self.write())]
