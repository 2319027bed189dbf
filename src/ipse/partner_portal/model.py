"""What the portal knows beside partners themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

PAGE: Final = "/partners"
API: Final = PAGE + "/api/v1"

PRODUCTION: Final = "partner.production"
"""The review that lets a partner of a production installation ask people."""
GRANT: Final = "partner.grant"
"""The review that lets a service ask for a protected attribute."""
KEYS: Final = "partner.keys"
"""The review that replaces a partner's keys in production (T-26)."""
SERVICE: Final = "partner.service"
"""The review of what people read, are asked and are sent back to, for a partner that asks people already (T-10)."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation that has registered itself. It becomes a partner with its first keys, or its secret."""

    organisation_id: str
    """Its client id, from the beginning."""
    name: str
    created_at: int
    """Microseconds UTC."""
    joined_at: int | None = None
    """When somebody of it first came in; one where nobody does is forgotten."""


@dataclass(frozen=True, slots=True)
class ManagementKey:
    """A bearer value by which a partner's programs use the portal's API. It is shown once and kept as SHA-256."""

    key_id: str
    organisation_id: str
    name: str
    created_by: str
    created_at: int
    """Microseconds UTC."""
    used_at: int | None = None
    """To the hour."""


class Step(StrEnum):
    """What stands between a new organisation and its first login, in order."""

    KEYS = "keys"
    SERVICE = "service"
    TRY = "try"
    CODE = "code"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True)
class TrialStep:
    """One step of a login that was tried: what was sent, what came back."""

    name: str
    """`request`, `page`, `phone`, `approval`, `return`, `token`, `id_token`, `userinfo`."""
    good: bool
    sent: str = ""
    """A request line, or what the phone was handed."""
    came: str = ""
    """What answered, as text or JSON."""
    why: str = ""
    """What is wrong, in the words of the request log."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A whole login that was tried, as far as it came."""

    steps: tuple[TrialStep, ...]
    sealed: Mapping[str, str] = field(default_factory=dict)
    """Encrypted answers that only the partner's own key opens: `id_token`, `userinfo`."""
    claims: Mapping[str, Any] = field(default_factory=dict)
    """Of the ID token, where we could open it."""
    return_url: str = ""
    """Where the browser would have gone: the partner's redirect URI with its code."""

    @property
    def good(self) -> bool:
        """Whether every step went well."""
        return all(step.good for step in self.steps)
