"""Use cases: `setups` what people prepare, `codes` proving oneself with a one-time code, `visits` the browser's way."""

from __future__ import annotations

from dataclasses import dataclass

from ipse.actions.model import Method
from ipse.actions.service import Actions, FallbackApprovals
from ipse.attributes.service import Attributes
from ipse.eid.service import Cards
from ipse.enrolment.service import Enrolments
from ipse.enrolment.service.bank_logins import BankLogins
from ipse.fallback.service.banks import BankProofs
from ipse.fallback.service.cards import CardProofs
from ipse.fallback.service.codes import Codes
from ipse.fallback.service.passkeys import Passkeys
from ipse.fallback.service.setups import Setups
from ipse.fallback.service.visits import Visits
from ipse.notices.service import Notices

__all__ = ["BankProofs", "CardProofs", "Codes", "Fallback", "Passkeys", "Setups", "Visits", "build_fallback"]


@dataclass(frozen=True)
class Fallback:
    """The feature's use cases."""

    setups: Setups
    codes: Codes
    visits: Visits
    cards: CardProofs
    banks: BankProofs
    passkeys: Passkeys


def build_fallback(
    actions: Actions,
    attributes: Attributes,
    notices: Notices,
    cards: Cards | None,
    enrolments: Enrolments,
    *,
    scheme: str,
    origin: str,
) -> Fallback:
    """Put the feature together; `scheme` is the name people know, `origin` where its pages are."""
    database, keystore, clock = actions.database, actions.keystore, actions.clock
    setups = Setups(database, keystore, clock, actions.ids, scheme)
    absent = frozenset({Method.EID_CARD} if cards is None else ())
    approvals = FallbackApprovals(actions, attributes, notices)
    visits = Visits(database, keystore, clock, actions, approvals, absent)
    passkeys = Passkeys(visits, setups, actions.people, notices, origin)
    banks = BankProofs(visits, BankLogins(enrolments.rows, actions.people))
    return Fallback(setups, Codes(setups, notices), visits, CardProofs(visits, actions.people, cards), banks, passkeys)
