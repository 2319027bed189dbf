"""How a token or a key is refused."""

from __future__ import annotations


class JoseError(ValueError):
    """A token or key that is not accepted. `reason` is for the log and repeats nothing secret."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
