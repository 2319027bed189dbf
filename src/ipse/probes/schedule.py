"""When to try again."""

from __future__ import annotations

from collections.abc import Sequence

from ipse.status.files import Sample

SETTLED = 2
"""So many equal outcomes make a state certain: `ipse.status.rules.checks`."""


def pause(newest: Sequence[Sequence[Sample]], *, interval: float, retry: float, took: float) -> float:
    """Seconds until the next try of a group: soon while the state of one of its probes is not certain.

    `newest` are the samples of each probe, `took` how long the last try took: every so often means from begin to begin.
    """
    if all(_is_settled(samples) for samples in newest):
        return max(retry, interval - took)
    return retry


def _is_settled(samples: Sequence[Sample]) -> bool:
    last = [sample.outcome == "ok" for sample in samples[-SETTLED:]]
    return len(last) == SETTLED and len(set(last)) == 1
