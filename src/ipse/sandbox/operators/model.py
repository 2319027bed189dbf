"""The three operators, and which number is whose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ipse.standards.camara import Api, Scope, scopes


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """A mobile operator; `id` is the end of its issuer."""

    id: str
    name: str
    slogan: str
    prefixes: tuple[str, ...]
    """The numbers it was given, E.164 without spaces; a longer prefix of another operator wins."""
    serves: frozenset[Api]
    monitored_days: int = 100
    """How far back it may tell of SIM changes."""
    not_ready: frozenset[str] = frozenset()
    """Numbers whose SIM is too old for the checks until somebody makes it ready."""

    @property
    def scopes(self) -> frozenset[Scope]:
        """What can be asked of it."""
        return frozenset(scope for api in self.serves for scope in scopes(api))


OPERATORS: Final = (
    Operator(
        id="lumo",
        name="Lumo Mobile",
        slogan="Light up every corner",
        prefixes=("+32", "+352"),
        serves=frozenset(Api),
    ),
    Operator(
        id="tellus",
        name="Tellus",
        slogan="The ground you call from",
        prefixes=("+31", "+49", "+33", "+353", "+352600"),
        serves=frozenset(Api),
        monitored_days=60,
        not_ready=frozenset({"+33639980019"}),
    ),
    Operator(
        id="karavel",
        name="Karavel Telecom",
        slogan="Slowly, but everywhere",
        prefixes=("+40",),
        serves=frozenset({Api.OTP_SMS}),
    ),
)
COUNTRY: Final = "BE"
"""Where all three are at home, and numbers can be ported among them."""
PORTED: Final = {"+352600000106": "lumo"}
"""Numbers that were taken along to another operator before the world began."""
UNASSIGNED: Final = ("+32400009000", "+31670009000", "+40700009000")
"""Numbers that operators own and that no SIM was ever made for."""
NOBODY: Final = "somebody else"
"""Who holds a number that was given away."""


def operator(operator_id: str) -> Operator | None:
    """The operator of that id."""
    return next((one for one in OPERATORS if one.id == operator_id), None)


def home(number: str) -> str | None:
    """The id of the operator that the number was given to, by its longest prefix; None when none has it."""
    fitting = [(len(prefix), one.id) for one in OPERATORS for prefix in one.prefixes if number.startswith(prefix)]
    return max(fitting)[1] if fitting else None
