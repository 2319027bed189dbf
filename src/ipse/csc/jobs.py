"""What happens without anybody asking."""

from __future__ import annotations

from ipse.csc.service import Csc


async def work_due(csc: Csc) -> int:
    """Do what was asked asynchronously and left undone by a process that has gone. Returns how many."""
    return await csc.responses.work_due()


async def delete_old(csc: Csc) -> int:
    """Delete rounds, tokens and results whose time is long over. Returns how many rounds and results."""
    return await csc.tokens.delete_old() + await csc.responses.forget()
