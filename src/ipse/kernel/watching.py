"""The tables of the settings by which a scheme is watched: figures, metrics, traces."""

from __future__ import annotations

import msgspec


class StatisticsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Figures of the scheme's use."""

    public: bool = True
    """Whether the page `/statistics` is there for everybody."""
    adult_population: int = 0
    """How many adults could have an identity here, for the share that has one; 0: it is not told."""
    smallest: int = 10
    """Public numbers below this are not told; at least 10 in production."""
    error_percent: float = 5.0
    """A service is marked where more of its requests of the last hour than these were wrong or failed."""
    abandoned_percent: float = 50.0
    """The same for requests that nobody decided."""
    slow_seconds: float = 60.0
    """The same where half of the approvals took longer."""
    least_requests: int = 20
    """Fewer requests than these in the last hour mark nothing."""
