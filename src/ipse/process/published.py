"""Files that other processes read while this one writes: whole or not at all, open to everybody."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_MODE: Final = 0o644


def publish(path: Path, content: bytes) -> None:
    """Write beside the place and rename. Processes that write the same file have a draft each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        os.fchmod(descriptor, _MODE)  # whatever the mask of this process is
    fresh.replace(path)
