"""How often one client address may call each kind of route.

The limits protect this process from one loud address; what must survive a restart or count over processes (tries of
a code, starts per person) is decided by a feature's own rows.
"""

from __future__ import annotations

from ipse.kernel.clock import Clock
from ipse.kernel.limits import MOST_BUCKETS, TokenBuckets
from ipse.kernel.settings import Limits
from ipse.web.errors import TooManyRequests

KINDS = frozenset(Limits.__struct_fields__)


class Buckets(TokenBuckets):
    """All buckets of one process of the scheme."""

    def __init__(self, limits: Limits, clock: Clock, *, most: int = MOST_BUCKETS) -> None:
        super().__init__({kind: getattr(limits, kind) for kind in KINDS}, clock, most=most)

    def take(self, kind: str, address: str) -> None:
        """Take one request of `kind` from this address's bucket.

        Raises:
            TooManyRequests: the bucket is empty; nothing was taken.
        """
        if wait := self.wait_for(kind, address):
            raise TooManyRequests(kind, retry_after=wait)
