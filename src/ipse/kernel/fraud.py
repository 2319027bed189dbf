"""Settings against scams: limits that all processes share, what reports lead to, and where networks are."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

_MOST_TRUST_DAYS = 365


class Rate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A bucket that all processes share: `burst` at once, then `per_hour`."""

    burst: int
    """At once."""
    per_hour: int
    """Steadily."""


class Fraud(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Against scams. The limits count numbers that are typed on sign-in pages, over all processes."""

    number: Rate = Rate(burst=5, per_hour=20)
    """For one number, whoever types it. Beyond it the number is quietly not asked."""
    network: Rate = Rate(burst=60, per_hour=600)
    """From one network: an IPv4 /24, an IPv6 /48. Beyond it people are told to scan instead."""
    partner: Rate = Rate(burst=600, per_hour=6000)
    """For one partner. Beyond it the number is quietly not asked."""
    total: Rate = Rate(burst=3000, per_hour=60_000)
    """Altogether. Beyond it people are told to scan instead."""
    proofs: Rate = Rate(burst=30, per_hour=120)
    """From one network: tries to prove oneself without the phone, by whatever method. Beyond it people are told to
    wait."""
    trust_days: int = 180
    """How long a browser stays one that its person has trusted, at most 365."""
    half_life_hours: int = 24
    """After this time a report that somebody did not start a request counts half."""
    reports_warn: float = 1.5
    """From this weight of reports on, requests of that partner from that network carry a warning."""
    reports_refuse: float = 4.5
    """From this weight on they reach nobody's phone without a scan or link. Ten times as much for requests that come
    from the partner's own back end, where no network tells one visitor from another."""
    far_km: int = 250
    """Browser and phone further apart than this, or in different countries, are far from each other."""
    places: str | None = None
    """CSV file with the columns network,country,place,lat,lon: where networks are. Without it nobody knows."""

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """What can never work, each with how to mend it."""
        for name in ("number", "network", "partner", "total", "proofs"):
            rate: Rate = getattr(self, name)
            if rate.burst < 1 or rate.per_hour < 1:
                yield f"fraud.{name} allows nothing", "choose a burst and a rate per hour of 1 or more"
        if not 1 <= self.trust_days <= _MOST_TRUST_DAYS:
            yield f"fraud.trust_days is {self.trust_days}", f"choose 1 to {_MOST_TRUST_DAYS}"
        if self.half_life_hours < 1:
            yield f"fraud.half_life_hours is {self.half_life_hours}", "choose 1 or more"
        if not 0 < self.reports_warn <= self.reports_refuse:
            yield "fraud.reports_warn is above fraud.reports_refuse, or nothing", "warn before refusing"
        if self.far_km < 1:
            yield f"fraud.far_km is {self.far_km}", "choose 1 or more"
