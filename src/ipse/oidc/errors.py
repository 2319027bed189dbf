"""How OAuth and OpenID Connect say no: one class for each error code of `docs/reference/errors.md`."""

from __future__ import annotations

from ipse.kernel.errors import PlatformError


class OAuthError(PlatformError):
    """A refusal with a registered error code. `public` is what the partner's developer reads."""

    status = 400
    check: str = ""
    """The check of a visible list that refused; told to the partner's developer in the request log."""
    partner_id: str = ""
    """The partner in whose name a refused request came, where its proof failed; for that log alone."""
    service_code: str = ""
    """The service that was asked for, where it is known."""
    kid: str = ""
    """The key that was named."""

    def __init__(self, public: str = "", *, detail: str = "") -> None:
        super().__init__(detail or public, public=public)


class InvalidRequest(OAuthError):
    """A parameter is missing, repeated, malformed or contradicts another (RFC 6749 §4.1.2.1, §5.2)."""

    code = "invalid_request"
    title = "The request is not what the protocol prescribes"


class UnknownClient(OAuthError):
    """The `client_id` is missing or names no active partner; shown to the person, never redirected."""

    code = "invalid_client_id"
    title = "client_id names no partner"


class UnknownRedirectUri(OAuthError):
    """The `redirect_uri` is not one of this service; shown to the person, never redirected."""

    code = "invalid_redirect_uri"
    title = "redirect_uri is not registered for this service"


class InvalidScope(OAuthError):
    """An unknown scope, no or more than one service, or more attributes than the service's contract allows."""

    code = "invalid_scope"
    title = "The scope is not what this service may ask for"


class UnsupportedResponseType(OAuthError):
    """Another `response_type` than `code`."""

    code = "unsupported_response_type"
    title = "response_type must be code"


class UnauthorizedClient(OAuthError):
    """The partner may not use this service or this way of asking."""

    code = "unauthorized_client"
    title = "This partner may not do this"


class AccessDenied(OAuthError):
    """The person refused, cancelled, or let the time pass."""

    code = "access_denied"
    title = "The request was not approved"


class LoginRequired(OAuthError):
    """`prompt=none`: there is no session here, each login is a fresh approval."""

    code = "login_required"
    title = "Each request needs a fresh approval, prompt=none cannot be met"


class InteractionRequired(OAuthError):
    """`prompt=none` for something a person must confirm or share each time (OpenID Connect Core §3.1.2.6)."""

    code = "interaction_required"
    title = "This needs the person, prompt=none cannot be met"


class UnsupportedDisplay(OAuthError):
    """Another `display` than `page`."""

    code = "unsupported_display"
    title = "display must be page"


class UnmetAuthenticationRequirements(OAuthError):
    """An essential `acr` that this provider does not have (OpenID Unmet Authentication Requirements 1.0)."""

    code = "unmet_authentication_requirements"
    title = "The demanded acr cannot be met"


class InvalidAuthorizationDetails(OAuthError):
    """`authorization_details` are not known types as their schemas say, or not for this service (RFC 9396 §5)."""

    code = "invalid_authorization_details"
    title = "authorization_details are not what this service may ask for"


class InvalidRequestObject(OAuthError):
    """The request object is not signed, encrypted or dated as agreed, or was used before (RFC 9101 §6)."""

    code = "invalid_request_object"
    title = "The request object is not one of this partner that may be used here and now"


class InvalidRequestUri(OAuthError):
    """The `request_uri` is not registered, gives no request object, is used up, or another browser's (RFC 9101 §7)."""

    code = "invalid_request_uri"
    title = "request_uri gives no request that may be used here and now"


class UnsupportedRequest(OAuthError):
    """A parameter of another protocol, which would lead to another answer than the partner expects."""

    code = "unsupported_request"
    title = "The request holds a parameter that is not supported here"


class RegistrationNotSupported(OAuthError):
    """A `registration` parameter (OpenID Connect Core §3.1.2.6)."""

    code = "registration_not_supported"
    title = "the registration parameter is not supported"


class InvalidClient(OAuthError):
    """The partner did not prove who it is. The same words for every reason (R-35)."""

    code = "invalid_client"
    title = "Client authentication failed"

    def __init__(self, detail: str = "", *, basic: bool = False) -> None:
        super().__init__(detail=detail)
        self.basic = basic
        """Whether the partner tried HTTP Basic, which is answered 401 with `WWW-Authenticate` (RFC 6749 §5.2)."""


class InvalidGrant(OAuthError):
    """The code is unknown, used, expired, another partner's, or does not fit redirect URI or PKCE verifier."""

    code = "invalid_grant"
    title = "The code is unknown, expired, used, or does not fit this request"


class UnsupportedGrantType(OAuthError):
    """Another `grant_type` than those of the discovery document."""

    code = "unsupported_grant_type"
    title = "grant_type is none of grant_types_supported"


class UnsupportedTokenType(OAuthError):
    """The token named by the hint cannot be revoked here (RFC 7009 §2.2.1)."""

    code = "unsupported_token_type"
    title = "Only access tokens can be revoked"


class InvalidToken(OAuthError):
    """The access token is unknown, expired or revoked (RFC 6750 §3.1)."""

    code = "invalid_token"
    status = 401
    title = "The access token is unknown, expired or revoked"

    def __init__(self, public: str = "", *, detail: str = "", scheme: str = "") -> None:
        super().__init__(public, detail=detail)
        self.scheme = scheme
        """The authentication scheme that would have been right, where another one was used."""


class InsufficientScope(OAuthError):
    """The access token does not cover what was asked (RFC 6750 §3.1)."""

    code = "insufficient_scope"
    status = 403
    title = "The person did not share this"


class InvalidDpopProof(OAuthError):
    """The proof of possession does not fit its key, this request or this token (RFC 9449 §5, §7.1)."""

    code = "invalid_dpop_proof"
    title = "The DPoP proof does not fit"


class UseDpopNonce(OAuthError):
    """The proof of possession lacks a nonce of ours; the header `DPoP-Nonce` of the answer holds one (RFC 9449 §8)."""

    code = "use_dpop_nonce"
    title = "The DPoP proof needs the nonce of the DPoP-Nonce header"


class TemporarilyUnavailable(OAuthError):
    """The provider cannot answer now; trying again helps (RFC 6749 §4.1.2.1)."""

    code = "temporarily_unavailable"
    status = 503
    title = "Temporarily unavailable, please try again"


class TemporaryUnavailable(TemporarilyUnavailable):
    """The same in the spelling of the partner protocol, for partners that migrate (section 1.9)."""

    code = "temporary_unavailable"


class ServerError(OAuthError):
    """Something failed that should not; the log knows more (RFC 6749 §4.1.2.1)."""

    code = "server_error"
    status = 500
    title = "Something went wrong on our side"


class InvalidBindingMessage(OAuthError):
    """A `binding_message` that cannot be shown (OpenID CIBA Core 1.0 §13)."""

    code = "invalid_binding_message"
    title = "binding_message must be 1 to 64 letters, digits, spaces or plain punctuation"


class UnknownUserId(OAuthError):
    """The hint names nobody whom this partner may ask: unknown, or not active (OpenID CIBA Core 1.0 §13)."""

    code = "unknown_user_id"
    title = "The hint names nobody who can be asked"


class ExpiredLoginHintToken(OAuthError):
    """An identifier token that was used or whose time is over (OpenID CIBA Core 1.0 §13)."""

    code = "expired_login_hint_token"
    title = "The identifier token was used or has expired; begin another discovery session"


class AuthorizationPending(OAuthError):
    """The person has not decided yet (OpenID CIBA Core 1.0 §11)."""

    code = "authorization_pending"
    title = "The person has not decided yet"


class SlowDown(OAuthError):
    """Asked again too early: from now on each pause is five seconds longer (OpenID CIBA Core 1.0 §11)."""

    code = "slow_down"
    title = "The person has not decided yet; wait five seconds longer between polls from now on"


class ExpiredToken(OAuthError):
    """Nobody decided within the time of this `auth_req_id` (OpenID CIBA Core 1.0 §11)."""

    code = "expired_token"
    title = "Nobody decided in time; begin another request"


class UnknownSession(OAuthError):
    """No such user discovery session of this partner."""

    code = "unknown_session"
    status = 404
    title = "There is no such discovery session"


class ExpiredSession(OAuthError):
    """The user discovery session has ended: nobody has scanned in time, or its identifier token was used or expired."""

    code = "expired_session"
    title = "The discovery session has ended; begin another"


class PolledTooEarly(OAuthError):
    """A user discovery session was polled before its interval was over."""

    code = "too_many_requests"
    status = 429
    title = "Wait the interval between polls"
