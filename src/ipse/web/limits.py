"""How often one client address may call each kind of route: token buckets in bounded memory.

The limits protect this process from one loud address; what must survive a restart or count over processes (tries of
a code, starts per person) is decided by a feature's own rows.
"""

from __future__ import annotations

import msgspec

from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.settings import Limits
from ipse.telemetry import metrics
from ipse.web.addresses import counted
from ipse.web.errors import TooManyRequests

MOST_BUCKETS = 100_000
"""Buckets kept; the one used longest ago makes room. About 20 MB when full."""

KINDS = frozenset(Limits.__struct_fields__)


class Buckets:
    """All buckets of one process.

    A bucket is one number: the time at which it will be full again (the generic cell rate algorithm), so that a
    bucket at rest needs no sweep and an old one can be forgotten without harm.
    """

    def __init__(self, limits: Limits, clock: Clock, *, most: int = MOST_BUCKETS) -> None:
        self._clock = clock
        self._most = most
        self._full_at: dict[tuple[str, str], int] = {}
        self._rates = {
            kind: (60 * SECOND // limit.per_minute, limit.burst)
            for kind, limit in ((name, getattr(limits, name)) for name in msgspec.structs.asdict(limits))
        }

    def take(self, kind: str, address: str) -> None:
        """Take one request of `kind` from this address's bucket.

        Raises:
            TooManyRequests: the bucket is empty; nothing was taken.
        """
        interval, burst = self._rates[kind]
        now = self._clock.now()
        key = (kind, counted(address))
        full_at = max(self._full_at.pop(key, 0), now)
        room = now + burst * interval
        if full_at + interval > room:
            self._full_at[key] = full_at
            wait = full_at + interval - room
            metrics.LIMITS.add(kind)
            raise TooManyRequests(kind, retry_after=max(1, -(-wait // SECOND)))
        self._full_at[key] = full_at + interval
        if len(self._full_at) > self._most:
            del self._full_at[next(iter(self._full_at))]

    def __len__(self) -> int:
        return len(self._full_at)
