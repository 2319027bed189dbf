"""What can go wrong beside the card itself; what is wrong with a card is said by `ipse.standards`."""

from __future__ import annotations


class RevocationUnknownError(Exception):
    """Whether the card was revoked cannot be learnt now: no answer, or none that tells. Trying later may help."""


class AnchorsError(ValueError):
    """Certificates that cannot be trust anchors of this installation; the text says which and why."""
