"""Against scams: trusted browsers, limits that all processes share, what people report, places, and what follows.

Nothing here decides about a request by itself: `actions`, `signin` and `mobile` ask the service, `rules.risk` is the
one visible table of what signals lead to. Addresses and numbers are never kept, only keyed digests of them.
"""

from ipse.fraud.model import KnownBrowser, Origin, Place, Risk, Signal, Verdict

__all__ = ["KnownBrowser", "Origin", "Place", "Risk", "Signal", "Verdict"]
