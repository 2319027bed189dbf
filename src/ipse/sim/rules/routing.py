"""Whom to ask about a number: the operator whose prefix it has, then the others of its country (ported numbers)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ipse.sim.model import Operator, OperatorState
from ipse.standards.camara import msisdn

MOST_ASKED: Final = 4
"""How many operators are asked about one number: enough for a country, too few to be a search."""


def candidates(number: str, operators: Iterable[Operator], *, known: str | None = None) -> list[Operator]:
    """Active operators that may have this number, the likeliest first.

    The one it was last found at comes first, then those with its prefix (the longest first), then those of the
    countries in which it may have been ported. None of them has the prefix of its country: nobody is asked.
    """
    digits = msisdn(number)
    active = [operator for operator in operators if operator.state is OperatorState.ACTIVE]
    fits = {operator.operator_id: longest(digits, operator) for operator in active}
    countries = {operator.country for operator in active if fits[operator.operator_id]}
    found = [
        operator
        for operator in active
        if operator.operator_id == known or fits[operator.operator_id] or operator.country in countries
    ]
    found.sort(key=lambda each: (each.operator_id != known, -fits[each.operator_id], each.operator_id))
    return found[:MOST_ASKED]


def longest(digits: str, operator: Operator) -> int:
    """How many characters of the number its longest prefix takes; 0 when none fits."""
    return max((len(prefix) for prefix in operator.prefixes if digits.startswith(prefix)), default=0)
