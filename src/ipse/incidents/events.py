"""News of this feature."""

from __future__ import annotations

from typing import Final

CHANGED: Final = "incidents.changed"
"""An incident or planned maintenance has changed: what is published is written anew. Payload: `subject`."""
DUTY_DUE: Final = "incidents.duty_due"
"""Half or four fifths of a duty's time has passed, or all of it. Payload: `incident`, `duty`, `percent`."""
