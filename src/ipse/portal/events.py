"""News of this feature."""

from __future__ import annotations

from typing import Final

BLOCK_ASKED: Final = "portal.block_asked"
"""Somebody asked to block an identity; whether it exists is looked at now. Payload: `block`."""
