"""How envelopes refuse. `fields["why"]` names the sentence that the page says."""

from __future__ import annotations

from ipse.kernel.errors import PlatformError


class UnknownEnvelope(PlatformError):
    """There is none, or it is not this person's to see; the answer does not tell which."""

    code = "unknown_envelope"
    status = 404
    title = "There are no such documents"


class EnvelopeEnded(PlatformError):
    """It is finished, declined, withdrawn or over, or open already: what was asked for comes too late."""

    code = "envelope_ended"
    status = 409
    title = "This can no longer be changed"


class NotYourTurn(PlatformError):
    """Somebody else signs first, or this person has decided already."""

    code = "not_your_turn"
    status = 409
    title = "It is not your turn to sign"


class PenTaken(PlatformError):
    """Another signer is signing these documents at this moment. Try again in a minute."""

    code = "pen_taken"
    status = 409
    title = "Somebody else is signing at this moment"


class InvitationRefused(PlatformError):
    """The invitation is unknown, withdrawn, taken by somebody else, or for another e-mail address."""

    code = "invitation_refused"
    status = 404
    title = "This invitation cannot be used"


class DocumentRefused(PlatformError):
    """A file that was brought is no PDF, too large, or of a kind that nobody should sign."""

    code = "document_refused"
    status = 422
    title = "This file cannot be signed here"


class EnvelopeRefused(PlatformError):
    """What was typed or chosen cannot be: a name, an address, a deadline, too many of something."""

    code = "envelope_refused"
    status = 422
    title = "Something in the form is not right"
