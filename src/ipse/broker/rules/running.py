"""Running a visible list of checks so that a refusal names the check that made it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from ipse.broker.errors import SessionRefused

T = TypeVar("T")


def run_checks(checks: Sequence[Callable[[T], None]], value: T) -> None:
    """Run each check in order.

    Raises:
        SessionRefused: the first refusal, with the name of its check in `check`.
    """
    for check in checks:
        try:
            check(value)
        except SessionRefused as error:
            error.check = check.__name__
            raise
