"""News of this feature, written with what happened."""

from __future__ import annotations

from typing import Final

BOUND: Final = "sim.bound"
"""A number was bound to an identity: its operator is asked to report changes. Payload: `account`."""

READY: Final = "sim.ready"
"""The operator answers for a SIM that it did not answer for before: every function works. Payload: `account`."""

CHANGED: Final = "sim.changed"
"""The SIM of an identity was changed, or its number given to somebody else: it stops. Payload: `account`, `why`."""
