"""What a front door gives and gets: how a request ended, and where the browser goes then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from ipse.actions.model import Collected

Outcome = Literal["rejected", "cancelled", "expired"]


@dataclass(frozen=True, slots=True)
class Ended:
    """A request that ended without approval."""

    protocol: Mapping[str, object]
    """The front door's own part of the action, as it gave it to `Actions.begin`."""
    outcome: Outcome


Ending = Callable[["Collected | Ended"], str]
"""A front door's way back to the partner: the address to send the browser to. Pure and cheap: the sign-in page also
asks it where a cancelled request would lead, to allow exactly that origin in its `form-action`."""
