"""News of this feature."""

from __future__ import annotations

from typing import Final

PHONE_MOVED: Final = "mobile.phone_moved"
"""An identity moved to a new phone with the old one in hand: look at its SIM again. Payload: `account`, `phone`."""

CODE_CHANGED: Final = "mobile.code_changed"
"""A person has another code: what was made under the one before ends. Payload: `account`."""
