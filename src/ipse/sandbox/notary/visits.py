"""What the notary remembers of one browser: who is in the office, what waits for a signature, and what has one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from ipse.sandbox.drawers import Drawer
from ipse.sandbox.notary.model import Credential, Signed, Unsigned

VISIT_SECONDS: Final = 8 * 3600
_ROUND_SECONDS: Final = 1800


class Sitting(msgspec.Struct, frozen=True, kw_only=True):
    """A case on its way through the two rounds."""

    case: str
    state: str
    token: str = ""
    """The first round's access token; empty before its end."""
    credential: Credential | None = None
    deeds: tuple[Unsigned, ...] = ()


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """The deeds that this client has signed."""

    case: str
    subject: str
    deeds: tuple[Signed, ...]


@dataclass(frozen=True, slots=True)
class NotaryVisits:
    """Two drawers, each by the value of the browser's cookie."""

    sittings: Drawer
    shelves: Drawer

    def sit(self, visitor: str, sitting: Sitting) -> None:
        """Remember how far a case has come."""
        self.sittings.put(visitor, msgspec.to_builtins(sitting), seconds=_ROUND_SECONDS)

    def rise(self, visitor: str) -> Sitting | None:
        """The case of this browser, taken: an answer of the scheme is used once."""
        value = self.sittings.take(visitor)
        return None if value is None else msgspec.convert(value, Sitting)

    def shelve(self, visitor: str, shelf: Shelf) -> None:
        """Keep what was signed."""
        self.shelves.put(visitor, msgspec.to_builtins(shelf), seconds=VISIT_SECONDS)

    def shelf(self, visitor: str) -> Shelf | None:
        """What was signed in this browser."""
        value = self.shelves.look(visitor)
        return None if value is None else msgspec.convert(value, Shelf)
