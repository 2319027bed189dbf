"""News of this feature."""

from __future__ import annotations

from typing import Final

DELETED: Final = "people.deleted"
"""A person deleted their identity: whoever keeps something by account id forgets it. Payload: `account`."""
