"""The REST API for partners and brokers without OpenID: a session in, a status and a subject out.

A partner creates a session (`http`), which becomes an action once a browser opens its address, or at once where the
partner shows the QR itself. The result is read through the action's own access token, kept sealed in the session: a
block takes it away like any other. A broker asks for one of its final partners: the person sees both names, and the
subject belongs to the final partner. Start with `model`, then `rules.requests` (the checks) and `service`.
"""

from ipse.broker.errors import (
    AttributeNotInContract,
    AttributesMissing,
    CallbackRefused,
    EncryptionUnavailable,
    FinalPartnerRefused,
    InsufficientScope,
    InvalidAccessToken,
    InvalidBody,
    InvalidSignedRequest,
    ProofTooWeak,
    ResultBusy,
    ResultGone,
    SessionEnded,
    SessionRefused,
    UnknownAttribute,
    UnknownService,
    UnknownSession,
    UnsupportedMedia,
    UnsupportedService,
    WrongResultToken,
)
from ipse.broker.model import DOOR, SCOPE, Flow, NewSession, SessionView, Status

__all__ = [
    "DOOR",
    "SCOPE",
    "AttributeNotInContract",
    "AttributesMissing",
    "CallbackRefused",
    "EncryptionUnavailable",
    "FinalPartnerRefused",
    "Flow",
    "InsufficientScope",
    "InvalidAccessToken",
    "InvalidBody",
    "InvalidSignedRequest",
    "NewSession",
    "ProofTooWeak",
    "ResultBusy",
    "ResultGone",
    "SessionEnded",
    "SessionRefused",
    "SessionView",
    "Status",
    "UnknownAttribute",
    "UnknownService",
    "UnknownSession",
    "UnsupportedMedia",
    "UnsupportedService",
    "WrongResultToken",
]
