"""How a try ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

PARTNER: Final = "ipse-probe"
"""Client id of the synthetic partner: its requests are in no figure, and are deleted after a day."""
SERVICE: Final = "PROBE"

Effect = Literal["degraded", "partial", "full"]


class FailedError(Exception):
    """A try that failed: where, why, and what that means for the component. No secrets, nobody's data."""

    def __init__(self, step: str, reason: str, effect: Effect = "full") -> None:
        super().__init__(f"{step}: {reason}")
        self.step = step
        self.reason = reason
        self.effect: Effect = effect


class UnusableError(Exception):
    """The probe itself cannot look, for a reason that is its own: no outage of anybody. Says how to mend it."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One try that ended well; failures are raised."""

    steps: Mapping[str, int] = field(default_factory=dict)
    """Milliseconds of each step, where there are several."""


@dataclass(frozen=True, slots=True)
class Probe:
    """Something that is tried again and again."""

    name: str
    components: tuple[str, ...]
    run: Callable[[], Tried]
    """Tries once. Raises FailedError, or UnusableError."""
    seconds: float
    """So long a try may take."""
    slow_milliseconds: int
    """Longer is slow."""


@dataclass(frozen=True, slots=True)
class Group:
    """Probes that share something, and are tried one after the other."""

    name: str
    probes: tuple[Probe, ...]
