"""Running a visible list of checks so that a refusal names the check that made it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from ipse.oidc.errors import OAuthError

T = TypeVar("T")


def run_checks(checks: Sequence[Callable[[T], T | None]], value: T) -> T:
    """Run each check in order; one that returns a value passes it on to the next.

    Raises:
        OAuthError: the first refusal, with the name of its check in `check`.
    """
    for check in checks:
        try:
            value = check(value) or value
        except OAuthError as error:
            error.check = error.check or check.__name__
            raise
    return value


@contextmanager
def step(name: str) -> Iterator[None]:
    """A step that is no check of a list: a refusal in it bears this name in the request log."""
    try:
        yield
    except OAuthError as error:
        error.check = error.check or name
        raise
