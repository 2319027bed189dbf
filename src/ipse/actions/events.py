"""What others may want to hear of requests."""

from __future__ import annotations

from typing import Final

ADDRESSED: Final = "actions.addressed"
"""A request was to reach one person by itself. `account` (empty when it was withheld), `until` in microseconds."""
