"""News of this feature."""

from __future__ import annotations

from typing import Final

BLOCK_ASKED: Final = "portal.block_asked"
"""Somebody asked to block an identity; whether it exists is looked at now. Payload: `block`."""

WITHDRAWN: Final = "portal.withdrawn"
"""A person has taken something back from a partner, which is told now. Payload: `withdrawal`."""

PURGED: Final = "portal.purged"
"""A person has deleted their identity: one partner that knew them is told now. Payload: `partner`, `subject`."""
