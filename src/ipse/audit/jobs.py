"""Keeping the head of the log outside the database, so that lines that are cut off are missed."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from ipse.audit.model import Head
from ipse.audit.service import Audit
from ipse.kernel.clock import text


async def anchor(audit: Audit, path: str) -> Head | None:
    """Append the head of now to a file, unless it stands there already; None where it does.

    Raises:
        OSError: the file cannot be written.
    """
    head = await audit.head()
    return head if await asyncio.to_thread(_append, Path(path), head, text(audit.clock.now())) else None


def _append(path: Path, head: Head, at: str) -> bool:
    line = f"{head}\n"
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
    with os.fdopen(os.open(path, flags, 0o640), "r+", encoding="ascii") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - 400))
        if file.read().endswith(line):
            return False
        file.write(f"{at} {line}")
        file.flush()
        os.fsync(file.fileno())
    return True
