"""How fast this core and disk are right now, so that a figure can be compared between machines and days.

Runs as a process of its own, pinned to the server's core: `python -m ipse.cli.bench.calibration FOLDER SECONDS`.
"""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec


class Calibration(msgspec.Struct, frozen=True):
    """What this machine could do just now, on the server's core."""

    es256_verifications: float
    """For each second of processor time: busy neighbours do not lower it."""
    durable_inserts: float
    """Each second by the clock, one by one into SQLite with `synchronous=FULL`, on the disk of the measurement."""


def measure(folder: Path, seconds: float) -> Calibration:
    """Run both loops, each for half of the time."""
    key = ec.generate_private_key(ec.SECP256R1())
    algorithm = ec.ECDSA(hashes.SHA256())
    message = b"m" * 300
    signature = key.sign(message, algorithm)
    public = key.public_key()
    verifications = _rate(lambda: public.verify(signature, message, algorithm), seconds / 2, time.process_time)
    path = folder / "calibration.db"
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        connection.execute("create table if not exists inserts (id integer primary key, text text)")
        inserts = _rate(
            lambda: connection.execute("insert into inserts (text) values (?)", ("x" * 200,)),
            seconds / 2,
            time.perf_counter,
        )
    finally:
        connection.close()
    return Calibration(es256_verifications=verifications, durable_inserts=inserts)


def _rate(work: Callable[[], object], seconds: float, clock: Callable[[], float]) -> float:
    start = clock()
    end = start + seconds
    count = 0
    while (now := clock()) < end:
        work()
        count += 1
    return count / (now - start)


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(measure(Path(sys.argv[1]), float(sys.argv[2]))))
