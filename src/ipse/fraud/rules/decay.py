"""Weights that halve in steady steps, in whole numbers, so that both engines and Python reckon the same."""

from __future__ import annotations

from typing import Final

ONE: Final = 1000
"""The weight of one report, in thousandths."""
_FORGOTTEN: Final = 40
"""Half-lives after which nothing is left."""


def decayed(weight: int, *, elapsed: int, half_life: int) -> int:
    """What is left of a weight after `elapsed` seconds: halved after each half-life, in a straight line between."""
    halvings, rest = divmod(max(elapsed, 0), half_life)
    if halvings > _FORGOTTEN:
        return 0
    return (weight >> halvings) * (2 * half_life - rest) // (2 * half_life)
