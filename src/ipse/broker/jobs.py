"""What happens without anybody asking."""

from __future__ import annotations

from typing import Final

from ipse.broker.service import Sessions
from ipse.kernel.clock import SECOND

KEPT_SECONDS: Final = 86_400
"""How long a session that has ended still answers its partner with its status."""


async def delete_old(sessions: Sessions) -> int:
    """Delete sessions that ended a day ago. Run hourly. Returns how many."""
    return await sessions.delete_old(before=sessions.clock.now() - KEPT_SECONDS * SECOND)
