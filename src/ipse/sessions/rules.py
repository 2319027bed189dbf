"""Where a browser may go on, and whether a session still holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ipse.kernel.clock import SECOND
from ipse.people.model import AccountState
from ipse.sessions.model import IDLE_SECONDS, NOTED_SECONDS

if TYPE_CHECKING:
    from ipse.people.model import Account

_ONWARD: Final = re.compile(r"(/[A-Za-z0-9_-]{1,64}){1,6}(\?lang=(nl|fr|de|en))?")
HOME: Final = "/portal"


def onward(wanted: str) -> str:
    """A place on our own pages to go on to; anything else leads home."""
    return wanted if _ONWARD.fullmatch(wanted) else HOME


def holds(account: Account, created_at: int) -> bool:
    """Whether a session that began then is still its person's.

    A blocked identity has none; one that was activated anew since, on another phone perhaps, has lost its old ones.
    """
    activated = account.activated_at or account.created_at
    return account.state is AccountState.ACTIVE and activated <= created_at


def idle_since(now: int) -> int:
    """Sessions that were last used before this moment are over."""
    return now - IDLE_SECONDS * SECOND


def to_be_noted(seen_at: int, now: int) -> bool:
    """Whether a new use is written down; not each one, so that reading a page usually writes nothing."""
    return now - seen_at >= NOTED_SECONDS * SECOND
