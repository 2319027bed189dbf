"""Measuring calls to others: partners, banks, mobile operators, push services and our own other processes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ipse.telemetry import metrics
from ipse.telemetry.spans import span


@dataclass(slots=True)
class Call:
    """One call under way."""

    status: int = 0

    def answered(self, status: int) -> None:
        """It was answered with this HTTP status."""
        self.status = status


@contextmanager
def calling(peer: str) -> Iterator[Call]:
    """Measure one call. `peer` says what the other is to us (`partner`, `bank`), and never who it is."""
    call, began = Call(), time.perf_counter()
    outcome = "failed"
    try:
        with span(f"call {peer}", kind="client"):
            yield call
        outcome = "refused" if call.status >= 400 else "answered"
    except TimeoutError:
        outcome = "timeout"
        raise
    except Exception as error:
        # httpx and httpcore have time-outs of their own, of which ours here knows only the name.
        if "Timeout" in type(error).__name__:
            outcome = "timeout"
        elif call.status:
            outcome = "refused"
        raise
    finally:
        metrics.CALLS.note(time.perf_counter() - began, peer, outcome)
