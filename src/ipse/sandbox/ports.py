"""Is a port free, and if not, who has it (Linux: /proc)."""

from __future__ import annotations

import contextlib
import errno
import socket
from dataclasses import dataclass
from pathlib import Path

_LISTENING = "0A"


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that listens on a port."""

    pid: int
    command: str


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen there now, and nobody waits at the same port of `::1`.

    Browsers try `::1` first for `localhost`: a stranger there would be visited in our place.
    """
    return _could_bind(socket.AF_INET, host, port) and _could_bind(socket.AF_INET6, "::1", port)


def _could_bind(family: socket.AddressFamily, host: str, port: int) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        # A machine without IPv6 has nobody there either.
        return family is socket.AF_INET6 and error.errno != errno.EADDRINUSE
    return True


def holder(port: int, proc: Path = Path("/proc")) -> Holder | None:
    """The process that listens on `port`; None when it cannot be seen (another user's, or not Linux)."""
    sockets = _sockets(port, proc)
    for process in proc.glob("[0-9]*") if sockets else ():
        with contextlib.suppress(OSError):
            if any(_target(descriptor) in sockets for descriptor in (process / "fd").iterdir()):
                return Holder(int(process.name), _command(process))
    return None


def _sockets(port: int, proc: Path) -> set[str]:
    """The sockets that listen on the port, as their links under /proc/<pid>/fd read."""
    found = set()
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in (proc / "net" / table).read_text().splitlines()[1:]:
                columns = line.split()
                if columns[3] == _LISTENING and int(columns[1].rpartition(":")[2], 16) == port:
                    found.add(f"socket:[{columns[9]}]")
    return found


def _target(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except OSError:
        return ""


def _command(process: Path) -> str:
    words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
    return " ".join(word for word in words if word)[:120] or (process / "comm").read_text().strip()
