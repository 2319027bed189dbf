"""Who may ask an operator now (F-7): so many at once, and nobody for a while after some failed calls in a row.

A gate belongs to one process and one operator. It is a courtesy to an operator in trouble and a guard of our own
connections; what was asked and answered is kept in the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from ipse.kernel.clock import SECOND, Clock

FAILURES: Final = 4
"""Failed calls in a row that shut the gate (F-7: at most five)."""
SHUT_SECONDS: Final = 20
"""How long it stays shut; then one call is let through, and its outcome decides."""
AT_ONCE: Final = 16
"""Calls to one operator that are under way at the same time; others wait for their turn."""


class GateShut(Exception):
    """The operator failed too often a moment ago: it is not asked now."""


class Gate:
    """Counts failures, and lets so many through at once."""

    def __init__(self, clock: Clock, *, failures: int = FAILURES, shut_seconds: int = SHUT_SECONDS) -> None:
        self._clock = clock
        self._most = failures
        self._shut_seconds = shut_seconds
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._failed = 0
        self._shut_until: int | None = None
        self._probing = False

    @property
    def shut(self) -> bool:
        """Whether nobody may ask now."""
        return self._shut_until is not None and (self._probing or self._clock.now() < self._shut_until)

    @asynccontextmanager
    async def passing(self) -> AsyncIterator[None]:
        """One call. Leaving with an exception counts as a failed one.

        Raises:
            GateShut: the operator is not asked now.
        """
        self._check()
        async with self._slots:
            self._check()  # those before us may have shut it meanwhile
            probe = self._shut_until is not None
            self._probing = self._probing or probe
            try:
                yield
            except Exception:
                self._failed += 1
                if self._failed >= self._most:
                    self._shut_until = self._clock.now() + self._shut_seconds * SECOND
                raise
            else:
                self._failed, self._shut_until = 0, None
            finally:
                if probe:
                    self._probing = False

    def _check(self) -> None:
        if self.shut:
            raise GateShut
