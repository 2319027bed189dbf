"""What a bank answers when it refuses a program (RFC 6749 §5.2, RFC 9126 §2.3)."""

from __future__ import annotations


class Refusal(Exception):
    """An OAuth error: `error`, a sentence for developers, and the status."""

    def __init__(self, error: str, description: str, *, status: int = 400) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description
        self.status = status


def invalid_request(description: str) -> Refusal:
    """A parameter is missing, repeated or malformed."""
    return Refusal("invalid_request", description)


def invalid_client(description: str) -> Refusal:
    """The client did not prove who it is."""
    return Refusal("invalid_client", description, status=401)


def invalid_grant(description: str) -> Refusal:
    """The code is wrong, used, too old, or belongs to another request."""
    return Refusal("invalid_grant", description)
