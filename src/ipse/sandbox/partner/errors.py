"""What can go wrong at a partner, each with what the visitor reads."""

from __future__ import annotations


class LoginFailedError(Exception):
    """The login did not come to a good end. `kind` picks the words of the page; the message is for developers."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail

    @property
    def status(self) -> int:
        """The HTTP status of the page that says so."""
        return {"refused": 200, "away": 503, "turned_away": 403}.get(self.kind, 400)
