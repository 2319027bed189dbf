"""How many signatures one thread, and so one core, makes in a second."""

from __future__ import annotations

import time
from typing import NamedTuple

from ipse.signature_activation.keys.port import KINDS, Keys

_DIGEST = bytes(range(32))


class Speed(NamedTuple):
    """Of one kind of key."""

    kind: str
    alone: float
    """Signatures in a second where each approval has one document: a key is unwrapped for each."""
    together: float
    """Where an approval has twelve."""


def measure(keys: Keys, seconds: float) -> list[Speed]:
    """Sign for `seconds` in each manner. Blocks.

    Raises:
        KeysUnavailable: there is no key store.
    """
    found = []
    for kind in KINDS:
        made = keys.make(kind)
        alone, together = (_rate(keys, made.wrapped, kind, count, seconds) for count in (1, 12))
        found.append(Speed(kind, alone, together))
    return found


def _rate(keys: Keys, wrapped: bytes, kind: str, count: int, seconds: float) -> float:
    digests = (_DIGEST,) * count
    begun, done = time.perf_counter(), 0
    while (passed := time.perf_counter() - begun) < seconds:
        keys.sign(wrapped, kind, "SHA-256", digests)
        done += count
    return done / passed
