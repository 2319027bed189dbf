"""How signature activation refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

STATUS: Final[Mapping[str, int]] = {
    "malformed": 400,
    "activation_unreadable": 400,
    "unknown_credential": 404,
    "credential_ended": 409,
    "not_certified": 409,
    "used": 409,
    "keys_unavailable": 503,
}
"""HTTP status by code; the others are 403."""


class Refusal(Exception):
    """A request is refused: one of `standards.signature_activation.REFUSALS`, and a sentence without personal data."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail

    @property
    def status(self) -> int:
        """Of the answer."""
        return STATUS.get(self.code, 403)


class Tampered(Exception):
    """The database does not hold what this process has written last. Nothing is signed until a person has looked."""
