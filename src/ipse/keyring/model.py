"""Keys, the states of their life, and the plan by which they change."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ipse.kernel.settings import Environment, Settings

_HOUR, _DAY = 3600, 86_400
_APP_STAYS_OPEN = 30 * _DAY


class KeyState(StrEnum):
    """Where a key stands. A key in use is the newest of its algorithm whose time has come."""

    SPREADING = "spreading"
    """Every process takes it up; nobody outside knows it yet."""
    ANNOUNCED = "announced"
    """Published, not yet used to sign."""
    CURRENT = "current"
    """Signs; others encrypt to it."""
    RETIRED = "retired"
    """Replaced. A signature key stays published for as long as a token of its can be alive."""
    OPENING = "opening"
    """A decryption key that is not published any more and still opens what was encrypted to it."""
    GONE = "gone"
    """Of no use to anybody; its row is about to be deleted."""


@dataclass(frozen=True, slots=True)
class Key:
    """What may be told of a key. Times in microseconds UTC."""

    kid: str
    key_set: str
    generation: int
    algorithm: str
    purpose: str
    """`sig` or `enc`."""
    made_at: int
    published_at: int
    """0: before this installation kept times."""
    current_at: int
    leaves_at: int | None = None
    """When it leaves the published set; known once the next generation is made."""
    gone_at: int | None = None
    """When it stops to open anything, and is deleted."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How keys change. Seconds."""

    announcement: int
    """How long a key is published before it signs: no shorter than partners keep our key set."""
    overlap: int
    """How long a retired signature key stays published: no shorter than a token of its lives."""
    rotation: int
    """A set gets its next generation this long after the last; 0: only by hand."""

    @classmethod
    def of(cls, settings: Settings) -> Plan:
        """The plan that the settings make."""
        lives = settings.lifetimes
        overlap = max(settings.announcement, lives.access_token, lives.token, lives.action_most)
        if settings.environment is Environment.PRODUCTION:
            overlap = max(overlap, _DAY)  # a partner's clock, queue or retry may be late
        return cls(settings.announcement, overlap, settings.key_rotation_days * _DAY)

    def opening(self, key_set: str) -> int:
        """How long a replaced decryption key opens: a day beyond any cache; for phones as long as an app stays open."""
        return _APP_STAYS_OPEN if key_set == "phone_channel" else self.announcement + _DAY + _HOUR
