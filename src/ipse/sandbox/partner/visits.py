"""What a partner remembers of one browser: logins it began, and what the last one brought.

Kept in files, so that a login that began before a restart of anything can end after it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from ipse.kernel.ids import Ids, b64u, sha256
from ipse.sandbox.drawers import Drawer
from ipse.sandbox.partner.client import Received, Started

_LOGIN_SECONDS: Final = 1800
VISIT_SECONDS: Final = 8 * 3600


@dataclass(frozen=True, slots=True)
class Visits:
    """The server's side of the browser's cookie."""

    started: Drawer
    received: Drawer
    ids: Ids

    def begin(self, visitor: str, started: Started) -> None:
        """Remember that this browser began this login."""
        value = {"visitor": b64u(sha256(visitor)), "started": asdict(started)}
        self.started.put(started.state, value, seconds=_LOGIN_SECONDS)

    def resume(self, visitor: str, state: str) -> Started | None:
        """The login this browser began with that state, once; None for another browser's, which keeps it."""
        value = self.started.look(state)
        if value is None or value["visitor"] != b64u(sha256(visitor)) or self.started.take(state) is None:
            return None
        return Started(**value["started"])

    def keep(self, received: Received) -> str:
        """Keep what a login brought; returns the fresh value for the browser's cookie (a new one for each login)."""
        visitor = self.ids.secret()
        self.received.put(visitor, asdict(received), seconds=VISIT_SECONDS)
        return visitor

    def seen(self, visitor: str) -> Received | None:
        """What this browser's last login brought."""
        value: dict[str, Any] | None = self.received.look(visitor)
        return Received(**value) if value is not None else None

    def forget_subject(self, subject: str) -> None:
        """Keep nothing of somebody who has taken back what they gave, or is gone."""
        self.received.remove(lambda value: value.get("subject") == subject)

    def forget(self, visitor: str) -> None:
        """Log out."""
        self.received.take(visitor)
