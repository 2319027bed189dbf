"""What happens without anybody asking."""

from __future__ import annotations

from ipse.sim.service import Sims


async def look_again(sims: Sims) -> int:
    """Ask about SIMs that were not ready, and read the register of operators anew."""
    await sims.operators.all()
    return await sims.watches.look_due()


async def follow_subscriptions(sims: Sims) -> int:
    """Begin, renew and drop subscriptions whose time has come."""
    return await sims.subscriptions.follow_due()


async def count_answers(sims: Sims) -> None:
    """Add what operators answered to the counts that they see themselves."""
    await sims.answers.flush()


async def forget_proofs(sims: Sims) -> int:
    """Forget proofs of numbers that ended a day ago."""
    return await sims.proofs.forget()
