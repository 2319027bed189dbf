"""How this interface refuses: a status reason or a minor result of the partner protocol (section 2.2)."""

from __future__ import annotations


class DssRefused(Exception):
    """A refusal. `reason` is one of the protocol's words; `message` says in English what would be right."""

    def __init__(self, reason: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.status = status
