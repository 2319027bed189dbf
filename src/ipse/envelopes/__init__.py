"""Envelopes: a person brings PDFs, signs them with the phone, and has others sign them.

An **envelope** holds documents and **signers**; its **owner** brought it. A signer signs all of them by one approval.
One **attempt** at a time holds the envelope's **pen**: what it has prepared was made of the documents as they still are
when it ends, so no signature is lost and no document broken. Documents are sealed under a key of the envelope, which is
sealed under its owner's. Start with `model`, then `service`.
"""

from ipse.envelopes.errors import NotYourTurn, UnknownEnvelope
from ipse.envelopes.events import ENDED, TURN
from ipse.envelopes.model import DOOR, AttemptState, EnvelopeState, SignerState

__all__ = ["DOOR", "ENDED", "TURN", "AttemptState", "EnvelopeState", "NotYourTurn", "SignerState", "UnknownEnvelope"]
