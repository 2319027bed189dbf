"""How the broker's REST API refuses: an RFC 9457 problem document with one of these codes."""

from __future__ import annotations

from ipse.kernel.errors import PlatformError


class SessionRefused(PlatformError):
    """A call that one of the visible checks refuses; `check` names it, for the partner's request log."""

    check = ""


class InvalidAccessToken(PlatformError):
    """No access token, or one that is unknown, expired or bound to a key that was not proven."""

    code = "invalid_token"
    status = 401
    title = "An access token or a signed request is needed"


class InsufficientScope(PlatformError):
    """An access token that was not issued for this API."""

    code = "insufficient_scope"
    status = 403
    title = "The access token does not have the scope broker"


class InvalidSignedRequest(SessionRefused):
    """A signed request of an unknown partner, with a wrong signature, for another address, too old, or seen before."""

    code = "invalid_signed_request"
    status = 401
    title = "The signed request is not right"


class InvalidBody(SessionRefused):
    """A body that is no JSON object, or a member that is missing, unknown or out of its bounds."""

    code = "invalid_request"
    status = 400
    title = "The request could not be read"


class UnsupportedMedia(PlatformError):
    """A body that is neither `application/json` nor a signed request (`application/jose`)."""

    code = "unsupported_media_type"
    status = 415
    title = "Send application/json, or application/jose for a signed request"


class UnknownService(SessionRefused):
    """No active service of this partner has that code."""

    code = "unknown_service"
    status = 422
    title = "This partner has no such service"


class UnsupportedService(SessionRefused):
    """A service whose type needs more than this API can say: confirmations and signatures."""

    code = "unsupported_service"
    status = 422
    title = "Services of this type are not reached by this API"


class FinalPartnerRefused(SessionRefused):
    """A final partner that this broker has not registered, or that was stopped (T-11)."""

    code = "final_partner_not_registered"
    status = 403
    title = "This final partner is not registered for the service"


class UnknownAttribute(SessionRefused):
    """A name in `requestedAttributes` that no attribute has."""

    code = "unknown_attribute"
    status = 422
    title = "There is no such attribute"


class AttributeNotInContract(SessionRefused):
    """An attribute that the contract of the service does not hold; the person sees nothing (T-10)."""

    code = "attribute_not_in_contract"
    status = 403
    title = "The contract of this service does not hold a requested attribute"


class ProofTooWeak(SessionRefused):
    """A plain access token where the profile of the service wants one bound to its sender, or a signed request."""

    code = "proof_too_weak"
    status = 403
    title = "This service needs a token bound to its sender, or a signed request"


class AttributesMissing(SessionRefused):
    """An identification or data sharing that asks for nothing."""

    code = "attributes_missing"
    status = 422
    title = "Services of this type ask for at least one attribute"


class CallbackRefused(SessionRefused):
    """A callback URL that is not registered for the service, compared exactly; or one that is missing."""

    code = "callback_not_registered"
    status = 422
    title = "Each callback URL must be registered for the service, exactly as written"


class EncryptionUnavailable(SessionRefused):
    """An encrypted result was asked for, and the final partner has no encryption key registered."""

    code = "encryption_unavailable"
    status = 422
    title = "The final partner has no encryption key"


class UnknownSession(PlatformError):
    """No such session, or not this partner's."""

    code = "unknown_session"
    status = 404
    title = "There is no such session"


class SessionEnded(PlatformError):
    """Too late to cancel: the person has decided, or the session has ended otherwise."""

    code = "session_ended"
    status = 409
    title = "This session has ended"


class WrongResultToken(PlatformError):
    """A value that did not come back through this session's browser, or came too late."""

    code = "wrong_result_token"
    status = 403
    title = "The result token is not the one of this session, or its time is over"


class ResultBusy(PlatformError):
    """Another call is collecting the result of this session at this moment."""

    code = "result_busy"
    status = 409
    title = "The result is being collected by another call; ask again"


class ResultGone(PlatformError):
    """The time to read the result is over."""

    code = "result_gone"
    status = 410
    title = "The result can no longer be read"
