"""Whose turn it is, and how an envelope ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ipse.envelopes.errors import EnvelopeEnded, NotYourTurn, UnknownEnvelope
from ipse.envelopes.model import PEN_SECONDS, EnvelopeState, Full, Signer, SignerState
from ipse.kernel.clock import SECOND

if TYPE_CHECKING:
    from ipse.envelopes.model import Envelope

DAY: Final = 86_400 * SECOND


def turns(signers: Sequence[Signer], *, in_order: bool) -> list[Signer]:
    """Who may sign now: everybody who has not, or in order the first of them."""
    waiting = sorted(
        (signer for signer in signers if signer.state is SignerState.WAITING), key=lambda signer: signer.place
    )
    return waiting[:1] if in_order else waiting


def check_turn(full: Full, account_id: str, *, now: int) -> Signer:
    """This person's part, where it is their turn.

    Raises:
        UnknownEnvelope: they have none.
        EnvelopeEnded: nothing is signed here any more.
        NotYourTurn: somebody else is first, or they have decided.
    """
    signer = full.signer_of(account_id)
    if signer is None:
        raise UnknownEnvelope
    if full.envelope.state is not EnvelopeState.OPEN or over(full.envelope, now):
        raise EnvelopeEnded
    if signer not in turns(full.signers, in_order=full.envelope.in_order):
        raise NotYourTurn
    return signer


def over(envelope: Envelope, now: int) -> bool:
    """Whether an open envelope's time is over."""
    return envelope.deadline is not None and envelope.deadline <= now


def next_turn(signers: Sequence[Signer], signed: str, *, in_order: bool) -> Signer | None:
    """Who is written to after this signer has signed: in order the next one; else all were written to before."""
    if not in_order:
        return None
    rest = [signer for signer in signers if signer.signer_id != signed]
    return next(iter(turns(rest, in_order=True)), None)


def is_last(signers: Sequence[Signer], signed: str) -> bool:
    """Whether with this signature all have signed."""
    return all(signer.state is SignerState.SIGNED for signer in signers if signer.signer_id != signed)


def pen_until(now: int) -> int:
    """How long an attempt that begins now may hold the pen."""
    return now + PEN_SECONDS * SECOND


def deletion(now: int, days: int) -> int:
    """When an envelope that ended, or was begun, now is deleted."""
    return now + days * DAY
