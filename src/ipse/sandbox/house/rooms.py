"""What the house remembers of each screen: whose phone is its key, what it waits for, how door and heating are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from ipse.kernel.clock import SECOND
from ipse.sandbox.drawers import Drawer
from ipse.sandbox.house.client import Asked, Screen
from ipse.sandbox.house.model import Deed

KEY_SECONDS: Final = 30 * 86_400
_WAIT_SECONDS: Final = 900


class Key(msgspec.Struct, frozen=True):
    """A phone that was paired with this screen."""

    subject: str
    name: str


class Rooms(msgspec.Struct, frozen=True):
    """How things are; `said` is what the screen tells once."""

    door: str = "locked"
    heating: str = "off"
    said: str = ""

    def after(self, deed: Deed) -> Rooms:
        """The same once a deed is done."""
        return msgspec.structs.replace(self, **{deed.thing: deed.state, "said": deed.done})


class Waiting(msgspec.Struct, frozen=True):
    """What a screen waits for: somebody to scan `screen`, or a phone to answer `asked`."""

    polled_at: int
    """Microseconds."""
    screen: Screen | None = None
    asked: Asked | None = None
    deed: str = ""

    def is_due(self, now: int) -> bool:
        """Whether the scheme may be asked again."""
        found = self.asked or self.screen
        return found is not None and now - self.polled_at >= found.interval * SECOND


@dataclass(frozen=True, slots=True)
class HouseMemory:
    """Three drawers, each by the value of the screen's cookie."""

    keys: Drawer
    rooms: Drawer
    waiting: Drawer

    def key(self, visitor: str) -> Key | None:
        """The phone of this screen."""
        value = self.keys.look(visitor)
        return msgspec.convert(value, Key) if value is not None else None

    def keep_key(self, visitor: str, key: Key) -> None:
        """Pair a phone with this screen."""
        self.keys.put(visitor, msgspec.to_builtins(key), seconds=KEY_SECONDS)

    def rooms_of(self, visitor: str) -> Rooms:
        """How things are in the house of this screen."""
        return msgspec.convert(self.rooms.look(visitor) or {}, Rooms)

    def keep_rooms(self, visitor: str, rooms: Rooms) -> None:
        """Remember how things are."""
        self.rooms.put(visitor, msgspec.to_builtins(rooms), seconds=KEY_SECONDS)

    def awaited(self, visitor: str) -> Waiting | None:
        """What this screen waits for."""
        value = self.waiting.look(visitor)
        return msgspec.convert(value, Waiting) if value is not None else None

    def wait(self, visitor: str, waiting: Waiting) -> None:
        """Wait for something."""
        self.waiting.put(visitor, msgspec.to_builtins(waiting), seconds=_WAIT_SECONDS)

    def forget(self, visitor: str, *, key: bool = False) -> None:
        """Wait for nothing any more; with `key`, unpair the phone as well."""
        self.waiting.take(visitor)
        if key:
            self.keys.take(visitor)
            self.rooms.take(visitor)
