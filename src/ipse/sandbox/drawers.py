"""What the world remembers between two requests: small JSON values that expire, each in a file of its own.

Files and not a database, because the file system already decides the one thing that matters: of two that remove the
same file one gets it. What was put survives a restart. Names are hashed, so a stolen folder listing is worth nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids, b64u, sha256


@dataclass(frozen=True, slots=True)
class Drawer:
    """One kind of thing, such as the codes of a bank."""

    folder: Path
    clock: Clock
    ids: Ids

    def put(self, name: str, value: dict[str, Any], *, seconds: float) -> None:
        """Keep `value` under `name` for so long; replaces what was there."""
        self.folder.mkdir(parents=True, exist_ok=True)
        record = {"until": self.clock.now() + round(seconds * SECOND), "value": value}
        fresh = self.folder / f"{self.ids.identifier()}.new"
        fresh.write_bytes(msgspec.json.encode(record))
        fresh.replace(self._path(name))

    def add(self, name: str, *, seconds: float) -> bool:
        """Note that `name` was used; False if it already was. Decided once, whatever runs beside it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        record = {"until": self.clock.now() + round(seconds * SECOND), "value": {}}
        try:
            handle = os.open(self._path(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return False
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(record))
        return True

    def look(self, name: str) -> dict[str, Any] | None:
        """What is kept under `name`, unless it has expired."""
        return self._read(self._path(name))

    def everything(self) -> list[dict[str, Any]]:
        """All that is kept and has not expired, in no order."""
        if not self.folder.is_dir():
            return []
        found = (self._read(path) for path in self.folder.iterdir() if path.suffix == "")
        return [value for value in found if value is not None]

    def take(self, name: str) -> dict[str, Any] | None:
        """What is kept under `name`, and keep it no longer: exactly one taker gets it."""
        path = self._path(name)
        taken = self.folder / f"{self.ids.identifier()}.taken"
        try:
            path.rename(taken)
        except FileNotFoundError:
            return None
        value = self._read(taken)
        taken.unlink(missing_ok=True)
        return value

    def remove(self, matches: Callable[[dict[str, Any]], bool]) -> int:
        """Keep nothing any more of which this is true; how many there were."""
        if not self.folder.is_dir():
            return 0
        found = [path for path in self.folder.iterdir() if path.suffix == ""]
        gone = [path for path in found if (value := self._read(path)) is not None and matches(value)]
        for path in gone:
            path.unlink(missing_ok=True)
        return len(gone)

    def sweep(self) -> None:
        """Throw away what has expired."""
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                if self._read(path) is None:
                    path.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self.folder / b64u(sha256(name))

    def _read(self, path: Path) -> dict[str, Any] | None:
        try:
            record = msgspec.json.decode(path.read_bytes())
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        value: dict[str, Any] = record["value"]
        return value if record["until"] > self.clock.now() else None
