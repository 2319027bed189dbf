"""`ipse serve` with counters, for a pass that is not timed: `python -m ipse.cli.bench.counted FILE serve …`.

Statements come from the database's own counter. Signatures and encryptions are counted where Python calls into
`cryptography`, by a profile hook: no code of the server knows of it. FILE is written ten times a second.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec

from ipse.cli import main
from ipse.storage.postgresql import PostgresqlDatabase
from ipse.storage.sqlite import SqliteDatabase

_LOOK_SECONDS = 0.1
_CALLS = {
    "ECPrivateKey.sign": "signed ES256",
    "ECPublicKey.verify": "verified ES256",
    "RSAPrivateKey.sign": "signed RS256",
    "RSAPublicKey.verify": "verified RS256",
    "RSAPublicKey.encrypt": "RSA-OAEP",
    "ECPrivateKey.exchange": "ECDH",
}


def _counting(counts: Counter[str]) -> Callable[[FrameType, str, object], None]:
    def note(_: FrameType, event: str, called: object) -> None:
        if event == "c_call":
            name = _CALLS.get(getattr(called, "__qualname__", ""))
            if name:
                counts[name] += 1

    return note


def _remembering(databases: list[Any], begin: Callable[[], None]) -> None:
    """Note each database the server opens; looking for them among all objects breaks imports in other threads."""
    for kind in (PostgresqlDatabase, SqliteDatabase):
        setattr(kind, "open", _noting(kind.open, databases, begin))  # noqa: B010 - a method is replaced, on purpose


def _noting(
    opens: Callable[[Any], Awaitable[None]], databases: list[Any], begin: Callable[[], None]
) -> Callable[[Any], Awaitable[None]]:
    async def note(database: Any) -> None:  # noqa: ANN401 - either engine
        databases.append(database)
        await opens(database)
        begin()

    return note


def _publish(path: Path, counts: Counter[str], databases: list[Any]) -> None:
    while True:
        time.sleep(_LOOK_SECONDS)
        total = {**counts, "statements": sum(one.statements for one in databases)}
        fresh = path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(total))
        fresh.replace(path)


def _run() -> None:
    counts: Counter[str] = Counter()
    path = Path(sys.argv.pop(1))
    databases: list[Any] = []
    note = _counting(counts)
    # Not before it runs: everything that is imported until then would take twice as long.
    _remembering(databases, lambda: sys.setprofile(note))
    threading.Thread(target=_publish, args=(path, counts, databases), daemon=True).start()
    threading.setprofile(note)
    main()


if __name__ == "__main__":
    _run()
