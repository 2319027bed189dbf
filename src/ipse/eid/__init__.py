"""eID cards: whom we believe about them, and whether a card has just signed for us.

Nothing is stored here. `model` holds the trust anchors, of the sandbox or of production and never both; `service`
validates a Web eID token from first to last, asking the responder in between, and judges a card's files. Enrolment uses
both; a login by card uses the first.
"""

from ipse.eid.errors import RevocationUnknownError
from ipse.eid.model import Anchors, Holder, ProductionAnchors, Read, Revocation, SandboxAnchors

__all__ = [
    "Anchors",
    "Holder",
    "ProductionAnchors",
    "Read",
    "Revocation",
    "RevocationUnknownError",
    "SandboxAnchors",
]
