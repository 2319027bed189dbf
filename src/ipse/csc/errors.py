"""How the CSC API refuses: `error` and `error_description` with the specification's own words."""

from __future__ import annotations

from ipse.kernel.errors import PlatformError


class CscError(PlatformError):
    """A refusal. `public` is the `error_description`, word for word as the specification's tables have it."""

    status = 400
    check = ""
    """Where it was refused, for the partner's request log."""

    def __init__(self, public: str = "", *, detail: str = "") -> None:
        super().__init__(detail or public, public=public)


class InvalidRequest(CscError):
    """A parameter is missing, has a wrong type or value, or appears twice."""

    code = "invalid_request"
    title = (
        "The request is missing a required parameter, includes an invalid parameter value, includes a parameter more "
        "than once, or is otherwise malformed"
    )


class AccessDenied(CscError):
    """The person refused, let the time pass, or signature activation refused the approval."""

    code = "access_denied"
    title = "The user, authorization server or remote service denied the request"


class UnsupportedResponseType(CscError):
    """Another `response_type` than `code`."""

    code = "unsupported_response_type"
    title = "The authorization server does not support obtaining an authorization code using this method"


class InvalidScope(CscError):
    """Another `scope` than `service` or `credential`."""

    code = "invalid_scope"
    title = "The requested scope is invalid, unknown, or malformed"


class ServerError(CscError):
    """Something on our side failed."""

    code = "server_error"
    status = 500
    title = "The authorization server encountered an unexpected condition that prevented it from fulfilling the request"


class TemporarilyUnavailable(CscError):
    """Database, signature activation, certification or time stamps cannot be reached; nothing was lost."""

    code = "temporarily_unavailable"
    status = 503
    title = (
        "The authorization server is currently unable to handle the request due to a temporary overloading or "
        "maintenance of the server"
    )


class ExpiredToken(CscError):
    """An access token whose time is over, or that was revoked."""

    code = "expired_token"
    status = 401
    title = "The access or refresh token is expired or has been revoked"


class InvalidToken(CscError):
    """No access token of this API, or none for this use of it."""

    code = "invalid_token"
    status = 401
    title = "The token provided is not a valid OAuth access or refresh token"


class InvalidGrant(CscError):
    """An authorization code that is unknown, expired, used, another partner's, or for another redirect URI."""

    code = "invalid_grant"
    title = "Authorization code is invalid or expired"


class InvalidClient(CscError):
    """The partner has not proven itself."""

    code = "invalid_client"
    status = 401
    title = "Client authorization required"


class UnsupportedGrantType(CscError):
    """Another `grant_type` than `authorization_code`."""

    code = "unsupported_grant_type"
    title = "Invalid parameter grant_type"


class InvalidHash(CscError):
    """What is to be signed is not what was authorized."""

    code = "invalid_hash"
    status = 403
    title = "Document or documentDigest does not match authorized hash"


class AcceptedRequest(CscError):
    """What was asked asynchronously is not done yet."""

    code = "accepted_request"
    status = 202
    title = "The previous async request has been accepted but not yet completed"


class NotImplementedMethod(CscError):
    """A method of the specification that is not offered."""

    code = "not_implemented"
    status = 501
    title = "The method is not implemented"


class UnknownClient(CscError):
    """The `client_id` names no active partner with a signing service; shown to the person, never redirected."""

    code = "invalid_client_id"
    title = "client_id names no partner"


class UnknownRedirectUri(CscError):
    """The `redirect_uri` is not registered; shown to the person, never redirected."""

    code = "invalid_redirect_uri"
    title = "redirect_uri is not registered for this service"
