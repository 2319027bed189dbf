"""Archives that are sent while they are written."""

from __future__ import annotations

import io
from typing import Any


class Outlet(io.RawIOBase):
    """What a ZIP file is written to, and taken from at once: it cannot go back."""

    def __init__(self) -> None:
        super().__init__()
        self._written = bytearray()

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, octets: Any, /) -> int:  # noqa: ANN401 - anything with bytes in it
        """Keep until taken."""
        self._written += octets
        return len(octets)

    def taken(self) -> bytes:
        """What was written since the last time."""
        taken = bytes(self._written)
        self._written.clear()
        return taken
