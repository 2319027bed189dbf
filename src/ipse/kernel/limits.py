"""How often one client address may do each kind of thing: token buckets in bounded memory."""

from __future__ import annotations

from collections.abc import Mapping

from ipse.kernel.addresses import counted
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.settings import Limit

MOST_BUCKETS = 100_000
"""Buckets kept; the one used longest ago makes room. About 20 MB when full."""


class TokenBuckets:
    """All buckets of one process.

    A bucket is one number: the time at which it will be full again (the generic cell rate algorithm), so that a
    bucket at rest needs no sweep and an old one can be forgotten without harm.
    """

    def __init__(self, limits: Mapping[str, Limit], clock: Clock, *, most: int = MOST_BUCKETS) -> None:
        self._clock = clock
        self._most = most
        self._full_at: dict[tuple[str, str], int] = {}
        self._rates = {kind: (60 * SECOND // limit.per_minute, limit.burst) for kind, limit in limits.items()}

    def wait_for(self, kind: str, address: str) -> int:
        """Take one request of `kind` from this address's bucket, and return 0.

        Where the bucket is empty nothing is taken, and the seconds until it is not any more are returned.
        """
        interval, burst = self._rates[kind]
        now = self._clock.now()
        key = (kind, counted(address))
        full_at = max(self._full_at.pop(key, 0), now)
        room = now + burst * interval
        if full_at + interval > room:
            self._full_at[key] = full_at
            return max(1, -(-(full_at + interval - room) // SECOND))
        self._full_at[key] = full_at + interval
        if len(self._full_at) > self._most:
            del self._full_at[next(iter(self._full_at))]
        return 0

    def __len__(self) -> int:
        return len(self._full_at)
