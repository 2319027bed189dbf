"""When a partner that a person has refused must wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ipse.kernel.clock import SECOND

REFUSALS: Final = 2
WINDOW_SECONDS: Final = 600
WAIT_SECONDS: Final = 600


def must_wait(refused_at: Sequence[int], *, now: int) -> bool:
    """Whether a partner must wait, by the times (microseconds, newest first) at which this person refused it.

    Two refusals within ten minutes: it waits for ten minutes after the second.
    """
    for newer, older in zip(refused_at, refused_at[REFUSALS - 1 :], strict=False):
        if newer - older <= WINDOW_SECONDS * SECOND and now - newer < WAIT_SECONDS * SECOND:
            return True
    return False
