"""A credential at rest."""

from __future__ import annotations

from dataclasses import dataclass

MOST_CREDENTIALS = 5
"""On one phone."""
LONGEST_LABEL = 60


@dataclass(frozen=True, slots=True)
class Credential:
    """A row. Times in microseconds; `credential_id` in base64url."""

    credential_id: str
    phone_id: str
    public_key: bytes
    """COSE key."""
    sign_count: int
    label: str
    created_at: int
    used_at: int | None
