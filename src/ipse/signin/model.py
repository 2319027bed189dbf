"""What a front door gives and gets: how a request ended, and where the browser goes then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from ipse.actions.model import Collected


@dataclass(frozen=True, slots=True)
class Browser:
    """The browser that a partner sends: its language or languages (Accept-Language), its cookie's hash, its address."""

    language: str
    cookie_hash: bytes
    address: str = ""


Outcome = Literal["rejected", "cancelled", "expired", "failed"]


@dataclass(frozen=True, slots=True)
class Ended:
    """A request that ended without approval."""

    protocol: Mapping[str, object]
    """The front door's own part of the action, as it gave it to `Actions.begin`."""
    outcome: Outcome
    why: str | None = None
    """More exactly, where the action says so: `level` when the identity does not reach the level demanded."""
    action_id: str = ""


@dataclass(frozen=True, slots=True)
class WayBack:
    """Where a browser goes on."""

    url: str
    posted: Mapping[str, str] | None = None
    """What it carries in the body of a POST; None for a plain redirect."""


class Ending(Protocol):
    """A front door's way back to its partner."""

    async def way_back(self, end: Collected | Ended) -> WayBack:
        """Where the browser goes when a request has ended."""

    def destination(self, protocol: Mapping[str, object]) -> str:
        """The address it will go to, before anything has ended. Pure and cheap.

        The page allows exactly that origin as the target of its forms.
        """
