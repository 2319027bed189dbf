"""News of this feature. Payloads hold ids and words, nothing of a person."""

from __future__ import annotations

from typing import Final

SUSPENDED: Final = "signing.suspended"
"""A credential was suspended: its certificate goes on hold. Payload: `credential`, `serial`."""

ENDED: Final = "signing.ended"
"""A credential ended: its key is destroyed, its certificate revoked. Payload: `credential`, `serial` (empty: none to
revoke), `reason` (`EndReason`)."""
