"""News of this feature."""

from __future__ import annotations

from typing import Final

TOLD: Final = "notices.told"
"""A notice was written and waits to be sent. Payload: `notice`; `account` and `kind`, absent where the phone must not
show it."""
