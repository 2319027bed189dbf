"""What is done again and again."""

from __future__ import annotations

from ipse.statistics.service import Folding


async def keep_up(folding: Folding) -> None:
    """Fold what has settled, and keep today's numbers."""
    await folding.fold()
    await folding.sample()
