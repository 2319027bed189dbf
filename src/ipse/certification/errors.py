"""How the certification service refuses."""

from __future__ import annotations

from ipse.standards.certification import REFUSALS


class RefusedError(Exception):
    """A request that is not granted. `detail` repeats nothing of the person."""

    def __init__(self, code: str, detail: str = "", *, retry_after: int = 5) -> None:
        self.code = code
        self.retry_after = retry_after
        """Seconds, where asking again later may help."""
        self.status, meaning = REFUSALS[code]
        self.detail = detail or meaning
        super().__init__(f"{code}: {self.detail}")


class KeysUnavailableError(Exception):
    """The keys cannot be used now: the security module does not answer."""


class NotReadyError(Exception):
    """The service cannot start now; the same settings may do when the cause is mended."""
