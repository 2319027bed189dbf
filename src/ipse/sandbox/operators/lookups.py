"""Number Verification and SIM Swap: what an operator says about a SIM when it is asked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ipse.kernel.clock import SECOND, Clock
from ipse.sandbox.moods import How, Moods
from ipse.sandbox.operators import asked
from ipse.sandbox.operators.errors import ApiError
from ipse.sandbox.operators.model import Operator
from ipse.sandbox.operators.network import Network
from ipse.sandbox.operators.oauth import Grant
from ipse.standards.camara import Code, timestamp

_HOUR: Final = 3_600 * SECOND


@dataclass(frozen=True, slots=True)
class Lookups:
    """One operator's answers."""

    operator: Operator
    network: Network
    moods: Moods
    clock: Clock

    def verify(self, grant: Grant, body: Mapping[str, Any]) -> dict[str, Any]:
        """Say whether this is the number of the SIM that the person came with."""
        kind, value = asked.to_verify(body)
        mine = _over_the_network(grant)
        if kind == "hashedPhoneNumber":
            mine = hashlib.sha256(mine.encode()).hexdigest()
        return {"devicePhoneNumberVerified": self._lies or mine == value}

    def share(self, grant: Grant) -> dict[str, Any]:
        """The number of the SIM that the person came with."""
        return {"devicePhoneNumber": _over_the_network(grant)}

    def check(self, grant: Grant, body: Mapping[str, Any]) -> dict[str, Any]:
        """Say whether the SIM was changed lately."""
        hours = asked.max_age(body, self.operator.monitored_days)
        number = asked.subject(grant, asked.number(body))
        sim = asked.own_sim(self.network, self.operator, number, checkable=True)
        since = self.clock.now() - hours * _HOUR
        swapped = sim.changed_at is not None and sim.changed_at > since
        return {"swapped": swapped and not self._lies}

    def date(self, grant: Grant, body: Mapping[str, Any]) -> dict[str, Any]:
        """Say when the SIM was last changed, as far back as this operator may tell."""
        number = asked.subject(grant, asked.number(body))
        sim = asked.own_sim(self.network, self.operator, number, checkable=True)
        limited = self.operator.monitored_days < _UNLIMITED_DAYS
        oldest = self.clock.now() - self.operator.monitored_days * 24 * _HOUR
        known = sim.changed_at is not None and (not limited or sim.changed_at > oldest)
        told = timestamp(sim.changed_at) if known and sim.changed_at is not None else None
        answer: dict[str, Any] = {"latestSimChange": told}
        if limited:
            answer["monitoredPeriod"] = self.operator.monitored_days
        return answer

    @property
    def _lies(self) -> bool:
        return self.moods.of(self.operator.id).how is How.LIE


_UNLIMITED_DAYS: Final = 100
"""An operator that answers for the longest `maxAge` tells any date."""


def _over_the_network(grant: Grant) -> str:
    if grant.number is None or not grant.by_network:
        said = "The person must come over the mobile network to use this."
        raise ApiError(403, Code.NOT_ON_MOBILE_NETWORK, said)
    return grant.number
