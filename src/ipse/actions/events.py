"""What others may want to hear of requests."""

from __future__ import annotations

from typing import Final

ADDRESSED: Final = "actions.addressed"
"""A request was to reach one person by itself. `account` (empty when it was withheld), `until` in microseconds."""

BLOCKED: Final = "actions.blocked"
"""An identity was blocked that was not before. `account`."""

ACTIVATED: Final = "actions.activated"
"""An identity lives on this phone from now on: activated anew, or moved. `account`, `phone`."""
