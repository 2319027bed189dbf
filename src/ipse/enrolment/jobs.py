"""What happens without anybody asking."""

from __future__ import annotations

from typing import Final

from ipse.enrolment.service import Enrolments
from ipse.kernel.clock import SECOND

KEPT_SECONDS: Final = 86_400
"""How long an enrolment that expired is kept, so that its phone can still be told why it ended."""


async def delete_abandoned(enrolments: Enrolments) -> int:
    """Delete enrolments that expired a day ago. Run hourly. Returns how many."""
    return await enrolments.delete_old(before=enrolments.rows.clock.now() - KEPT_SECONDS * SECOND)
