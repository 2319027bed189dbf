"""How real requests ended, by component of the status page, out of the features that keep them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ipse.actions.service.outcomes import Ended, ended_requests
from ipse.enrolment.model import RegistrarKind
from ipse.enrolment.service.outcomes import ended_enrolments
from ipse.enrolment.service.registrars import Registrars
from ipse.partners.model import ServiceType
from ipse.partners.service import RequestLog
from ipse.sim.service import Operators
from ipse.sim.service.outcomes import asked_operators
from ipse.storage.database import Database

OUTCOMES: Final = ("ok", "person", "ours", "partner")
_OUR_ERRORS: Final = frozenset({"server_error", "temporarily_unavailable"})
"""Errors in partners' request logs that say that we failed."""
Counts = dict[str, int]


@dataclass(frozen=True)
class Outcomes:
    """Counts for `outcomes.json`."""

    database: Database
    registrars: Registrars
    operators: Operators
    requests: RequestLog
    synthetic: str
    """Client id of the partner of synthetic logins."""

    async def count(self, since: int, until: int) -> Mapping[str, Counts]:
        """How what ended from one moment up to another did, by component. Every component is there."""
        requests = await ended_requests(self.database, since, until, without=self.synthetic)
        enrolled = await ended_enrolments(self.database, since, until)
        asked = await asked_operators(self.database, since, until)
        refused = await self.requests.counts(since, until, without=self.synthetic)
        found = {
            "sign-in": _requests(requests),
            "approval": _requests([each for each in requests if each.claimed]),
            "signing": _requests([each for each in requests if each.kind == ServiceType.SIGNING]),
            "partner-api": _partners(requests, refused),
            "enrolment-card": _empty(),
        }
        for registrar in await self.registrars.all():
            component = (
                "enrolment-card" if registrar.kind is RegistrarKind.EID_CARD else f"enrolment-bank-{registrar.id}"
            )
            counts = found.setdefault(component, _empty())
            for outcome, count in enrolled.get(registrar.id, {}).items():
                counts[outcome] += count
        for operator in await self.operators.all():
            answers = asked.get(operator.operator_id, {})
            found[f"mobile-operator-{operator.operator_id}"] = _empty() | answers
        return found


def _empty() -> Counts:
    return dict.fromkeys(OUTCOMES, 0)


def _requests(ended: list[Ended]) -> Counts:
    counts = _empty()
    for each in ended:
        counts["ours" if each.fault else "ok" if each.given else "person"] += each.count
    return counts


def _partners(ended: list[Ended], refused: Mapping[str, int]) -> Counts:
    counts = _empty()
    counts["ok"] = sum(each.redeemed for each in ended)
    for error, count in refused.items():
        counts["ours" if error in _OUR_ERRORS else "partner"] += count
    return counts
