"""News of this feature."""

from __future__ import annotations

from typing import Final

TURN: Final = "envelopes.turn"
"""A signer's turn has come, or they are reminded: write to them. Payload: `signer`; `again` for a reminder."""

ENDED: Final = "envelopes.ended"
"""An envelope was finished, declined, withdrawn, or its time is over: tell everybody. Payload: `envelope`."""
