"""The parties can misbehave on request: answer slowly, break, or refuse."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

SLOWEST = 120.0
"""Seconds; more would look like a bug of the sandbox."""


class How(StrEnum):
    """How a party behaves."""

    OK = "ok"
    SLOW = "slow"
    """Every answer comes late."""
    ERROR = "error"
    """Every answer is status 500."""
    REFUSE = "refuse"
    """Works, but turns people away."""
    DOWN = "down"
    """Every connection breaks before the answer is there."""
    HANG = "hang"
    """No answer comes."""
    GARBAGE = "garbage"
    """Every answer is something else than what was asked for."""
    BUSY = "busy"
    """Every answer is status 429."""
    LIE = "lie"
    """Says of every number that it is there and was never swapped."""
    FORGE = "forge"
    """Signs ID tokens with a key that is not published, and shows a token at the sink that it was not given."""
    REPEAT = "repeat"
    """Sends every event twice."""
    LATE = "late"
    """Sends every event ten seconds late."""
    SHUFFLE = "shuffle"
    """Sends events in another order than they happened in."""


EVERYBODY: Final = (How.OK, How.SLOW, How.ERROR, How.REFUSE)
"""How any party can behave; mobile operators know all the other ways as well."""


@dataclass(frozen=True, slots=True)
class Mood:
    """How a party behaves now; `seconds` is the delay of every answer when slow."""

    how: How = How.OK
    seconds: float = 0.0


@dataclass(slots=True)
class Moods:
    """The behaviour of every party. Forgotten when the world stops."""

    parties: tuple[str, ...]
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the world stops: whoever answers slowly then answers at once."""
    inventive: frozenset[str] = frozenset()
    """The parties that can misbehave in every way."""
    _moods: dict[str, Mood] = field(default_factory=dict)

    def of(self, party: str) -> Mood:
        """How that party behaves."""
        return self._moods.get(party, Mood())

    def change(self, party: str, how: str, seconds: float) -> Mood:
        """Make a party behave otherwise.

        Raises:
            ValueError: no such party or behaviour, or a delay out of range.
        """
        if party not in self.parties:
            raise ValueError(f"party must be one of {', '.join(self.parties)}")
        known = tuple(How) if party in self.inventive else EVERYBODY
        if how not in known:
            raise ValueError(f"how must be one of {', '.join(known)}")
        if not 0 <= seconds <= SLOWEST:
            raise ValueError(f"seconds must be between 0 and {SLOWEST:.0f}")
        mood = Mood(How(how), seconds if how == How.SLOW else 0.0)
        self._moods[party] = mood
        return mood

    async def wait(self, mood: Mood) -> None:
        """Let the delay of a slow party pass; none when the world stops."""
        if mood.how is How.SLOW:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.closing.wait(), timeout=mood.seconds)


@dataclass(frozen=True, slots=True)
class Moody:
    """ASGI middleware around one party: delays or breaks its answers. Refusing is the party's own business."""

    app: ASGIApp
    party: str
    moods: Moods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, in this party's mood."""
        mood = self.moods.of(self.party)
        if mood.how is How.ERROR and scope["type"] == "http":
            broken = PlainTextResponse("Out of order, as asked on the world page.\n", status_code=500)
            await broken(scope, receive, send)
            return
        await self.moods.wait(mood)
        await self.app(scope, receive, send)
