"""What the desk remembers of one browser: the session it began, and what the last one brought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from ipse.sandbox.drawers import Drawer

_SESSION_SECONDS: Final = 1800
VISIT_SECONDS: Final = 8 * 3600


class Begun(msgspec.Struct, frozen=True):
    """A session that this browser waits for. A callback with another one's id is not its own."""

    session: str
    final: str


class Received(msgspec.Struct, frozen=True):
    """What a session brought."""

    final: str
    subject: str
    loa: str
    shared: dict[str, Any]
    carried: str = ""
    """The beginning of what the desk itself saw, where it could not read it."""


@dataclass(frozen=True, slots=True)
class DeskVisits:
    """Two drawers, each by the value of the browser's cookie."""

    begun: Drawer
    received: Drawer

    def begin(self, visitor: str, begun: Begun) -> None:
        """Remember what this browser waits for."""
        self.begun.put(visitor, msgspec.to_builtins(begun), seconds=_SESSION_SECONDS)

    def waiting(self, visitor: str) -> Begun | None:
        """What this browser waits for."""
        value = self.begun.look(visitor)
        return msgspec.convert(value, Begun) if value is not None else None

    def keep(self, visitor: str, received: Received) -> None:
        """Keep what it brought, and wait no more."""
        self.begun.take(visitor)
        self.received.put(visitor, msgspec.to_builtins(received), seconds=VISIT_SECONDS)

    def seen(self, visitor: str) -> Received | None:
        """What the last session brought."""
        value = self.received.look(visitor)
        return msgspec.convert(value, Received) if value is not None else None

    def forget(self, visitor: str) -> None:
        """Forget this browser."""
        self.begun.take(visitor)
        self.received.take(visitor)
