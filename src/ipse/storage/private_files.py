"""Files that only their owner may read: keys, PINs, a database, the settings."""

from __future__ import annotations

import os
from pathlib import Path

from ipse.kernel.settings import SettingsError

_CREDENTIALS = Path("/run/credentials")


def open_to_others(path: Path) -> bool:
    """Whether anybody but its owner can read or change the file.

    What systemd hands a service as a credential belongs to root and is opened to the service by an access list, which
    shows as a group's right.
    """
    tolerated = 0o040 if path.is_relative_to(_CREDENTIALS) else 0
    return bool(path.stat().st_mode & 0o077 & ~tolerated)


def closing(path: Path) -> str:
    """What to type when it is."""
    return f"chmod 600 {path}"


def read_private(path: Path, *, what: str) -> bytes:
    """Read a file that nobody else can read.

    Raises:
        SettingsError: it is missing, or others can read it; names it as `what`.
    """
    try:
        if open_to_others(path):
            raise SettingsError(
                f"{what} {path} can be read by others (mode {path.stat().st_mode & 0o777:o}); "
                f"mend with: {closing(path)}"
            )
        return path.read_bytes()
    except FileNotFoundError as error:
        raise SettingsError(f"{what} {path} does not exist") from error
    except OSError as error:
        raise SettingsError(f"{what} {path} cannot be read: {error.strerror}") from error


def write_private(path: Path, content: bytes, *, exclusive: bool) -> None:
    """Write durably, whole or not at all, readable by the owner alone.

    Raises:
        FileExistsError: `exclusive`, and there is one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if exclusive:
        try:
            os.link(fresh, path)  # unlike a rename it never replaces
        finally:
            fresh.unlink()
    else:
        fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
