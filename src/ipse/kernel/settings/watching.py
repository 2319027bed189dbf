"""The tables of the settings by which a scheme is watched: figures, metrics, traces."""

from __future__ import annotations

import msgspec

from ipse.kernel.settings.parts import Address


class Metrics(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Measurements for Prometheus."""

    listen: Address = Address(port=9100)
    """Where `GET /metrics` is answered, and nothing else: an address of this machine or of a private network, never the
    public one. A process that serves the app's or the staff's origin alone takes the next port, or the one after."""


class Traces(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Traces of requests, sent by OTLP over HTTP; they need the packages of requirements/traces.txt."""

    endpoint: str
    """Where they are sent, such as `http://127.0.0.1:4318/v1/traces`; https unless it is this machine."""
    share: float = 0.01
    """How many of all requests are traced, 0 to 1."""


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
